/* Locks and ends: forks beside streams and in handlers, threads that die, rare paths all at once, exits in the middle,
 * and what the C library's own tests of malloc try (hazards 8, 14, 17, 20, 21, 32). */
#include "fast.h"

static const char *for_so_long(const char *quick, const char *torture)
{
    return is_torture() ? torture : quick;
}

/* Runs like bare, its stdout says that all went well, and the exit report is there. */
static struct run weathered(const struct run_spec *spec, const char *const *argv, const char *expected)
{
    struct run run = expect_tracked(spec, argv, &report);
    if (strcmp(run.out, expected) != 0)
        fail_run(&run, "%s: wanted `%s`", argv[0], expected);
    return run;
}

static void weather(const char *options, const char *const *argv, const char *expected)
{
    struct run run =
        weathered(&(struct run_spec){.options = options, .seconds = is_torture() ? 60 : 10}, argv, expected);
    run_free(&run);
}

/* ---- fork (32) ---- */

static void fork_beside_streams(void **state)
{
    (void)state;
    weather("interval=0.1", ARGV("fork_streams", for_so_long("800", "10000")), "forked, 0 bad\n");
}

static void fork_beside_streams_with_stacks(void **state)
{
    (void)state;
    weather("interval=0.1,stacks=all", ARGV("fork_streams", for_so_long("500", "10000")), "forked, 0 bad\n");
}

static void fork_in_timer(void **state)
{
    (void)state;
    weather("interval=0.1", ARGV("fork_in_timer", for_so_long("150", "1000")), "all forked, 0 bad\n");
    weather("interval=0.1,stacks=all", ARGV("fork_in_timer", for_so_long("100", "500")), "all forked, 0 bad\n");
    /* No periodic reports: no thread of the library's has ever been there. */
    weather("interval=86400", ARGV("fork_in_timer", for_so_long("150", "500")), "all forked, 0 bad\n");
}

/* ---- every rare path at once ---- */

static void rare_paths(const char *options, const char *quick)
{
    /* Alarm reports and the children's go where nobody reads them. */
    unsigned files;
    const struct run_spec spec = {.options = output_to("%p", options), .seconds = is_torture() ? 60 : 12};
    struct run run = expect_same(&spec, ARGV("rare_paths", for_so_long(quick, "20000"), built("many_0000.so")));
    if (strcmp(run.out, "forked, handled, 0 bad\n") != 0)
        fail_run(&run, "rare_paths with %s", options);
    free(scratch_take(&files));
    assert_true(files >= 3); /* of what children have become, too */
    run_free(&run);
}

static void rare_paths_all_at_once(void **state)
{
    (void)state;
    rare_paths("interval=0.1", "1000");
}

static void rare_paths_with_stacks(void **state)
{
    (void)state;
    rare_paths("interval=0.1,stacks=all", "1000");
}

static void rare_paths_with_rules(void **state)
{
    (void)state;
    rare_paths("interval=0.1,stacks=4KiB,rule=many_*:library,rule=thread/short*:short,skip=block,leaks=on", "1000");
}

static void scopes_in_handler(void **state)
{
    (void)state;
    weather("interval=0.1", ARGV("scopes_in_handler", for_so_long("1000", "5000")), "handled, all good\n");
}

/* ---- threads ---- */

static void dying_threads(void **state)
{
    (void)state;
    static const char *const options[] = {"interval=0.1", "interval=0.1,stacks=all"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        struct run run =
            weathered(&(struct run_spec){.options = options[i]}, ARGV("dying_threads", for_so_long("400", "20000")),
                      "destroyed as often: 1, at least half: 1\n");
        assert_int_equal(report_tag(&report, "dying_threads")->live_blocks, 0);
        assert_sums(&report);
        run_free(&run);
    }
}

static void no_more_address_space(void **state)
{
    (void)state;
    struct run run = expect_tracked(&fast, ARGV("no_more_threads", "as"), &report);
    assert_int_equal(report_tag(&report, "no_more_threads")->live_blocks, 0);
    run_free(&run);
}

