/* The books against the truth, to the byte. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

enum { SIZE_ROWS = 12, AGE_ROWS = 5, PEAK_ERROR = 64 * 1024 };

/* A finished run and its exit report. */
struct told {
    struct run run;
    struct report report;
};

static void read_exit_report(struct told *told, const char *name)
{
    if (told->run.status != 0)
        fail_run(&told->run, "%s failed", name);
    if (!report_read(told->run.err, -1, &told->report) || strcmp(told->report.kind, "exit") != 0)
        fail_run(&told->run, "%s: no exit report", name);
    if (lines_told(told->run.err, "") != 0)
        fail_run(&told->run, "%s: something was told", name);
}

static void tell(struct told *told, const struct run_spec *spec, const char *const *argv)
{
    told->run = run_program(spec, argv);
    read_exit_report(told, argv[0]);
}

static const struct report_tag *row_of(const struct told *told, const char *name)
{
    const struct report_tag *row = report_tag(&told->report, name);
    if (row == NULL)
        fail_run(&told->run, "no row of %s", name);
    return row;
}

static void expect_number(const struct told *told, const char *what, uint64_t counted, uint64_t truth)
{
    if (counted != truth)
        fail_run(&told->run, "%s: %ju counted, %ju are true", what, (uintmax_t)counted, (uintmax_t)truth);
}

/* At rest, every way of adding up the live blocks gives the same. */
static void expect_sums_agree(const struct told *told)
{
    const struct report *report = &told->report;
    uint64_t sizes = 0, ages = 0, tags = 0, allocations = 0;
    for (unsigned i = 0; i < SIZE_ROWS; i++)
        sizes += report->sizes[i];
    for (unsigned i = 0; i < AGE_ROWS; i++)
        ages += report->ages[i];
    for (unsigned i = 0; i < report->tags; i++) {
        uint64_t of_tag = 0;
        for (unsigned row = 0; row < AGE_ROWS; row++)
            of_tag += report->tag[i].age[row];
        expect_number(told, report->tag[i].name, of_tag, report->tag[i].live_blocks);
        tags += report->tag[i].live_blocks;
        allocations += report->tag[i].allocations;
    }
    expect_number(told, "sum of sizes", sizes, report->live_blocks);
    expect_number(told, "sum of ages", ages, report->live_blocks);
    expect_number(told, "sum of tags", tags, report->live_blocks);
    expect_number(told, "sum of the tags' allocations", allocations, report->allocations);
}

/* ---- keep and drop: two runs that differ by a live set known to the byte ---- */

static void expect_exact(const char *name, const struct run_spec *spec)
{
    static struct told keep, drop;
    tell(&keep, spec, ARGV(name, "keep"));
    tell(&drop, spec, ARGV(name, "drop"));
    expect_sums_agree(&keep);
    expect_sums_agree(&drop);

    uint64_t blocks = number_told(keep.run.out, "live_blocks");
    uint64_t bytes = number_told(keep.run.out, "live_bytes");
    assert_true(blocks > 100);
    expect_number(&keep, "allocations", row_of(&keep, "ledger.so")->allocations,
                  number_told(keep.run.out, "allocations"));
    expect_number(&drop, "allocations", row_of(&drop, "ledger.so")->allocations,
                  number_told(drop.run.out, "allocations"));
    expect_number(&keep, "live blocks", row_of(&keep, "ledger.so")->live_blocks, blocks);
    expect_number(&drop, "live blocks", row_of(&drop, "ledger.so")->live_blocks, 0);
    assert_true(row_of(&drop, "ledger.so")->live_size == 0);
    assert_true(fabs(row_of(&keep, "ledger.so")->live_size - (double)bytes) <= (double)bytes / 20);

    expect_number(&keep, "all live blocks", keep.report.live_blocks - drop.report.live_blocks, blocks);
    expect_number(&keep, "all live bytes", keep.report.live_bytes - drop.report.live_bytes, bytes);
    expect_number(&keep, "all allocations", keep.report.allocations - number_told(keep.run.out, "allocations"),
                  drop.report.allocations - number_told(drop.run.out, "allocations"));
    for (unsigned i = 0; i < SIZE_ROWS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "size%u", i);
        expect_number(&keep, key, keep.report.sizes[i] - drop.report.sizes[i], number_told(keep.run.out, key));
    }
    run_free(&keep.run);
    run_free(&drop.run);
}

