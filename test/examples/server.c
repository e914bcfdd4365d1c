/* A key-value server of three components, each of which says what its memory is for.
 *
 *     server FILE      listens on 127.0.0.1, and writes the number of its port to FILE
 *
 * A request is a line, answered by a line: `set KEY VALUE`, `get KEY`, `delete KEY`; `watch`, for a line whenever the
 * cache is trimmed; `log`, `holds`, `report`, which end with a line `end`; `shutdown`. Each connection has a thread.
 *
 *   network  Its threads inherit the tag, so that what they or libc take on the way is the network's. The requests
 *            themselves have a tag of their own.
 *   cache    An entry is the very block that the request came in: it is handed over. An alarm trims the cache.
 *   log      The last lines; a scope in the one function that writes them. */
#include "counted.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CACHE_MOST = 64 << 10, CACHE_ENOUGH = 32 << 10, LOG_LINES = 8 };

/* What a component holds, counted by hand: only so that it can be compared with what the library counts. */
struct part {
    const char *name;
    tm_tag tag;
    _Atomic long blocks, bytes;
};

static struct part network = {.name = "network"}, requests = {.name = "network/requests"},
                   entries = {.name = "cache/entries"}, index_ = {.name = "cache/index"}, logs = {.name = "log"};

static void holds(struct part *part, long blocks, long bytes)
{
    part->blocks += blocks;
    part->bytes += bytes;
}

/* ---- log ---- */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char *log_line[LOG_LINES];
static unsigned log_next;

/* The scope lasts until the function returns, whoever called it: a connection's thread, or the alarm's. */
__attribute__((format(printf, 1, 2))) static void log_write(const char *format, ...)
{
    char text[200];
    va_list arguments;
    tm_scope(logs.tag);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&log_lock);
    char **line = &log_line[log_next++ % LOG_LINES];
    if (*line != NULL)
        holds(&logs, -1, -(long)strlen(*line) - 1);
    free(*line);
    *line = strdup(text);
    if (*line != NULL)
        holds(&logs, 1, (long)strlen(*line) + 1);
    pthread_mutex_unlock(&log_lock);
}

static void log_show(int client)
{
    pthread_mutex_lock(&log_lock);
    for (unsigned i = 0; i < LOG_LINES; i++) {
        const char *line = log_line[(log_next + i) % LOG_LINES];
        if (line != NULL)
            dprintf(client, "%s\n", line);
    }
    pthread_mutex_unlock(&log_lock);
}

/* ---- cache ---- */

/* A request as it came in; after `set`, an entry of the cache. */
struct item {
    long size; /* of this block */
    char *verb, *key, *value;
    char text[];
};

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static struct item **cache; /* the oldest first; long enough a search for an example */
static unsigned cache_count, cache_room;

static void cache_drop(unsigned at)
{
    holds(&entries, -1, -cache[at]->size);
    free(cache[at]); /* free needs no tag: the block knows */
    memmove(&cache[at], &cache[at + 1], (--cache_count - at) * sizeof *cache);
}

static bool cache_find(const char *key, unsigned *at)
{
    for (*at = 0; *at < cache_count; ++*at)
        if (strcmp(cache[*at]->key, key) == 0)
            return true;
    return false;
}

static bool cache_grow(void)
{
    unsigned room = cache_room == 0 ? 4 : 2 * cache_room;
    struct item **larger = tm_realloc(index_.tag, cache, room * sizeof *cache); /* that tag's, whatever the scope */
    if (larger == NULL)
        return false;
    holds(&index_, cache == NULL, (long)((room - cache_room) * sizeof *cache));
    cache = larger;
    cache_room = room;
    return true;
}

/* Takes the block over: the network no longer holds it, and nothing was copied. */
static bool cache_set(struct item *item)
{
    unsigned at;
    if (cache_find(item->key, &at))
        cache_drop(at);
    if (cache_count == cache_room && !cache_grow())
        return false;
    cache[cache_count++] = item;
    tm_retag(item, entries.tag);
    holds(&requests, -1, -item->size);
    holds(&entries, 1, item->size);
    return true;
}

/* ---- the cache's alarm ---- */

static int watcher = -1; /* under the cache's lock */

/* Called by a thread of the library's, at an ordinary moment: it may lock, allocate and write. */
static void cache_alarmed(const struct tm_alarm_event *event, void *unused)
{
    (void)unused;
    pthread_mutex_lock(&cache_lock);
    unsigned before = cache_count;
    while (!event->over && entries.bytes >= CACHE_ENOUGH)
        cache_drop(0);
    unsigned dropped = before - cache_count;
    pthread_mutex_unlock(&cache_lock);
    if (event->over)
        log_write("cache: fine again");
    else
        log_write("cache: %" PRIu64 " bytes are too many, %u entries dropped", event->value, dropped);
    pthread_mutex_lock(&cache_lock);
    if (watcher >= 0)
        dprintf(watcher, event->over ? "fine %" PRIu64 "\n" : "trimmed %" PRIu64 "\n", event->value);
    pthread_mutex_unlock(&cache_lock);
}

/* From nobody to a client, and back; one client at a time. */
static void watcher_change(int from, int to)
{
    pthread_mutex_lock(&cache_lock);
    if (watcher == from)
        watcher = to;
    pthread_mutex_unlock(&cache_lock);
}