static void no_more_processes(void **state)
{
    (void)state;
    struct run run = expect_same(&fast, ARGV("no_more_threads", "nproc"));
    if (strstr(run.out, "some came: 1, then refused: EAGAIN") == NULL)
        fail_run(&run, "the limit was not met");
    run_free(&run);
}

/* ---- blocks (8) ---- */

static void random_blocks(void **state)
{
    (void)state;
    static const char *const options[] = {"interval=0.1", "interval=0.1,stacks=all", "interval=0.1,stacks=4KiB"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        char seed[8];
        snprintf(seed, sizeof(seed), "%u", i + 1);
        struct run run = weathered(&(struct run_spec){.options = options[i], .seconds = is_torture() ? 60 : 10},
                                   ARGV("random_blocks", for_so_long("300", "10000"), "6", seed), "worked, 0 bad\n");
        assert_int_equal(report_tag(&report, "random_blocks")->live_blocks, 0);
        assert_sums(&report);
        run_free(&run);
    }
}

/* ---- interposition ---- */

static void program_interposes(void **state)
{
    (void)state;
    expect_untracked(&(struct run_spec){.seconds = 10}, ARGV("mapping_malloc"));
}

/* ---- ends ---- */

static void ends_in_handler(const char *way, const char *options)
{
    /* Bare: that the scene is sound needs few rounds. */
    struct run run = run_program(&(struct run_spec){.bare = true}, ARGV("exit_in_handler", way, "8", "4"));
    assert_string_equal(run.out, "0 hung, 0 bad\n");
    run_free(&run);
    run = run_program(&(struct run_spec){.options = output_to("reports", options), .seconds = is_torture() ? 90 : 20},
                      ARGV("exit_in_handler", way, for_so_long("24", "300"), "4"));
    if (run.timed_out || strcmp(run.out, "0 hung, 0 bad\n") != 0)
        fail_run(&run, "%s in a handler, %s", way, options);
    run_free(&run);
}

static void underscore_exit_in_handler(void **state)
{
    (void)state;
    ends_in_handler("_exit", "interval=0.1,stacks=all");
    ends_in_handler("_exit", "interval=0.1");
}

static void exit_in_handler(void **state)
{
    (void)state;
    ends_in_handler("exit", "interval=0.1,stacks=all");
    ends_in_handler("exit", "interval=0.1");
}

static void setuid_in_handler(void **state)
{
    (void)state;
    ends_in_handler("setuid", "interval=0.1,stacks=all");
}

/* Libraries that are taken down after ours allocate on: no report comes after the last. */
static void nothing_after_the_exit_report(void **state)
{
    (void)state;
    static const char *const programs[] = {"imports_prctl", "works"};
    for (unsigned i = 0; i < LENGTH(programs); i++)
        for (unsigned ms = 0; ms <= 300; ms += 300) {
            char time[8];
            snprintf(time, sizeof(time), "%u", ms);
            struct run run =
                expect_tracked(&(struct run_spec){.options = "interval=0.1", .preload = built("busy_last.so")},
                               ARGV(programs[i], time, "0"), &report);
            assert_non_null(strstr(run.out, "busy library down\n"));
            assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 1);
            run_free(&run);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fork_beside_streams),
        cmocka_unit_test(fork_beside_streams_with_stacks),
        cmocka_unit_test(fork_in_timer),
        cmocka_unit_test(rare_paths_all_at_once),
        cmocka_unit_test(rare_paths_with_stacks),
        cmocka_unit_test(rare_paths_with_rules),
        cmocka_unit_test(scopes_in_handler),
        cmocka_unit_test(dying_threads),
        cmocka_unit_test(no_more_address_space),
        cmocka_unit_test(no_more_processes),
        cmocka_unit_test(random_blocks),
        cmocka_unit_test(program_interposes),
        cmocka_unit_test(underscore_exit_in_handler),
        cmocka_unit_test(exit_in_handler),
        cmocka_unit_test(setuid_in_handler),
        cmocka_unit_test(nothing_after_the_exit_report),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
