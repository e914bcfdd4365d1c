/* Features: programs that switch them check what they are told themselves (scenarios/features.c); here, the option. */
#include "suite.h"

static struct report report;

static void fine(const char *part, const char *options, unsigned lines)
{
    const struct run_spec spec = {.options = options};
    struct run run = expect_same(&spec, ARGV("features", part));
    if (run.status != 0)
        fail_run(&run, "%s", part);
    assert_int_equal(lines_told(run.err, ""), lines);
    run_free(&run);
}

static void each_set_of_features(void **state)
{
    (void)state;
    fine("each", "", 0);
}

static void bits(void **state)
{
    (void)state;
    fine("bits", "", 1);
}

static void texts_that_do_not_fit(void **state)
{
    (void)state;
    fine("cut", "", 0);
}

static void nothing_is_counted(void **state)
{
    (void)state;
    fine("nothing_counted", "", 0);
    fine("nothing_counted", "stacks=all", 0);
}

static void standard_error_is_left_alone(void **state)
{
    (void)state;
    static const char *const parts[] = {"stderr_untouched", "stderr_buffered", "stderr_closed", "stderr_locked",
                                        "stderr_blocked"};
    for (unsigned i = 0; i < LENGTH(parts); i++) {
        fine(parts[i], "segment=off", 0);
        fine(parts[i], "segment=off,output=none", 0);
    }
}

static void alarms_of_changes(void **state)
{
    (void)state;
    fine("changes", "", 0);
}

static void alarms_of_blocks(void **state)
{
    (void)state;
    fine("blocks", "", 0);
}

static void storm(void **state)
{
    (void)state;
    fine("storm", "interval=0.1", 0);
    fine("storm", "interval=0.1,features=all,alarm=process>1<1,alarm=block>900,output=none", 0);
}

/* In a process that is not tracked, all is as without the library. */
static void not_tracked(void **state)
{
    (void)state;
    fine("bits", "only=somebody-else", 0);
}

/* ---- the option ---- */

enum { DATE = 1, THREADS = 2, COUNTS = 4, INFO = 32, STATS = 64, MALLINFO = 128 };

static unsigned told_in(const char *text)
{
    const size_t opening = strcspn(text, "\n");
    return (memmem(text, opening, " UTC ", 5) != NULL ? DATE : 0) |
           (strstr(text, "\nAllocations by thread:\n") != NULL ? THREADS : 0) |
           (strstr(text, "\nLifetimes of freed blocks by tag:\n") != NULL ? COUNTS : 0) |
           (strstr(text, "\nglibc's malloc_info:\n<malloc version") != NULL ? INFO : 0) |
           (strstr(text, "\nglibc's malloc_stats:\nArena 0:\n") != NULL ? STATS : 0) |
           (strstr(text, "\nglibc's mallinfo2:\n") != NULL ? MALLINFO : 0);
}

/* The exit report, which keeps the contract whatever is off. */
static void by_option(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        unsigned told;
    } cases[] = {
        {"", DATE | THREADS | COUNTS},
        {"features=all", DATE | THREADS | COUNTS | INFO | STATS | MALLINFO},
        {"features=-all", 0},
        {"features=-date", THREADS | COUNTS},
        {"features=-threads,malloc_stats", DATE | COUNTS | STATS},
        {"features=-counts,mallinfo", DATE | THREADS | MALLINFO},
        {"features=-all,malloc_info", INFO},
    };
    for (unsigned i = 0; i < LENGTH(cases); i++) {
        const struct run_spec spec = {.options = cases[i].options};
        struct run run = expect_transparent(&spec, ARGV("features", "nothing"), &report);
        assert_sums(&report);
        if (told_in(report.text) != cases[i].told)
            fail_run(&run, "%s: %#x is told, not %#x", cases[i].options, told_in(report.text), cases[i].told);
        run_free(&run);
    }
}

static void bad_names(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "features=mallinfo,heap,-threads"};
    struct run run = expect_transparent(&spec, ARGV("features", "nothing"), &report);
    assert_int_equal(lines_told(run.err, "invalid value 'heap' for option 'features' (allowed: date, threads,"), 1);
    assert_int_equal(lines_told(run.err, ""), 1);
    assert_int_equal(told_in(report.text), DATE | COUNTS | MALLINFO);
    run_free(&run);
}

