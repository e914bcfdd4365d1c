/* serve: its metrics are what Prometheus's own linter and Prometheus itself take, and it learns the right numbers. */
#include "http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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
    struct answer answer = http_get("/metrics", "");
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
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n" HTTP_END, path);
    for (int waited = 0; waited < TIMEOUT_MS; waited += STEP_MS) {
        free(answer.text);
        answer = http_ask_port(port, request);
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

static struct target start_holder(const char *blocks, const char *bytes)
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
    struct target one = start_holder("100", "1000"), two = start_holder("50", "70000");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(promtool_has_nothing_to_say),
        SERVED(prometheus_learns_the_right_numbers),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