/* Told once when there are 64 KiB, and once when it is less than 32 again: not at every byte around a limit. */
static void cache_watch(void)
{
    const struct tm_alarm alarm = {
        .struct_size = sizeof alarm,
        .what = TM_ALARM_LEVEL,
        .of = TM_OF_TAG,
        .number = entries.tag,
        .bytes = CACHE_MOST,
        .until = CACHE_ENOUGH,
        .call = cache_alarmed,
    };
    int number = tm_alarm_set(&alarm);
    if (number < 0)
        log_write("cache: no alarm (%d)", number);
}

/* ---- network ---- */

static int listener;
static pthread_mutex_t connections_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t connection_ended = PTHREAD_COND_INITIALIZER;
static unsigned connections;

/* A block for the tag; the thread's scope, `network`, is not asked. */
static struct item *request_new(const char *line)
{
    size_t length = strcspn(line, "\r\n");
    struct item *item = tm_malloc(requests.tag, sizeof *item + length + 1);
    char *rest;
    if (item == NULL)
        return NULL;
    item->size = (long)(sizeof *item + length + 1);
    memcpy(item->text, line, length);
    item->text[length] = 0;
    holds(&requests, 1, item->size);
    item->verb = strtok_r(item->text, " ", &rest);
    item->key = strtok_r(NULL, " ", &rest);
    item->value = rest;
    return item;
}

static void holds_show(int client)
{
    const struct part *parts[] = {&requests, &entries, &index_, &logs};
    pthread_mutex_lock(&cache_lock); /* at rest the figures are exact */
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        dprintf(client, "%s: %ld blocks, %ld bytes (trackmalloc: %s)\n", parts[i]->name, parts[i]->blocks,
                parts[i]->bytes, counted(parts[i]->tag));
    pthread_mutex_unlock(&cache_lock);
}

/* With the cache's lock held. True: the cache has kept the request. */
static bool request_about_key(int client, struct item *item)
{
    unsigned at;
    bool found = cache_find(item->key, &at);
    bool kept = strcmp(item->verb, "set") == 0 && cache_set(item);
    if (kept)
        dprintf(client, "stored\n");
    else if (found && strcmp(item->verb, "get") == 0)
        dprintf(client, "%s\n", cache[at]->value);
    else
        dprintf(client, found && strcmp(item->verb, "delete") == 0 ? "deleted\n" : "none\n");
    if (found && strcmp(item->verb, "delete") == 0)
        cache_drop(at);
    return kept;
}

static void request_about_server(int client, const struct item *item)
{
    if (strcmp(item->verb, "watch") == 0)
        watcher_change(-1, client);
    else if (strcmp(item->verb, "log") == 0)
        log_show(client);
    else if (strcmp(item->verb, "holds") == 0)
        holds_show(client);
    else if (strcmp(item->verb, "report") == 0 && tm_report(client) == TM_ABSENT) /* the whole report, to this client */
        dprintf(client, "not tracked\n");
    else if (strcmp(item->verb, "shutdown") == 0)
        shutdown(listener, SHUT_RDWR);
    dprintf(client, "end\n");
}

static void request_serve(int client, struct item *item)
{
    bool kept = false;
    if (item->key != NULL) {
        pthread_mutex_lock(&cache_lock);
        kept = request_about_key(client, item);
        pthread_mutex_unlock(&cache_lock);
    } else if (item->verb != NULL) {
        request_about_server(client, item);
    }
    if (kept)
        return;
    holds(&requests, -1, -item->size);
    free(item);
}

/* A thread. Its stream, and the line that getline grows, are allocated inside libc, and still the network's. */
static void *connection(void *client)
{
    FILE *stream = fdopen((int)(intptr_t)client, "r");
    struct item *item;
    char *line = NULL;
    size_t room = 0;
    log_write("network: a client came");
    while (stream != NULL && getline(&line, &room, stream) > 0 && (item = request_new(line)) != NULL)
        request_serve(fileno(stream), item);
    free(line);
    watcher_change((int)(intptr_t)client, -1);
    if (stream != NULL)
        fclose(stream);
    pthread_mutex_lock(&connections_lock);
    connections--;
    pthread_cond_signal(&connection_ended);
    pthread_mutex_unlock(&connections_lock);
    return NULL;
}

/* Until `shutdown`, and until the last client has gone. */
static void network_serve(void)
{
    pthread_t thread;
    int client;
    tm_scope(network.tag); /* tm_pthread_create hands it to the threads */
    while ((client = accept(listener, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&connections_lock);
        if (tm_pthread_create(&thread, NULL, connection, (void *)(intptr_t)client) != 0)
            close(client);
        else if (pthread_detach(thread) == 0)
            connections++;
        pthread_mutex_unlock(&connections_lock);
    }
    pthread_mutex_lock(&connections_lock);
    while (connections > 0)
        pthread_cond_wait(&connection_ended, &connections_lock);
    pthread_mutex_unlock(&connections_lock);
}

static bool network_open(const char *file)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return false;
    FILE *port = fopen(file, "w");
    if (port == NULL)
        return false;
    fprintf(port, "%d\n", ntohs(address.sin_port));
    return fclose(port) == 0;
}

int main(int argc, char **argv)
{
    struct part *parts[] = {&network, &requests, &entries, &index_, &logs};
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        parts[i]->tag = tm_tag_register(parts[i]->name, NULL); /* once, as it searches */
    signal(SIGPIPE, SIG_IGN);
    cache_watch();
    if (argc != 2 || !network_open(argv[1])) {
        perror("server");
        return 1;
    }
    network_serve();
    return 0;
}
