/* Each example runs without the library and with it. It prints what it holds by its own books, and beside that what the
 * library counts: `NAME: B blocks, N bytes (trackmalloc: B blocks, N bytes)`. Here both are compared to the byte, and
 * with the report. */
#include "suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

static struct report report;

static const char *example(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/../examples/%s", built("."), name);
    return path;
}

/* ---- books ---- */

static const char bracket[] = " (trackmalloc: ";

/* The next line of books from *text on, as "NAME: OWN" and "COUNTED"; false: there is none. */
static bool books_next(const char **text, char *own, char *counted, size_t capacity)
{
    const char *middle = strstr(*text, bracket);
    if (middle == NULL)
        return false;
    const char *line = middle;
    while (line > *text && line[-1] != '\n')
        line--;
    snprintf(own, capacity, "%.*s", (int)(middle - line), line);
    middle += strlen(bracket);
    snprintf(counted, capacity, "%.*s", (int)strcspn(middle, ")\n"), middle);
    *text = middle;
    return true;
}

/* Every line of books in the text agrees; tracked or not, there are so many. */
static void assert_books(const char *text, bool tracked, unsigned lines)
{
    char own[200], counted[200];
    unsigned found = 0;
    for (const char *at = text; books_next(&at, own, counted, sizeof own); found++) {
        const char *figures = strstr(own, ": ");
        assert_non_null(figures);
        if (strcmp(counted, tracked ? figures + 2 : "not tracked") != 0)
            fail_msg("%s, but trackmalloc counts %s", own, counted);
    }
    if (found != lines)
        fail_msg("%u lines of books, not %u, in\n%s", found, lines, text);
}

/* What the program itself says is the same in both runs, line by line. */
static void assert_same_books(const char *one, const char *other)
{
    char own[2][200], counted[200];
    while (books_next(&one, own[0], counted, sizeof counted)) {
        assert_true(books_next(&other, own[1], counted, sizeof counted));
        assert_string_equal(own[0], own[1]);
    }
}

/* Runs it bare and tracked; the tracked run, whose last report is in `report`. */
static struct run example_run(const struct run_spec *with, const char *const *argv, unsigned lines)
{
    struct run_spec spec = with != NULL ? *with : (struct run_spec){0};
    spec.bare = true;
    struct run bare = run_program(&spec, argv);
    spec.bare = false;
    struct run run = run_program(&spec, argv);
    if (bare.status != 0 || bare.err[0] != 0)
        fail_run(&bare, "bare");
    if (run.status != 0 || lines_told(run.err, "") != 0 || !report_read(run.err, -1, &report))
        fail_run(&run, "tracked");
    assert_books(bare.out, false, lines);
    assert_books(run.out, true, lines);
    assert_same_books(bare.out, run.out);
    assert_string_equal(report.kind, "exit");
    assert_sums(&report);
    run_free(&bare);
    return run;
}

static void assert_says(const struct run *run, const char *text)
{
    if (strstr(run->out, text) == NULL)
        fail_run(run, "does not say '%s'", text);
}

/* A tag's row in the report; the size as precise as the text is, which is to the byte below 1 KiB. */
static void assert_tag(const char *tag, uint64_t live, double bytes, uint64_t allocations)
{
    assert_row(&report, tag, live, allocations);
    double size = report_tag(&report, tag)->live_size;
    double off = bytes < 1024 ? 0 : bytes < 1 << 20 ? 52 : 52430; /* half of the last digit */
    if (size < bytes - off || size > bytes + off)
        fail_msg("%s: %.1f bytes live, not %.1f", tag, size, bytes);
}

/* How many live blocks the report's table shows for the call sites in that function. */
static uint64_t live_at(const char *function)
{
    uint64_t live = 0, here;
    for (const char *at = strstr(report.text, "\nCurrent allocations by call site:"); at != NULL;
         at = strchr(at + 1, '\n')) {
        size_t length = strlen(function);
        if (strncmp(at + 1, function, length) != 0 || at[1 + length] != '+')
            continue;
        const char *number = at + 1 + strcspn(at + 1, " ");
        number += strspn(number, " ");
        assert_true(number_at(&number, &here));
        live += here;
    }
    return live;
}

/* ---- the examples that run by themselves ---- */

static void components(void **state)
{
    (void)state;
    struct run run = example_run(NULL, ARGV(example("components")), 7);
    assert_says(&run, "the second block belongs to solver\n"
                      "a plain malloc's block belongs to no component that is known\n"
                      "the second block belongs to mesh\n");
    assert_says(&run, "    component 666: 2 allocations, 1 resizes, 2 frees\n");
    assert_tag("solver", 0, 0, 2);
    assert_tag("mesh", 0, 0, 1);
    run_free(&run);
}