static void a_million_random_operations(void **state)
{
    (void)state;
    expect_exact("ledger_random", NULL);
}

/* While somebody reads: ten reports a second do not disturb what they count. */
static void random_operations_under_reports(void **state)
{
    (void)state;
    expect_exact("ledger_random", &(struct run_spec){.options = "interval=0.1"});
}

static void both_ends_of_every_size_row(void **state)
{
    (void)state;
    expect_exact("ledger_sizes", NULL);
}

/* ---- ages ---- */

static void expect_ages(const struct told *told)
{
    const struct report_tag *row = row_of(told, "ledger.so");
    expect_number(told, "allocations", row->allocations, 60 + 60 + 35 + 20);
    expect_number(told, "live blocks", row->live_blocks, 103 + 30 + 7);
    expect_number(told, "younger than 1 s", row->age[0], 7);
    expect_number(told, "younger than 10 s", row->age[1], 30);
    expect_number(told, "younger than 100 s", row->age[2], 103);
    expect_number(told, "younger than 1000 s", row->age[3], 0);
    expect_number(told, "older", row->age[4], 0);
    expect_sums_agree(told);
}

/* With a reporter that keeps the tick, and without one: the program sleeps nearly all the time. */
static void ages_in_rows(void **state)
{
    (void)state;
    static struct told periodic, alone;
    struct running *with = run_start(NULL, ARGV("ledger_ages"));
    struct running *without = run_start(&(struct run_spec){.options = "interval=60"}, ARGV("ledger_ages"));
    periodic.run = run_finish(with);
    alone.run = run_finish(without);
    read_exit_report(&periodic, "ledger_ages");
    read_exit_report(&alone, "ledger_ages, interval=60");
    expect_number(&alone, "reports", report_count(alone.run.err), 1);
    expect_ages(&alone);
    expect_number(&periodic, "reports", report_count(periodic.run.err), 3);
    expect_ages(&periodic);

    /* At 5 s everything there is is 5 s old; at 10 s it is 10, and the rest 1.5. */
    static struct told early;
    early.run = periodic.run;
    assert_true(report_read(periodic.run.err, 0, &early.report));
    assert_string_equal(early.report.kind, "periodic");
    assert_true(early.report.uptime >= 4.9 && early.report.uptime < 6);
    expect_number(&early, "younger than 1 s at 5 s", row_of(&early, "ledger.so")->age[0], 0);
    expect_number(&early, "younger than 10 s at 5 s", row_of(&early, "ledger.so")->age[1], 120);
    assert_true(report_read(periodic.run.err, 1, &early.report));
    assert_true(early.report.uptime >= 9.9 && early.report.uptime < 11);
    expect_number(&early, "live at 10 s", row_of(&early, "ledger.so")->live_blocks, 120 + 35);
    run_free(&periodic.run);
    run_free(&alone.run);
}

/* ---- peaks ---- */

static void expect_peak(const char *how, unsigned threads)
{
    static struct told told;
    tell(&told, NULL, ARGV("ledger_peak", how));
    double truth = (double)number_told(told.run.out, "peak");
    double rounding = truth < (1 << 20) ? 52 : 52430, error = threads * PEAK_ERROR + rounding;
    double tag = row_of(&told, "ledger.so")->peak_size, total = told.report.peak_bytes;
    if (fabs(tag - truth) > error)
        fail_run(&told.run, "%s: the tag's peak is %.0f, %.0f is true", how, tag, truth);
    if (total < truth - error || total > truth + error + 20000) /* libc's own beside it */
        fail_run(&told.run, "%s: the total's peak is %.0f, %.0f is true", how, total, truth);
    expect_number(&told, "live blocks", row_of(&told, "ledger.so")->live_blocks, 0);
    run_free(&told.run);
}

