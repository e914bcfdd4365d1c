/* The tagging API: the programs check what they are told themselves (scenarios/api.c); here, that they run the same
 * without the library, and that the report agrees. */
#include "suite.h"

static struct report report;

/* Bare and preloaded; what is left for the report is in it. */
static struct run checked(const char *program, const char *part, const char *options)
{
    const struct run_spec spec = {.options = options};
    struct run run = expect_same(&spec, part != NULL ? ARGV(program, part) : ARGV(program));
    if (run.status != 0)
        fail_run(&run, "%s %s", program, part != NULL ? part : "");
    assert_true(report_read(run.err, -1, &report));
    assert_string_equal(report.kind, "exit");
    assert_sums(&report);
    return run;
}

/* Also at a fixed address. */
static void fine(const char *program, const char *part)
{
    char no_pie[32];
    snprintf(no_pie, sizeof no_pie, "%s_no_pie", program);
    struct run run = checked(program, part, "");
    assert_int_equal(lines_told(run.err, ""), 0);
    run_free(&run);
    run = checked(no_pie, part, "");
    run_free(&run);
}

static void assert_tag(const char *tag, uint64_t live, double bytes, uint64_t allocations)
{
    assert_row(&report, tag, live, allocations);
    double size = report_tag(&report, tag)->live_size;
    if (size < bytes * 0.98 ||
        size > bytes * 1.02) /* as precise as the text is; the program itself asks for the byte */
        fail_msg("%s: %.1f bytes live, not %.1f", tag, size, bytes);
}

static void scopes(void **state)
{
    (void)state;
    fine("api", "scopes");
    assert_tag("scopes", 3, 110, 3);
    assert_tag("scopes/inner", 2, 44, 2);
}

static void jumps(void **state)
{
    (void)state;
    fine("api", "jumps");
}

static void blocks(void **state)
{
    (void)state;
    fine("api", "blocks");
    assert_tag("blocks", 5, 4702, 6);
    assert_null(report_tag(&report, "blocks?around"));
}

static void retag(void **state)
{
    (void)state;
    fine("api", "retag");
    assert_tag("to", 3, 100320, 4);
    assert_null(report_tag(&report, "from"));
}

static void retag_storm(void **state)
{
    (void)state;
    fine("api", "storm");
}

/* The same where each block has its stack noted at its base, and where sites are not told apart. */
static void blocks_otherwise(void **state)
{
    (void)state;
    static const char *const options[] = {"stacks=all", "stacks=1KiB", "callers=off", "tags=none", "skip=*realloc*"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        struct run run = checked("api", "blocks", options[i]);
        assert_tag("blocks", 5, 4702, 6);
        run_free(&run);
        run = checked("api", "storm", options[i]);
        run_free(&run);
        run = checked("api_control", "pauses", options[i]);
        assert_tag("pauses", 2, 30, 3);
        run_free(&run);
    }
}

static void ask(void **state)
{
    (void)state;
    fine("api", "ask");
}

static void sizes(void **state)
{
    (void)state;
    fine("api", "sizes");
}

static void threads(void **state)
{
    (void)state;
    fine("api_threads", "threads");
    assert_tag("common", 8, 8 * 49, 8 * 20000);
    assert_tag("handed", 1, 40, 2);
}

static void names(void **state)
{
    (void)state;
    fine("api_threads", "names");
}

static void forked(void **state)
{
    (void)state;
    struct run run = checked("api_threads", "forked", "");
    assert_tag("family", 1, 100, 1);
    unsigned parent = report.pid;
    assert_true(report_by_other(run.err, parent, "exit", &report));
    assert_tag("family", 2, 150, 2);
    run_free(&run);
}

static void renamed(void **state)
{
    (void)state;
    struct run run = checked("api_threads", "renamed", "rule=thread/renamed:by-name");
    assert_tag("scope", 2, 200, 2);
    assert_true(report_tag(&report, "by-name")->live_blocks >= 2);
    run_free(&run);
}

static void pauses(void **state)
{
    (void)state;
    fine("api_control", "pauses");
    assert_tag("pauses", 2, 30, 3);
}

static void pause_under_way(void **state)
{
    (void)state;
    fine("api_control", "under_way");
}

static void pause_before_thread(void **state)
{
    (void)state;
    fine("api_control", "before_thread");
    assert_tag("first-asked", 2, 80, 2);
}

static void baseline(void **state)
{
    (void)state;
    fine("api_control", "baseline");
}

static void buffer(void **state)
{
    (void)state;
    fine("api_control", "buffer");
}

static void misuse(void **state)
{
    (void)state;
    static const char *const told[] = {
        "tm_tag_register: a name",
        "tm_pop:",
        "tm_restore:",
        "never registered",
        "NULL where",
        "tm_retag:",
        "struct_size",
        "flags that",
        "tm_push:",
        "tm_resume:",
        "tm_report:",
    };
    struct run run = checked("api", "misuse", "");
    for (unsigned i = 0; i < LENGTH(told); i++)
        if (lines_told(run.err, told[i]) != 1)
            fail_run(&run, "%s: %u lines", told[i], lines_told(run.err, told[i]));
    assert_int_equal(lines_told(run.err, ""), LENGTH(told));
    run_free(&run);
}

static void too_many_tags(void **state)
{
    (void)state;
    struct run run = checked("api", "full", "");
    assert_int_equal(lines_told(run.err, "4,096 tags already"), 1);
    assert_int_equal(lines_told(run.err, ""), 1);
    run_free(&run);
}

static void strict_c11(void **state)
{
    (void)state;
    struct run run = checked("api_strict", NULL, "");
    assert_tag("strict", 2, 100, 2);
    run_free(&run);
}

