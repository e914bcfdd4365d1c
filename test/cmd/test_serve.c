/* serve: what it answers, whom it refuses, and that a real Prometheus gets the right numbers from it. */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/serve/listen.h"
#include "place.h"
#include "story.h"

enum { PATIENCE_MS = 60000, STEP_MS = 50 };

/* ---- a program beside us ---- */

/* Its standard output is a pipe, whose end for reading is *from; its stderr is the file "beside.err". */
static pid_t start_beside(const char *const *argv, int *from)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        dup2(open(in_scratch("beside.err"), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

static int end_beside(pid_t child, int signal)
{
    int status = -1;
    kill(child, signal);
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    fail_msg("it did not end");
    return status;
}

/* ---- the server ---- */

static struct {
    pid_t pid;
    int from;
    unsigned port;
} server;

static void serve_at(const char *where)
{
    char line[256] = "";
    server.pid =
        start_beside(ARGV(built("trackmalloc"), "serve", "--listen", where, "--dir", segments()), &server.from);
    for (size_t i = 0; i < sizeof line - 1 && read(server.from, line + i, 1) == 1 && line[i] != '\n';)
        i++;
    if (sscanf(line, "listening on http://%*[0-9.]:%u", &server.port) != 1)
        fail_msg("it said: %s", line);
}

static int start_serving(void **state)
{
    (void)state;
    serve_at("127.0.0.1:0");
    return 0;
}

static int stop_serving(void **state)
{
    (void)state;
    int status = end_beside(server.pid, SIGTERM);
    close(server.from);
    return status == 0 ? 0 : -1;
}

/* ---- requests ---- */

static int connect_to(unsigned port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(file >= 0);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(file, (const struct sockaddr *)&address, sizeof address) == 0)
        return file;
    close(file);
    return -1;
}

struct answer {
    char *text; /* all of it, a zero behind it; the caller frees it */
    const char *body;
    size_t body_bytes;
    int status; /* 0: there was no answer */
};

static struct answer read_answer(int file)
{
    struct answer answer = {.text = calloc(1, 1)};
    size_t length = 0;
    for (ssize_t part = 1; part > 0; length += part > 0 ? (size_t)part : 0) {
        answer.text = realloc(answer.text, length + 65537);
        assert_non_null(answer.text);
        part = recv(file, answer.text + length, 65536, 0);
    }
    answer.text[length] = '\0';
    sscanf(answer.text, "HTTP/1.%*c %d", &answer.status);
    const char *blank = strstr(answer.text, "\r\n\r\n");
    answer.body = blank != NULL ? blank + 4 : answer.text + length;
    answer.body_bytes = length - (size_t)(answer.body - answer.text);
    return answer;
}

static struct answer ask_port(unsigned port, const char *words)
{
    int file = connect_to(port);
    if (file < 0)
        return (struct answer){.text = calloc(1, 1), .body = ""};
    assert_int_equal(send(file, words, strlen(words), MSG_NOSIGNAL), strlen(words));
    struct answer answer = read_answer(file);
    close(file);
    return answer;
}

#define END "Connection: close\r\n\r\n"

static struct answer ask(const char *words)
{
    return ask_port(server.port, words);
}

static struct answer get(const char *path, const char *headers)
{
    char words[1024];
    snprintf(words, sizeof words, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s" END, path, headers);
    return ask(words);
}

static void assert_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in\n%.3000s", words, text);
}

static void assert_has_not(const char *text, const char *words)
{
    if (strstr(text, words) != NULL)
        fail_msg("\"%s\" is in\n%.3000s", words, text);
}

/* Takes the answer over. */
static void assert_status(struct answer answer, int status)
{
    if (answer.status != status)
        fail_msg("not %d: %.500s", status, answer.text);
    free(answer.text);
}

/* ---- made-up processes ---- */

/* In the directory of segments, as that process's. Takes the story over. */
static const char *keep_as(struct story *story, pid_t pid, unsigned long long started)
{
    const char *path = place_of((uint32_t)pid, started);
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

/* As this very one's, which lives. */
static const char *keep_as_ours(struct story *story)
{
    char stat[1024] = "";
    unsigned long long started = 0;
    FILE *file = fopen("/proc/self/stat", "r");
    assert_true(fread(stat, 1, sizeof stat - 1, file) > 0);
    fclose(file);
    sscanf(strrchr(stat, ')') + 1,
           " %*c"
           " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
           &started);
    return keep_as(story, getpid(), started);
}

/* ---- pages ---- */

static void metrics_come_in_two_forms(void **state)
{
    (void)state;
    const char *path = keep_as_ours(story_new());
    struct answer answer = get("/metrics", "");
    assert_int_equal(answer.status, 200);
    assert_has(answer.text, "Content-Type: text/plain; version=0.0.4");
    assert_has(answer.body, "# TYPE trackmalloc_live_bytes_age_seconds_bucket untyped\n");
    assert_has(answer.body, "# TYPE trackmalloc_frees_total counter\n");
    assert_has_not(answer.body, "# EOF");
    free(answer.text);
    answer = get("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
    assert_has(answer.text, "Content-Type: application/openmetrics-text; version=1.0.0");
    assert_has(answer.body, "# TYPE trackmalloc_live_bytes_age_seconds gaugehistogram\n");
    assert_string_equal(answer.body + answer.body_bytes - 6, "# EOF\n");
    free(answer.text);
    unlink(path);
}

static void only_those_that_live_have_metrics(void **state)
{
    struct story *story = story_new();
    char line[128];
    (void)state;
    snprintf(story->head.program, sizeof story->head.program, "of-the-dead");
    char *dead = strdup(keep_as(story, 999999999, 77));
    const char *path = keep_as_ours(story_new()); /* says that its pid is 4242, which is not believed */
    file_write(place_of(1, 1), "no segment", 10);
    struct answer answer = get("/metrics", "");
    snprintf(line, sizeof line, "trackmalloc_live_bytes{pid=\"%d\",program=\"shop\",tag=\"shop\"} 41943040\n",
             (int)getpid());
    assert_has(answer.body, line);
    assert_has_not(answer.body, "of-the-dead");
    assert_has_not(answer.body, "pid=\"4242\"");
    free(answer.text);
    answer = get("/", "");
    assert_has(answer.text, "Content-Type: text/html; charset=utf-8");
    assert_has(answer.body, "999999999 dead");
    assert_has(answer.body, "/usr/bin/shop --port 8080<");
    assert_has(answer.body, "64.0MiB");
    assert_has(answer.body, "it is cut short");
    free(answer.text);
    unlink(place_of(1, 1));
    unlink(path);
    unlink(dead);
    free(dead);
}

static void of_two_segments_of_a_process_the_newer_counts(void **state)
{
    struct story *newer = story_new(), *older = story_new();
    (void)state;
    newer->head.wall_seconds++;
    snprintf(newer->head.program, sizeof newer->head.program, "newer");
    const char *first = keep_as(newer, getpid(), 0); /* its start is not known: nobody can say that it is another's */
    const char *second = keep_as_ours(older);
    struct answer answer = get("/metrics", "");
    assert_has(answer.body, "program=\"newer\"");
    assert_has_not(answer.body, "program=\"shop\"");
    free(answer.text);
    unlink(first);
    unlink(second);
}

static void no_process_is_no_error(void **state)
{
    (void)state;
    struct answer answer = get("/metrics", "Accept: application/openmetrics-text\r\n");
    assert_int_equal(answer.status, 200);
    assert_has_not(answer.body, "} ");
    free(answer.text);
    answer = get("/", "");
    assert_has(answer.body, "There are none.");
    free(answer.text);
}

static void a_snapshot_is_served_as_it_is_exported(void **state)
{
    char path[64];
    (void)state;
    const char *segment = keep_as_ours(story_new());
    struct outcome outcome = run_command("export", "-f", "json", segment);
    snprintf(path, sizeof path, "/json?pid=%d", (int)getpid());
    struct answer answer = get(path, "");
    assert_int_equal(answer.status, 200);
    assert_has(answer.text, "Content-Type: application/json\r\n");
    assert_string_equal(answer.body, outcome.out);
    free(answer.text);
    outcome_free(&outcome);
    unlink(segment);
}

static void a_profile_is_gzip(void **state)
{
    char path[64];
    (void)state;
    const char *segment = keep_as_ours(story_new());
    snprintf(path, sizeof path, "/debug/pprof/heap?pid=%d", (int)getpid());
    struct answer answer = get(path, "");
    unlink(segment);
    assert_int_equal(answer.status, 200);
    assert_has(answer.text, "Content-Type: application/octet-stream\r\n");
    assert_memory_equal(answer.body, "\x1f\x8b", 2);
    free(answer.text);
}

static void no_name_breaks_a_page(void **state)
{
    struct story *story = story_new();
    (void)state;
    snprintf(story->head.program, sizeof story->head.program, "<script>alert(\"1\")</script>&'\n\x1b\xff");
    story_tag(story, "\"} 1\nevil 2\\", 7, 70);
    story->head.command_bytes = 0;
    const char *segment = keep_as_ours(story);
    struct answer answer = get("/", "");
    assert_has(answer.body, "<td>&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;?"
                            "?"
                            "?<");
    free(answer.text);
    answer = get("/metrics", "");
    assert_has(answer.body, ",tag=\"\\\"} 1?evil 2\\\\\"} 70\n");
    assert_has_not(answer.body, "\nevil");
    free(answer.text);
    unlink(segment);
}

/* ---- who is refused ---- */

static void only_its_own_names_are_answered(void **state)
{
    static const char *const good[] = {"localhost",   "LocalHost:80", "127.0.0.1", "127.0.0.1:9787",
                                       "127.1.2.3:1", "[::1]",        "[::1]:80"};
    static const char *const bad[] = {"evil.example",
                                      "evil.example:9787",
                                      "localhost.evil.example",
                                      "127.0.0.1.evil",
                                      "1.2.3.4",
                                      "[::2]",
                                      "[::1].evil",
                                      "::1",
                                      "x@localhost",
                                      "localhost@x",
                                      "[127.0.0.1]",
                                      ""};
    char words[512];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!listen_is_local(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (listen_is_local(bad[i]))
            fail_msg("%s", bad[i]);
    snprintf(words, sizeof words, "GET /metrics HTTP/1.1\r\nHost: evil.example:%u\r\n" END, server.port);
    assert_status(ask(words), 403);
    assert_status(ask("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n" END), 200);
    assert_status(ask("GET /metrics HTTP/1.0\r\n\r\n"), 200);
}

static void there_is_nothing_but_to_look(void **state)
{
    (void)state;
    struct answer answer = ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n" END "a=b");
    assert_int_equal(answer.status, 405);
    assert_has(answer.text, "Allow: GET, HEAD\r\n");
    free(answer.text);
    assert_status(ask("DELETE /json?pid=1 HTTP/1.1\r\nHost: localhost\r\n" END), 405);
    answer = ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n" END);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_bytes, 0);
    assert_has_not(answer.text, "Content-Length: 0");
    free(answer.text);
}

static void what_is_not_there_is_said(void **state)
{
    static const char *const paths[] = {"/nothing",
                                        "/metrics/",
                                        "/../etc/passwd",
                                        "/json?pid=999999998",
                                        "/json?pid=99999999999999999999",
                                        "/debug/pprof/heap?pid=999999998"};
    static const char *const senseless[] = {
        "/json", "/json?pid", "/json?pid=", "/json?pid=1x", "/json?pid=-1", "/json?pid=../../etc/passwd"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_status(get(paths[i], ""), 404);
    for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++)
        assert_status(get(senseless[i], ""), 400);
    file_write(place_of(999999998, 1), "no segment", 10);
    assert_status(get("/json?pid=999999998", ""), 503);
    unlink(place_of(999999998, 1));
}

/* Says it and no more; whatever the answer. */
static void babble(const char *bytes, size_t length)
{
    int file = connect_to(server.port);
    send(file, bytes, length, MSG_NOSIGNAL);
    shutdown(file, SHUT_WR);
    free(read_answer(file).text);
    close(file);
}

static void who_is_slow_or_talks_nonsense_disturbs_nobody(void **state)
{
    static char long_line[70000];
    int slow[40];
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        slow[i] = connect_to(server.port);
        assert_int_equal(send(slow[i], "GET /", 5, MSG_NOSIGNAL), 5);
    }
    assert_status(get("/metrics", ""), 200);
    for (size_t i = 0; i < 40; i++)
        close(slow[i]);
    memset(long_line, 'a', sizeof long_line - 1);
    memcpy(long_line, "GET /", 5);
    babble(long_line, sizeof long_line);
    babble("\x16\x03\x01\x02\x00\r\n\r\n", 9);
    babble("\r\n\r\n\r\n", 6);
    assert_status(get("/metrics", ""), 200);
}

/* ---- start and end ---- */

static void it_ends_cleanly_on_a_signal(void **state)
{
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        serve_at("127.0.0.1:0");
        int open = connect_to(server.port);
        int status = end_beside(server.pid, signals[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(connect_to(server.port), -1);
        close(open);
        close(server.from);
    }
}

static void another_address_comes_with_a_warning(void **state)
{
    (void)state;
    serve_at("0.0.0.0:0");
    char *err = file_read(in_scratch("beside.err"), NULL);
    assert_has(err, "trackmalloc: warning: whoever reaches http://0.0.0.0:");
    assert_has(err, "may read what your processes allocate");
    free(err);
    assert_status(ask("GET /metrics HTTP/1.1\r\nHost: some.name.here\r\n" END), 200);
    assert_int_equal(end_beside(server.pid, SIGTERM), 0);
    close(server.from);
}

static void assert_listens(const char *where, const char *url, bool loopback)
{
    struct listening listening;
    unsigned port = 0;
    char whole[128];
    if (!listen_at(where, &listening))
        fail_msg("%s", where);
    sscanf(strrchr(listening.url, ':'), ":%u", &port);
    snprintf(whole, sizeof whole, "%s:%u", url, port);
    assert_string_equal(listening.url, whole);
    assert_true(port != 0);
    assert_true(listening.loopback == loopback);
    close(listening.socket);
}

static void it_listens_where_it_is_told(void **state)
{
    (void)state;
    assert_listens("0", "http://127.0.0.1", true);
    assert_listens(":0", "http://127.0.0.1", true);
    assert_listens("127.3.2.1:0", "http://127.3.2.1", true);
    assert_listens("0.0.0.0:0", "http://0.0.0.0", false);
    if (access("/proc/net/if_inet6", R_OK) == 0) {
        assert_listens("[::1]:0", "http://[::1]", true);
        assert_listens("[::]:0", "http://[::]", false);
    }
}

static void where_it_cannot_listen_is_said(void **state)
{
    char taken[64];
    (void)state;
    serve_at("127.0.0.1:0");
    snprintf(taken, sizeof taken, "127.0.0.1:%u", server.port);
    struct outcome outcome = run_command("serve", "--listen", taken);
    assert_refused(&outcome, 1, "Address already in use");
    assert_int_equal(end_beside(server.pid, SIGTERM), 0);
    close(server.from);
    outcome = run_command("serve", "--listen", "127.0.0.1:");
    assert_refused(&outcome, 1, "(allowed: ADDRESS:PORT)");
    outcome = run_command("serve", "--listen", "[::1");
    assert_refused(&outcome, 1, "[::1");
    outcome = run_command("serve", "--listen", "127.0.0.1:http");
    assert_int_equal(outcome.status, 1);
    outcome_free(&outcome);
    outcome = run_command("serve", "somewhere");
    assert_int_equal(outcome.status, 2);
    outcome_free(&outcome);
}

/* ---- Prometheus ---- */

static const char *tool(const char *name)
{
    static char path[1024];
    char unpacked[128];
    snprintf(unpacked, sizeof unpacked, "prometheus/usr/bin/%s", name);
    snprintf(path, sizeof path, "%s", built(unpacked));
    if (access(path, X_OK) != 0)
        snprintf(path, sizeof path, "/usr/bin/%s", name);
    if (access(path, X_OK) != 0)
        skip();
    return path;
}

/* Its linter: names, units, help, and the form. */
static void promtool_has_nothing_to_say(void **state)
{
    char words[2048];
    (void)state;
    struct story *story = story_new();
    story_tag(story, "\"} 1\n\\", 7, 70);
    const char *segment = keep_as_ours(story);
    struct answer answer = get("/metrics", "");
    file_write(in_scratch("metrics"), answer.body, answer.body_bytes);
    snprintf(words, sizeof words, "exec %s check metrics < %s", tool("promtool"), in_scratch("metrics"));
    struct outcome outcome = run_program(ARGV("/bin/sh", "-c", words));
    if (outcome.status != 0 || outcome.err[0] != '\0')
        fail_msg("%d: %s%s", outcome.status, outcome.out, outcome.err);
    outcome_free(&outcome);
    free(answer.text);
    unlink(segment);
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(file, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(file, (struct sockaddr *)&address, &length), 0);
    close(file);
    return ntohs(address.sin_port);
}

static pid_t start_prometheus(unsigned port, int *from)
{
    char config[512], listen[64], file[512], storage[512];
    snprintf(config, sizeof config,
             "global: {scrape_interval: 1s}\n"
             "scrape_configs: [{job_name: trackmalloc, static_configs: [{targets: ['127.0.0.1:%u']}]}]\n",
             server.port);
    file_write(in_scratch("prometheus.yml"), config, strlen(config));
    snprintf(listen, sizeof listen, "--web.listen-address=127.0.0.1:%u", port);
    snprintf(file, sizeof file, "--config.file=%s", in_scratch("prometheus.yml"));
    snprintf(storage, sizeof storage, "--storage.tsdb.path=%s", in_scratch("prometheus"));
    return start_beside(ARGV(tool("prometheus"), listen, file, storage, "--log.level=error"), from);
}

/* Asks Prometheus until the words are in what it says. */
static void assert_learns(unsigned port, const char *path, const char *words)
{
    char request[1024];
    struct answer answer = {.text = NULL};
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n" END, path);
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        free(answer.text);
        answer = ask_port(port, request);
        if (strstr(answer.body, words) != NULL)
            break;
        nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
    }
    assert_has(answer.text, words);
    free(answer.text);
}

static void assert_learns_live_bytes(unsigned port, pid_t pid, const char *bytes)
{
    char path[512], words[128];
    snprintf(path, sizeof path,
             "/api/v1/query?query=trackmalloc_live_bytes%%7Bpid%%3D%%22%d%%22%%2Ctag%%3D%%22kept%%2Fpages%%22%%7D",
             (int)pid);
    snprintf(words, sizeof words, ",\"%s\"]", bytes);
    assert_learns(port, path, words);
}

static struct target hold(const char *blocks, const char *bytes)
{
    struct target target = target_start("interval=0.25,output=/dev/null",
                                        ARGV(built("test/cmd/programs/tagged"), "kept/pages", blocks, bytes));
    assert_string_equal(target_line(&target), "ready");
    return target;
}

/* The whole way: two processes, their segments, the server, a scraper, and its query language. */
static void prometheus_learns_the_right_numbers(void **state)
{
    int from;
    unsigned blocks;
    char pid[16], size[32];
    (void)state;
    tool("prometheus");
    struct target one = hold("100", "1000"), two = hold("50", "70000");
    target_published(&one, target_published(&one, 0) + 1); /* one that was begun when it was ready */
    target_published(&two, target_published(&two, 0) + 1);
    snprintf(pid, sizeof pid, "%d", (int)one.pid);
    struct outcome outcome = run_command("show", pid);
    assert_has(outcome.out, "\nkept/pages ");
    assert_int_equal(sscanf(strstr(outcome.out, "\nkept/pages "), "\nkept/pages %u %31s", &blocks, size), 2);
    assert_int_equal(blocks, 100);
    assert_string_equal(size, "97.7KiB");
    outcome_free(&outcome);

    unsigned port = free_port();
    pid_t prometheus = start_prometheus(port, &from);
    assert_learns_live_bytes(port, one.pid, "100000");
    assert_learns_live_bytes(port, two.pid, "3500000");
    assert_learns(port,
                  "/api/v1/query?query=sum(trackmalloc_live_bytes_age_seconds_bucket%7Btag%3D%22kept%2Fpages%22%2Cle%3D"
                  "%22%2BInf%22%7D)",
                  ",\"3600000\"]");
    /* OpenMetrics is what it asked for, and took. */
    assert_learns(port, "/api/v1/metadata?metric=trackmalloc_live_bytes_age_seconds", "\"gaugehistogram\"");
    assert_int_equal(end_beside(prometheus, SIGTERM), 0);
    close(from);
    target_end(&one, 0);
    target_end(&two, 0);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start_serving, stop_serving)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(metrics_come_in_two_forms),
        SERVED(only_those_that_live_have_metrics),
        SERVED(of_two_segments_of_a_process_the_newer_counts),
        SERVED(no_process_is_no_error),
        SERVED(a_snapshot_is_served_as_it_is_exported),
        SERVED(a_profile_is_gzip),
        SERVED(no_name_breaks_a_page),
        SERVED(only_its_own_names_are_answered),
        SERVED(there_is_nothing_but_to_look),
        SERVED(what_is_not_there_is_said),
        SERVED(who_is_slow_or_talks_nonsense_disturbs_nobody),
        cmocka_unit_test(it_ends_cleanly_on_a_signal),
        cmocka_unit_test(another_address_comes_with_a_warning),
        cmocka_unit_test(it_listens_where_it_is_told),
        cmocka_unit_test(where_it_cannot_listen_is_said),
        SERVED(promtool_has_nothing_to_say),
        SERVED(prometheus_learns_the_right_numbers),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