/* The reporter's own reports ask glibc nothing. */
static void only_at_exit(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "interval=0.1,features=all"};
    struct run run = expect_transparent(&spec, ARGV("works", "350", "3"), &report);
    assert_int_equal(told_in(report.text) & (INFO | STATS | MALLINFO), INFO | STATS | MALLINFO);
    const char *exit_report = report.text;
    unsigned periodic = 0;
    for (int n = 0; report_next(run.err, ANYBODY, "periodic", &n, &report); periodic++)
        assert_true(report.text < exit_report);
    assert_true(periodic >= 2);
    assert_true(strstr(run.err, "glibc's ") > exit_report);
    run_free(&run);
}

/* An alarm that is given while its kind is off. */
static void alarms_by_option(void **state)
{
    (void)state;
    static const char alarms[] = "alarm=process>1,alarm=block>10,interval=10";
    const struct run_spec on = {.options = alarms};
    struct run run = expect_transparent(&on, ARGV("works", "700", "3"), &report);
    assert_true(reports_by(run.err, ANYBODY, "alarm") >= 2);
    run_free(&run);
    char options[128];
    snprintf(options, sizeof options, "%s,features=-changes,-blocks", alarms);
    const struct run_spec off = {.options = options};
    run = expect_transparent(&off, ARGV("works", "700", "3"), &report);
    assert_int_equal(reports_by(run.err, ANYBODY, "alarm"), 0);
    run_free(&run);
}

/* With another allocator below, glibc's figures are not the program's: each section says so. */
static void another_allocator(void **state)
{
    (void)state;
    static const char said[] = ":\n(The program's allocator is another one: glibc does not know of its blocks.)\n";
    const struct run_spec spec = {.options = "features=all", .preload = built("bump.so")};
    struct run run = expect_transparent(&spec, ARGV("features", "nothing"), &report);
    unsigned times = 0;
    for (const char *at = report.text; (at = strstr(at, said)) != NULL; at++)
        times++;
    assert_int_equal(times, 3);
    run_free(&run);
}

/* Ways to leave, and states to leave in, that are in the way of stdio: with everything on no program notices. */
static void hard_exits(void **state)
{
    (void)state;
    static const char *const programs[][2] = {
        {"stdio_lock", "main"},       {"stdio_lock", "thread"},    {"cancelled_exit", "main"},
        {"cancelled_exit", "thread"}, {"closes_stderr", "gnulib"}, {"closes_stderr", "raw"},
        {"small_stacks", "exit"},     {"fork_counts", "raw"},      {"exit_while_allocating", NULL},
        {"address_space_full", NULL}, {"main_leaves", NULL},       {"surroundings", NULL},
    };
    const struct run_spec spec = {.options = "interval=0.1,features=all"};
    for (unsigned i = 0; i < LENGTH(programs); i++) {
        struct run run = expect_same(&spec, ARGV(programs[i][0], programs[i][1]));
        run_free(&run);
    }
}

static void databases_on_stderr(void **state)
{
    (void)state;
    static const char *const ways[] = {"close", "all", "fclose", "closed"};
    const struct run_spec spec = {.options = "interval=0.1,features=all"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        struct run run = expect_same(&spec, ARGV("database_on_stderr", ways[i], scratch()));
        assert_non_null(strstr(run.out, "database unharmed\n"));
        run_free(&run);
    }
}

static void sandboxes(void **state)
{
    (void)state;
    static const char *const ways[] = {"prctl", "strict", "silent"};
    const struct run_spec spec = {.options = "interval=0.1,features=all"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        struct run run = expect_same(&spec, ARGV("sandboxed", ways[i], "1000", "0", "exit", "self"));
        run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_set_of_features),
        cmocka_unit_test(bits),
        cmocka_unit_test(texts_that_do_not_fit),
        cmocka_unit_test(nothing_is_counted),
        cmocka_unit_test(standard_error_is_left_alone),
        cmocka_unit_test(alarms_of_changes),
        cmocka_unit_test(alarms_of_blocks),
        cmocka_unit_test(storm),
        cmocka_unit_test(not_tracked),
        cmocka_unit_test(by_option),
        cmocka_unit_test(bad_names),
        cmocka_unit_test(only_at_exit),
        cmocka_unit_test(alarms_by_option),
        cmocka_unit_test(another_allocator),
        cmocka_unit_test(hard_exits),
        cmocka_unit_test(databases_on_stderr),
        cmocka_unit_test(sandboxes),
    };
    return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