static void cxx(void **state)
{
    (void)state;
    struct run run = checked("api_cxx", NULL, "");
    assert_tag("records", 3, 120, 5);
    assert_tag("vector", 1, 4000, 1);
    assert_int_equal(report_tag(&report, "map")->live_blocks, 1000);
    run_free(&run);
}

/* ---- alarms ---- */

static struct run alarmed(const char *part, const char *options)
{
    const struct run_spec spec = {.options = options};
    struct run run = expect_same(&spec, ARGV("api_alarms", part));
    if (run.status != 0)
        fail_run(&run, "%s", part);
    return run;
}

static void alarm_calls(void **state)
{
    (void)state;
    struct run run = alarmed("calls", "");
    assert_int_equal(reports_by(run.err, ANYBODY, "alarm"), 0);
    run_free(&run);
}

static void alarm_of_a_site_with_many_contexts(void **state)
{
    (void)state;
    struct run run = alarmed("many_contexts", "");
    run_free(&run);
}

static void alarm_at_once(void **state)
{
    (void)state;
    static const char *const options[] = {"", "stacks=all", "stacks=1KiB"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        struct run run = alarmed("at_once", options[i]);
        run_free(&run);
    }
}

/* What the functions do wrong is their own business, not the thread's or the child's in which they are called. */
static void alarm_calls_that_misbehave(void **state)
{
    (void)state;
    struct run run = alarmed("pops", "");
    run_free(&run);
    run = alarmed("forks", "");
    run_free(&run);
}

static void assert_alarm(const struct run *run, int number, const char *evidence)
{
    assert_true(report_read(run->err, number, &report));
    assert_string_equal(report.kind, "alarm");
    const char *line = strstr(report.text, "\nAlarm: ");
    if (line == NULL || strncmp(line + 8, evidence, strlen(evidence)) != 0)
        fail_run(run, "alarm %d is not '%s'", number, evidence);
}

static void alarm_reports(void **state)
{
    (void)state;
    struct run run = alarmed("reports", "");
    assert_int_equal(reports_by(run.err, ANYBODY, "alarm"), 2);
    assert_alarm(&run, 0, "tag reported holds 976.6KiB or more: 1.9MiB, +1.9MiB in ");
    assert_alarm(&run, 1, "tag reported is below 976.6KiB again: 0.0B, -1.9MiB in ");
    run_free(&run);
}

static void alarm_options(void **state)
{
    (void)state;
    struct run run = alarmed("options", "alarm=cache>1MiB<512KiB,process+50MiB,block>3MiB");
    unsigned alarms = reports_by(run.err, ANYBODY, "alarm");
    assert_true(alarms == 6 || alarms == 5); /* the process falls again while the program ends */
    assert_alarm(&run, 0, "tag cache holds 1.0MiB or more: 1.9MiB, +1.9MiB in ");
    assert_alarm(&run, 1, "tag cache is below 512.0KiB again: 0.0B, -1.9MiB in ");
    assert_alarm(&run, 2, "2 blocks of 3.0MiB or more: 4.8MiB the largest, tag api_alarms, at api_alarms+");
    assert_alarm(&run, 3, "the process changed by 50.0MiB or more: +57.2MiB in ");
    assert_alarm(&run, 4, "1 block of 3.0MiB or more: 57.2MiB, tag api_alarms, at api_alarms+");
    run_free(&run);
}

static void alarm_storm(void **state)
{
    (void)state;
    struct run run = alarmed("storm", "");
    assert_true(report_read(run.err, -1, &report));
    assert_sums(&report);
    run_free(&run);
}

static void alarm_misuse(void **state)
{
    (void)state;
    struct run run = alarmed("misuse", "");
    assert_int_equal(lines_told(run.err, "tm_alarm_set:"), 1);
    assert_int_equal(lines_told(run.err, ""), 3);
    run_free(&run);
}

/* In a process that is not tracked, everything is as without the library. */
static void not_tracked(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "only=somebody-else"};
    struct run run = expect_same(&spec, ARGV("api", "blocks"));
    assert_int_equal(run.status, 0);
    assert_int_equal(report_count(run.err), 0);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes),
        cmocka_unit_test(jumps),
        cmocka_unit_test(blocks),
        cmocka_unit_test(blocks_otherwise),
        cmocka_unit_test(retag),
        cmocka_unit_test(retag_storm),
        cmocka_unit_test(ask),
        cmocka_unit_test(sizes),
        cmocka_unit_test(threads),
        cmocka_unit_test(renamed),
        cmocka_unit_test(names),
        cmocka_unit_test(forked),
        cmocka_unit_test(pauses),
        cmocka_unit_test(pause_under_way),
        cmocka_unit_test(pause_before_thread),
        cmocka_unit_test(baseline),
        cmocka_unit_test(buffer),
        cmocka_unit_test(misuse),
        cmocka_unit_test(too_many_tags),
        cmocka_unit_test(strict_c11),
        cmocka_unit_test(cxx),
        cmocka_unit_test(not_tracked),
        cmocka_unit_test(alarm_calls),
        cmocka_unit_test(alarm_at_once),
        cmocka_unit_test(alarm_of_a_site_with_many_contexts),
        cmocka_unit_test(alarm_calls_that_misbehave),
        cmocka_unit_test(alarm_reports),
        cmocka_unit_test(alarm_options),
        cmocka_unit_test(alarm_misuse),
        cmocka_unit_test(alarm_storm),
    };
    return cmocka_run_group_tests_name("the tagging API", tests, NULL, NULL);
}