static void thresholds(void **state)
{
    (void)state;
    struct run run = example_run(NULL, ARGV(example("thresholds")), 8);
    assert_says(&run, "leak: +262144 bytes: a leak, perhaps\nbatch: +262144 bytes: a leak, perhaps\n"
                      "leak: +262144 bytes: a leak, perhaps\nbatch: -262144 bytes: never mind\n");
    assert_says(&run, "a block of 99990 bytes, tag thresholds, at thresholds!");
    assert_says(&run, "3 rises, 0 falls: it leaks\n");
    assert_says(&run, "1 rises, 1 falls: fine\n");
    assert_int_equal(reports_by(run.err, ANYBODY, "request"), 1);
    assert_non_null(strstr(run.err, "\nglibc's mallinfo2:\n"));
    assert_null(strstr(run.err, "\nAllocations by thread:\n"));
    assert_int_equal(report_tag(&report, "worker")->live_blocks, 5 * 64);
    assert_int_equal(live_at("thresholds!leak_grow"), 1 + 3 * 64);
    assert_int_equal(live_at("thresholds!batch_grow"), 1);
    run_free(&run);
}

static void classes(void **state)
{
    (void)state;
    struct run run = example_run(NULL, ARGV(example("classes")), 7);
    assert_says(&run, "parsed 2, refused 2; 0 scopes open\n");
    assert_tag("market/orders", 0, 0, 11);
    assert_tag("market/prices", 10, 480, 50 + 10); /* the map's nodes; a vector of 365 that doubles */
    assert_tag("parser/numbers", 0, 0, 3);         /* the vector, and two tables */
    run_free(&run);
}

/* Bytes of 1,000 and more are blocks of malloc's, however Python keeps the rest; what is smaller is not asked for. */
static void tagged_python(void **state)
{
    (void)state;
    struct run run = example_run(NULL, ARGV("/usr/bin/python3", EXAMPLES_DIR "/tagged.py"), 5);
    assert_says(&run, "an exception leaves the scope: True\n");
    assert_int_equal(report_tag(&report, "parser/pages")->allocations, 5);
    run_free(&run);
}

/* In a process that is not tracked, every example runs as without the library. */
static void not_tracked(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "only=somebody-else"};
    static const char *const programs[] = {"components", "thresholds", "classes"};
    static const unsigned lines[] = {7, 8, 7};
    for (unsigned i = 0; i < LENGTH(programs); i++) {
        struct run run = expect_same(&spec, ARGV(example(programs[i])));
        assert_int_equal(run.status, 0);
        assert_books(run.out, false, lines[i]);
        run_free(&run);
    }
    struct run run = expect_same(&spec, ARGV("/usr/bin/python3", EXAMPLES_DIR "/tagged.py"));
    assert_books(run.out, false, 5);
    run_free(&run);
}

/* ---- the server, and a client ---- */

enum { PATIENCE_MS = 20000, ANSWER_MOST = 1 << 16, VALUE = 20000 };

/* Whatever is in the file next, up to a line's end; the writer may be slow. */
static int port_from(int fifo)
{
    char text[16] = "";
    struct pollfd ready = {fifo, POLLIN, 0};
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    assert_true(read(fifo, text, sizeof text - 1) > 0);
    return atoi(text);
}

static int connected(int port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    return client;
}

/* All that comes until it ends with that; "\n": one line. Valid until the next call. */
static const char *answer(int client, const char *end)
{
    static char text[ANSWER_MOST];
    size_t length = 0, ends = strlen(end);
    while (length < ends || memcmp(text + length - ends, end, ends) != 0) {
        assert_true(length < sizeof text - 1);
        ssize_t got = recv(client, text + length, 1, 0); /* no byte of the next answer */
        if (got != 1)
            fail_msg("no answer, or no end of '%.*s'", (int)length, text);
        text[++length] = 0;
    }
    return text;
}

static const char *asked(int client, const char *request)
{
    dprintf(client, "%s\n", request);
    return answer(client, strchr(request, ' ') != NULL ? "\n" : "end\n");
}

static void set(int client, const char *key)
{
    static char value[VALUE + 1];
    memset(value, 'v', VALUE);
    dprintf(client, "set %s %s\n", key, value);
    assert_string_equal(answer(client, "\n"), "stored\n");
}

struct server {
    bool tracked;
    int port;
    int client;
};

static struct running *server_running; /* NULL: none, or it has ended as it should */

