/* Processes: fork, vfork, exec, signals, every way out (hazards 14, 15, 16, 20, 21, 24). */
#include "fast.h"

static struct report other;

/* ---- fork (14) ---- */

static void fork_while_allocating(void **state)
{
    (void)state;
    struct run run = expect_transparent(&fast, ARGV("fork_while_allocating"), &report);
    assert_string_equal(run.out, "400 children, 0 bad\n");
    assert_row(&report, "fork_while_allocating", 0, report_tag(&report, "fork_while_allocating")->allocations);
    assert_sums(&report);
    run_free(&run);
}

static void fork_in_handler(void **state)
{
    (void)state;
    unharmed(ARGV("fork_in_handler"));
    assert_sums(&report);
}

static void counts_after(const char *program, const char *way)
{
    struct run run = expect_transparent(&fast, ARGV(program, way), &report);
    assert_row(&report, program, 900, 1000);
    assert_sums(&report);
    if (!report_by_other(run.err, report.pid, "exit", &other))
        fail_msg("no exit report of the child made by %s", way);
    assert_row(&other, program, 1300, 1500);
    assert_sums(&other);
    assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 2);
    assert_true(reports_by(run.err, report.pid, "periodic") >= 2);
    run_free(&run);
}

static void fork_counts(void **state)
{
    (void)state;
    counts_after("fork_counts", "fork");
}

static void fork_of_a_threaded_parent_counts(void **state)
{
    (void)state;
    counts_after("fork_counts", "threads");
}

static void underscore_fork_counts(void **state)
{
    (void)state;
    counts_after("fork_counts", "_Fork");
}

static void raw_fork_counts(void **state)
{
    (void)state;
    counts_after("fork_counts", "raw");
}

static void fork_by_syscall_counts(void **state)
{
    (void)state;
    counts_after("fork_counts_syscall", "syscall");
}

static void fork_storm(void **state)
{
    (void)state;
    struct run run = expect_transparent(&fast, ARGV("fork_storm"), &report);
    assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 201);
    assert_int_equal(reports_by(run.err, report.pid, "exit"), 1);
    run_free(&run);
}

static void both_go_on(const char *const *argv)
{
    struct run run = expect_transparent(&(struct run_spec){.options = "interval=0.2"}, argv, &report);
    unsigned parent = report.pid;
    assert_true(reports_by(run.err, parent, "periodic") >= 5);
    assert_true(report_by_other(run.err, parent, "exit", &other));
    assert_true(reports_by(run.err, other.pid, "periodic") >= 3);
    for (int n = 0; report_next(run.err, parent, "periodic", &n, &report);)
        ;
    assert_true(report.uptime > 1.1);
    run_free(&run);
}

static void parent_and_child_go_on(void **state)
{
    (void)state;
    both_go_on(ARGV("fork_goes_on"));
    both_go_on(ARGV("fork_goes_on", "threads"));
}

/* ---- children that share our memory (15) ---- */

static void parent_left_alone(const char *way)
{
    struct run run =
        expect_transparent(&(struct run_spec){.options = "interval=0.2"}, ARGV("vfork_child", way), &report);
    unsigned pid = report.pid, number = 0;
    double before = 0;
    assert_int_equal(report_tag(&report, "vfork_child")->live_blocks, 1000);
    assert_sums(&report);
    assert_int_equal(reports_by(run.err, pid, "exit"), 1);
    for (int n = 0; report_next(run.err, ANYBODY, NULL, &n, &report);) {
        if (report.pid != pid) { /* the child's new image speaks for itself */
            assert_string_equal(reporter_name(&report), "true");
            continue;
        }
        assert_int_equal(report.number, ++number);
        if (report.uptime - before > 0.7 && strcmp(way, "daring") != 0)
            fail_msg("%s: no report from %.1f s to %.1f s", way, before, report.uptime);
        before = report.uptime;
    }
    assert_true(number >= 4);
    run_free(&run);
}

