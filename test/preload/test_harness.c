/* The harness itself: what it reads from a report, and what it calls the program's own. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "harness.h"

#define HEAD                                                   \
    ">>>>>>>>>>>>> Sat Nov  1 09:36:26 UTC 2026 <<<<<<<<<<<\n" \
    "trackmalloc: a[b[4242] report 3 (periodic), up 15.0 s\n"  \
    "Overall stats:\n"
#define TOTALS                                                  \
    "6,123,231 Overall allocations since start\n"               \
    "8,123 Current allocations\n"                               \
    "84.3MiB Current total allocated size (88,400,123 bytes)\n" \
    "91.0MiB Peak total allocated size\n"
#define HISTOGRAMS                                                                             \
    "Current allocations by size: ( # = 103 current allocations)\n"                            \
    "0 - 4 bytes: ### 312\n4 - 8 bytes:  0\n8 - 16 bytes:  0\n16 - 32 bytes:  0\n"             \
    "32 - 64 bytes:  0\n64 - 128 bytes:  0\n128 - 256 bytes:  0\n256 - 512 bytes:  0\n"        \
    "512 - 1024 bytes:  0\n1024 - 2048 bytes:  0\n2048 - 4096 bytes:  0\n4096 + bytes: # 96\n" \
    "Current allocations by age: ( # = 103 current allocations)\n"                             \
    "< 1 sec: ### 310\n< 10 sec:  0\n< 100 sec:  0\n< 1000 sec:  0\n> 1000 sec:  0\n"
#define TABLE                                                                                                    \
    "Current allocations by tag:\n"                                                                              \
    "tag                    live blocks    live size    peak size  allocations        < 1 sec  < 10 sec < 100 "  \
    "sec < 1000 sec > 1000 sec\n"                                                                                \
    "libsqlite3.so.0              7,900      80.1MiB      86.0MiB    6,100,000            310  7  0  1,000  6\n" \
    "pool 12 b                      223         312B       5.0KiB       23,231            1  2  3  4  5\n"

static const char stream[] =
    "mine\ntrackmalloc: told\n" HEAD TOTALS HISTOGRAMS TABLE "mine too\ntrackmalloc: again\nend";

static void reads_a_report(void **state)
{
    (void)state;
    static struct report report;
    assert_int_equal(report_count(stream), 1);
    assert_true(report_read(stream, -1, &report));
    assert_false(report_read(stream, 1, &report));
    assert_string_equal(report.kind, "periodic");
    assert_int_equal(report.pid, 4242);
    assert_int_equal(report.number, 3);
    assert_true(report.uptime == 15.0);
    assert_int_equal(report.allocations, 6123231);
    assert_int_equal(report.live_blocks, 8123);
    assert_int_equal(report.live_bytes, 88400123);
    assert_int_equal(report.sizes[0], 312);
    assert_int_equal(report.sizes[11], 96);
    assert_int_equal(report.ages[0], 310);
    assert_int_equal(report.tags, 2);
    const struct report_tag *row = report_tag(&report, "pool 12 b");
    assert_non_null(row);
    assert_int_equal(row->live_blocks, 223);
    assert_int_equal(row->allocations, 23231);
    assert_true(row->live_size == 312 && row->peak_size == 5120);
    assert_int_equal(row->age[4], 5);
    assert_int_equal(report_tag(&report, "libsqlite3.so.0")->age[3], 1000);
    assert_null(report_tag(&report, "libsqlite3"));
}

static void tells_ours_from_the_programs(void **state)
{
    (void)state;
    char *own = stream_without_reports(stream);
    assert_string_equal(own, "mine\nmine too\nend");
    free(own);
    assert_int_equal(lines_told(stream, ""), 2);
    assert_int_equal(lines_told(stream, "again"), 1);
    assert_int_equal(number_told("a=1\nab=17\n", "ab"), 17);
}

static void runs_a_program(void **state)
{
    (void)state;
    const char *const shell[] = {"/bin/sh", "-c", "echo out; echo err >&2; echo ${LD_PRELOAD-none}$X; kill -9 $$",
                                 NULL};
    const char *const env[] = {"X=y", NULL};
    struct run run = run_program(&(struct run_spec){.bare = true, .env = env}, shell);
    assert_string_equal(run.out, "out\nnoney\n");
    assert_string_equal(run.err, "err\n");
    assert_true(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGKILL);
    assert_false(run.timed_out);
    run_free(&run);
}

static void ends_a_program_that_hangs(void **state)
{
    (void)state;
    const char *const shell[] = {"/bin/sh", "-c", "echo here; sleep 60 & sleep 60", NULL};
    struct run run = run_program(&(struct run_spec){.bare = true, .seconds = 1}, shell);
    assert_true(run.timed_out);
    assert_string_equal(run.out, "here\n");
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_report),
        cmocka_unit_test(tells_ours_from_the_programs),
        cmocka_unit_test(runs_a_program),
        cmocka_unit_test(ends_a_program_that_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