static struct server server_start(bool tracked)
{
    const char *fifo = in_scratch(tracked ? "port-tracked" : "port-bare");
    const struct run_spec spec = {.bare = !tracked};
    struct server server = {.tracked = tracked};
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int port = open(fifo, O_RDWR | O_CLOEXEC); /* both ends, so that no open waits for the other side */
    assert_true(port >= 0);
    server_running = run_start(&spec, ARGV(example("server"), fifo));
    server.port = port_from(port);
    server.client = connected(server.port);
    close(port);
    return server;
}

static struct run server_end(const struct server *server)
{
    assert_string_equal(asked(server->client, "shutdown"), "end\n");
    close(server->client);
    struct run run = run_finish(server_running);
    server_running = NULL;
    if (run.status != 0 || lines_told(run.err, "") != 0)
        fail_run(&run, "server");
    return run;
}

/* What a failed test has left running is killed when its time is over. */
static int server_gone(void **state)
{
    (void)state;
    if (server_running != NULL) {
        struct run run = run_finish(server_running);
        run_free(&run);
        server_running = NULL;
    }
    return 0;
}

static void requests(const struct server *server)
{
    int client = server->client;
    assert_string_equal(asked(client, "get a"), "none\n");
    assert_string_equal(asked(client, "set a one two"), "stored\n");
    assert_string_equal(asked(client, "get a"), "one two\n");
    assert_string_equal(asked(client, "set a three"), "stored\n");
    assert_string_equal(asked(client, "get a"), "three\n");
    assert_books(asked(client, "holds"), server->tracked, 4);
    assert_string_equal(asked(client, "delete a"), "deleted\n");
    assert_string_equal(asked(client, "delete a"), "none\n");
    assert_books(asked(client, "holds"), server->tracked, 4);
    assert_string_equal(asked(client, "nonsense"), "end\n");
    assert_string_equal(asked(client, "set nothing"), "stored\n");
    assert_string_equal(asked(client, "delete nothing"), "deleted\n");
}

static void server_bare(void **state)
{
    (void)state;
    struct server server = server_start(false);
    requests(&server);
    assert_string_equal(asked(server.client, "report"), "not tracked\nend\n");
    assert_string_equal(asked(server.client, "log"), "cache: no alarm (-1)\nnetwork: a client came\nend\n");
    struct run run = server_end(&server);
    run_free(&run);
}

/* What such an item takes: the struct's four words, and the line with its zero. */
static unsigned item_bytes(void)
{
    return 4 * 8 + (unsigned)strlen("set k ") + VALUE + 1;
}

/* With the fourth there are more than 64 KiB, and not before. The alarm drops the oldest until there are less than 32:
 * one is left, and the alarm is over. */
static void overfill(const struct server *server)
{
    char wanted[100];
    int watcher = connected(server->port);
    assert_string_equal(asked(watcher, "watch"), "end\n");
    for (char key[] = "1"; key[0] <= '4'; key[0]++)
        set(server->client, key);
    snprintf(wanted, sizeof wanted, "trimmed %u\n", 4 * item_bytes());
    assert_string_equal(answer(watcher, "\n"), wanted);
    assert_string_equal(asked(server->client, "get 3"), "none\n");
    snprintf(wanted, sizeof wanted, "fine %u\n", item_bytes());
    assert_string_equal(answer(watcher, "\n"), wanted);
    close(watcher);
}

static void server_tracked(void **state)
{
    (void)state;
    struct server server = server_start(true);
    requests(&server);
    overfill(&server);
    assert_books(asked(server.client, "holds"), true, 4);
    assert_non_null(strstr(asked(server.client, "log"), "bytes are too many, 3 entries dropped\ncache: fine again\n"));
    assert_true(report_read(asked(server.client, "report"), 0, &report));
    assert_string_equal(report.kind, "request");
    assert_true(report_tag(&report, "network")->live_blocks >= 3); /* the thread's, its stream, its line */
    assert_tag("cache/entries", 1, item_bytes(), 7);               /* seven were handed over */
    struct run run = server_end(&server);
    assert_true(report_read(run.err, -1, &report));
    assert_sums(&report);
    assert_tag("cache/entries", 1, item_bytes(), 7);
    assert_tag("cache/index", 1, 4 * sizeof(void *), 1);
    assert_int_equal(report_tag(&report, "network/requests")->live_blocks, 0);
    assert_non_null(strstr(report.text, "\nCurrent allocations by tag tree:"));
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(server_bare, server_gone),
        cmocka_unit_test_teardown(server_tracked, server_gone),
        cmocka_unit_test(components),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(classes),
        cmocka_unit_test(tagged_python),
        cmocka_unit_test(not_tracked),
    };
    return cmocka_run_group_tests_name("the examples", tests, NULL, scratch_remove);
}