static void vfork_leaves_the_parent_alone(void **state)
{
    (void)state;
    parent_left_alone("vfork");
    parent_left_alone("failing");
}

static void posix_spawn_leaves_the_parent_alone(void **state)
{
    (void)state;
    parent_left_alone("spawn");
}

static void clone_leaves_the_parent_alone(void **state)
{
    (void)state;
    parent_left_alone("clone");
}

static void daring_vfork_leaves_the_parent_alone(void **state)
{
    (void)state;
    parent_left_alone("daring");
}

/* ---- exec (16) ---- */

static void no_descriptor_leaks(const char *mode, unsigned least_reports)
{
    unsigned files;
    const struct run_spec spec = {.options = output_to("%n.%p", "interval=0.1")};
    struct run run = expect_same(&spec, ARGV("exec_leaks", mode));
    char *reports = scratch_take(&files);
    assert_null(strstr(run.out, "leaked"));
    assert_exit(run.status, 0);
    assert_true(report_count(reports) >= least_reports);
    free(reports);
    run_free(&run);
}

static void exec_leaks_no_descriptor(void **state)
{
    (void)state;
    no_descriptor_leaks("chain", 2);
    no_descriptor_leaks("children", 120);
    no_descriptor_leaks("thread", 1);
}

static void only_silences_the_wrapper(void **state)
{
    (void)state;
    static const char script[] = "\"$0\" 250 0; \"$0\" 0 0; exit 4";
    const struct run_spec spec = {.options = "interval=0.1,only=nobody:w?r*s"};
    struct run run = expect_same(&spec, ARGV("/bin/sh", "-c", script, built("works")));
    assert_true(report_count(run.err) >= 3);
    for (int n = 0; report_next(run.err, ANYBODY, NULL, &n, &report);)
        assert_string_equal(reporter_name(&report), "works");
    assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 2);
    run_free(&run);
}

/* ---- signals (20) ---- */

static void handler_allocates(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        struct run run = run_program(&fast, ARGV("handler_allocates", "sites"));
        assert_exit(run.status, 0);
        assert_true(report_read(run.err, -1, &report));
        assert_string_equal(report.kind, "exit");
        const struct report_tag *row = report_tag(&report, "handler_allocates"), *rest = report_tag(&report, "(other)");
        uint64_t made = number_told(run.out, "made"), without_tag = rest != NULL ? rest->allocations : 0;
        assert_int_equal(row->live_blocks, 0);
        assert_int_equal(row->allocations + without_tag, made);
        /* A handler that comes while its thread learns a call site cannot learn one itself: for that moment only. */
        if (without_tag > 2000)
            fail_msg("%lu of %lu allocations under (other)", without_tag, made);
        assert_sums(&report);
        run_free(&run);
    }
}

static void handler_allocates_through_a_wrapper(void **state)
{
    (void)state;
    struct run run = run_program(&fast, ARGV("handler_allocates", "wrapper"));
    assert_exit(run.status, 0);
    assert_true(report_read(run.err, -1, &report));
    assert_row(&report, "handler_allocates", 0, number_told(run.out, "made"));
    assert_sums(&report);
    run_free(&run);
}

static void signal_state_unchanged(void **state)
{
    (void)state;
    unharmed(ARGV("signal_state"));
}

/* What our own writes raise is taken back, what the program has pending stays. */
static void signal_state_unchanged_by_a_bad_stderr(void **state)
{
    (void)state;
    static const char *const kinds[] = {"closed", "file-limit", "full-pipe", "background"};
    for (unsigned i = 0; i < LENGTH(kinds); i++)
        unharmed(ARGV("with_stderr", kinds[i], built("signal_state")));
}

static void reporter_blocks_all_signals(void **state)
{
    (void)state;
    struct run run = run_program(&fast, ARGV("other_tasks"));
    assert_string_equal(run.out, "trackmalloc fffffffffffbfeff\n"); /* all but SIGKILL and SIGSTOP */
    run_free(&run);
    run = run_program(&(struct run_spec){.bare = true}, ARGV("other_tasks"));
    assert_string_equal(run.out, "");
    run_free(&run);
}