static void peaks(void **state)
{
    (void)state;
    expect_peak("together", 9);
    expect_peak("in-turn", 9);
    expect_peak("crossed", 9);
}

/* ---- tags ---- */

static void tags_by_module(void **state)
{
    (void)state;
    static struct told none, many;
    tell(&none, NULL, ARGV("module_tags", "0"));
    tell(&many, NULL, ARGV("module_tags", "500"));
    expect_sums_agree(&none);
    expect_sums_agree(&many);
    expect_number(&many, "the program's", row_of(&many, "module_tags")->allocations, 10);
    expect_number(&many, "the program's live", row_of(&many, "module_tags")->live_blocks, 10);
    expect_number(&many, "ledger.so's", row_of(&many, "ledger.so")->allocations, 20);
    expect_number(&many, "ledger.so's live", row_of(&many, "ledger.so")->live_blocks, 17);
    expect_number(&many, "libc's live",
                  row_of(&many, "libc.so.6")->live_blocks - row_of(&none, "libc.so.6")->live_blocks, 500);
    run_free(&none.run);
    run_free(&many.run);
}

static void tags_none(void **state)
{
    (void)state;
    static struct told told;
    tell(&told, &(struct run_spec){.options = "tags=none"}, ARGV("module_tags", "5"));
    expect_sums_agree(&told);
    expect_number(&told, "rows", told.report.tags, 1);
    expect_number(&told, "untagged", row_of(&told, "(untagged)")->live_blocks, told.report.live_blocks);
    assert_true(told.report.live_blocks >= 10 + 17 + 5);
    run_free(&told.run);
}

static void tags_by_thread(void **state)
{
    (void)state;
    static struct told told;
    tell(&told, &(struct run_spec){.options = "tags=thread"}, ARGV("thread_tags", "few"));
    expect_sums_agree(&told);
    expect_number(&told, "alpha", row_of(&told, "alpha")->allocations, 10);
    expect_number(&told, "alpha live", row_of(&told, "alpha")->live_blocks, 10);
    expect_number(&told, "beta", row_of(&told, "beta")->allocations, 20);
    expect_number(&told, "beta live", row_of(&told, "beta")->live_blocks, 15);
    expect_number(&told, "fifteen letters", row_of(&told, "fifteen-letters")->allocations, 30);
    expect_number(&told, "fifteen letters live", row_of(&told, "fifteen-letters")->live_blocks, 1);
    assert_true(row_of(&told, "thread_tags")->live_blocks >= 1);
    run_free(&told.run);
}

/* What finds no place among the 4,096 is counted under (other), and the report says so. */
static void tags_without_end(void **state)
{
    (void)state;
    static struct told told;
    tell(&told, &(struct run_spec){.options = "tags=thread,top=200"}, ARGV("thread_tags", "many"));
    expect_sums_agree(&told);
    const struct report_tag *other = row_of(&told, "(other)");
    assert_true(other->live_blocks >= 4200 - 4096 && other->live_blocks < 4200 - 4000);
    assert_true(other->live_size >= (double)other->live_blocks * 1000 * 0.999);
    assert_true(told.report.live_blocks >= 4201);
    if (strstr(strstr(told.run.err, "Current allocations by tag:"), "see tag (other)") == NULL)
        fail_run(&told.run, "the report does not say that tags found no place");
    run_free(&told.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_random_operations),
        cmocka_unit_test(random_operations_under_reports),
        cmocka_unit_test(both_ends_of_every_size_row),
        cmocka_unit_test(ages_in_rows),
        cmocka_unit_test(peaks),
        cmocka_unit_test(tags_by_module),
        cmocka_unit_test(tags_none),
        cmocka_unit_test(tags_by_thread),
        cmocka_unit_test(tags_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
