/* serve: what it answers, whom it refuses, how it begins and ends. */
#include "http.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/serve/listen.h"
#include "place.h"

/* ---- pages ---- */

static void metrics_come_in_two_forms(void **state)
{
    (void)state;
    const char *path = keep_as_ours(story_new());
    struct answer answer = http_get("/metrics", "");
    assert_int_equal(answer.status, 200);
    assert_has(answer.text, "Content-Type: text/plain; version=0.0.4");
    assert_has(answer.body, "# TYPE trackmalloc_live_bytes_age_seconds_bucket untyped\n");
    assert_has(answer.body, "# TYPE trackmalloc_frees_total counter\n");
    assert_has_not(answer.body, "# EOF");
    free(answer.text);
    answer = http_get("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
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
    struct answer answer = http_get("/metrics", "");
    snprintf(line, sizeof line, "trackmalloc_live_bytes{pid=\"%d\",program=\"shop\",tag=\"shop\"} 41943040\n",
             (int)getpid());
    assert_has(answer.body, line);
    assert_has_not(answer.body, "of-the-dead");
    assert_has_not(answer.body, "pid=\"4242\"");
    free(answer.text);
    answer = http_get("/", "");
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
    struct answer answer = http_get("/metrics", "");
    assert_has(answer.body, "program=\"newer\"");
    assert_has_not(answer.body, "program=\"shop\"");
    free(answer.text);
    unlink(first);
    unlink(second);
}

static void no_process_is_no_error(void **state)
{
    (void)state;
    struct answer answer = http_get("/metrics", "Accept: application/openmetrics-text\r\n");
    assert_int_equal(answer.status, 200);
    assert_has_not(answer.body, "} ");
    free(answer.text);
    answer = http_get("/", "");
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
    struct answer answer = http_get(path, "");
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
    struct answer answer = http_get(path, "");
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
    struct answer answer = http_get("/", "");
    assert_has(answer.body, "<td>&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;?"
                            "?"
                            "?<");
    free(answer.text);
    answer = http_get("/metrics", "");
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
    snprintf(words, sizeof words, "GET /metrics HTTP/1.1\r\nHost: evil.example:%u\r\n" HTTP_END, server.port);
    assert_status(http_ask(words), 403);
    assert_status(http_ask("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n" HTTP_END), 200);
    assert_status(http_ask("GET /metrics HTTP/1.0\r\n\r\n"), 200);
}

static void there_is_nothing_but_to_look(void **state)
{
    (void)state;
    struct answer answer =
        http_ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n" HTTP_END "a=b");
    assert_int_equal(answer.status, 405);
    assert_has(answer.text, "Allow: GET, HEAD\r\n");
    free(answer.text);
    assert_status(http_ask("DELETE /json?pid=1 HTTP/1.1\r\nHost: localhost\r\n" HTTP_END), 405);
    answer = http_ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n" HTTP_END);
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
        assert_status(http_get(paths[i], ""), 404);
    for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++)
        assert_status(http_get(senseless[i], ""), 400);
    file_write(place_of(999999998, 1), "no segment", 10);
    assert_status(http_get("/json?pid=999999998", ""), 503);
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
    assert_status(http_get("/metrics", ""), 200);
    for (size_t i = 0; i < 40; i++)
        close(slow[i]);
    memset(long_line, 'a', sizeof long_line - 1);
    memcpy(long_line, "GET /", 5);
    babble(long_line, sizeof long_line);
    babble("\x16\x03\x01\x02\x00\r\n\r\n", 9);
    babble("\r\n\r\n\r\n", 6);
    assert_status(http_get("/metrics", ""), 200);
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
    assert_status(http_ask("GET /metrics HTTP/1.1\r\nHost: some.name.here\r\n" HTTP_END), 200);
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
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