/* ---- ways out (21) ---- */

static void exit_reports(void **state)
{
    (void)state;
    static const char *const ways[] = {"return", "exit",    "error", "err",  "quick_exit",
                                       "thread", "handler", "twice", "child"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        struct run run = expect_transparent(NULL, ARGV("exits", ways[i]), &report);
        assert_true(report_tag(&report, "exits")->live_blocks >= 1);
        assert_int_equal(report_count(run.err), 1);
        run_free(&run);
    }
}

static void final_off(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "interval=0.1,final=off"};
    static const char *const ways[] = {"return", "quick_exit"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        struct run run = expect_same(&spec, ARGV("exits", ways[i], "350"));
        assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 0);
        assert_true(reports_by(run.err, ANYBODY, "periodic") >= 2);
        run_free(&run);
    }
}

static void sudden_ends(void **state)
{
    (void)state;
    static const char *const ways[] = {"_exit", "_Exit", "abort", "term", "kill", "segv"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        struct run run = expect_same(&fast, ARGV("exits", ways[i], "350"));
        assert_true(reports_by(run.err, ANYBODY, "periodic") >= 2);
        assert_true(report_read(run.err, -1, &report));
        assert_true(report_tag(&report, "exits")->live_blocks >= 1);
        run_free(&run);
    }
}

/* ---- daemons (24) ---- */

static void daemon_reports_to_a_file(const char *way)
{
    unsigned files;
    const struct run_spec spec = {.options = output_to("%n.%p", "interval=0.1")};
    struct run run = expect_same(&spec, ARGV("becomes_daemon", way, in_scratch("word")));
    assert_non_null(strstr(run.out, "descriptors 0 1 2\n"));
    assert_string_equal(run.err, "");
    char *reports = scratch_take(&files);
    assert_true(files >= 2);
    bool daemon_told = false;
    for (int n = 0; report_next(reports, ANYBODY, "periodic", &n, &report);)
        daemon_told |= report_tag(&report, "becomes_daemon")->live_blocks >= 50;
    assert_true(daemon_told);
    free(reports);
    run_free(&run);
}

static void daemons(void **state)
{
    (void)state;
    daemon_reports_to_a_file("own");
    daemon_reports_to_a_file("libc");
    unharmed(ARGV("becomes_daemon", "own", in_scratch("word")));
    unharmed(ARGV("becomes_daemon", "libc", in_scratch("word")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fork_while_allocating),
        cmocka_unit_test(fork_in_handler),
        cmocka_unit_test(fork_counts),
        cmocka_unit_test(fork_of_a_threaded_parent_counts),
        cmocka_unit_test(underscore_fork_counts),
        cmocka_unit_test(raw_fork_counts),
        cmocka_unit_test(fork_by_syscall_counts),
        cmocka_unit_test(fork_storm),
        cmocka_unit_test(parent_and_child_go_on),
        cmocka_unit_test(vfork_leaves_the_parent_alone),
        cmocka_unit_test(posix_spawn_leaves_the_parent_alone),
        cmocka_unit_test(clone_leaves_the_parent_alone),
        cmocka_unit_test(daring_vfork_leaves_the_parent_alone),
        cmocka_unit_test(exec_leaks_no_descriptor),
        cmocka_unit_test(only_silences_the_wrapper),
        cmocka_unit_test(handler_allocates),
        cmocka_unit_test(handler_allocates_through_a_wrapper),
        cmocka_unit_test(signal_state_unchanged),
        cmocka_unit_test(signal_state_unchanged_by_a_bad_stderr),
        cmocka_unit_test(reporter_blocks_all_signals),
        cmocka_unit_test(exit_reports),
        cmocka_unit_test(final_off),
        cmocka_unit_test(sudden_ends),
        cmocka_unit_test(daemons),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
