/* Threads: the program's, however small, many or short-lived, and our own, which may stand in nobody's way
 * (hazards 17, 18, 19). */
#include "fast.h"

/* ---- the program's threads (17, 18) ---- */

static void small_stacks(void **state)
{
    (void)state;
    unharmed(ARGV("small_stacks", "threads"));
    assert_int_equal(report_tag(&report, "small_stacks")->live_blocks, 0);
    unharmed(ARGV("small_stacks", "exit"));
    unharmed(ARGV("small_stacks", "signal"));
}

static void many_threads(void **state)
{
    (void)state;
    unharmed(ARGV("many_threads"));
    assert_row(&report, "many_threads", 0, 30000);
    assert_sums(&report);
}

static void late_destructors(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "interval=0.1", .preload = built("late_library.so")};
    struct run run = expect_transparent(&spec, ARGV("late_destructors"), &report);
    assert_row(&report, "late_destructors", number_told(run.out, "live"), number_told(run.out, "made"));
    assert_non_null(strstr(run.out, "late library down\n"));
    assert_sums(&report);
    run_free(&run);
}

static void exit_while_allocating(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct run run = run_program(&fast, ARGV("exit_while_allocating"));
        assert_false(run.timed_out);
        assert_exit(run.status, 17);
        assert_true(report_read(run.err, -1, &report));
        assert_string_equal(report.kind, "exit");
        const struct report_tag *row = report_tag(&report, "exit_while_allocating");
        assert_true(row != NULL && row->allocations > 0);
        run_free(&run);
    }
}

static void handed_blocks(void **state)
{
    (void)state;
    struct run run = transparent(ARGV("handed_blocks"));
    const struct report_tag *row = report_tag(&report, "handed_blocks");
    assert_row(&report, "handed_blocks", 1010, 300000);
    assert_true(row->live_size > 149900 && row->live_size < 150100); /* as precise as 146.5 KiB */
    assert_true(report.sizes[5] >= 1000 && report.sizes[11] >= 10);
    assert_sums(&report);
    /* Never negative in between, which would show as an immense number; rings and hands hold about 1,100. */
    for (int n = 0; report_next(run.err, ANYBODY, NULL, &n, &report);) {
        row = report_tag(&report, "handed_blocks");
        assert_true(row == NULL || row->live_blocks <= 2500);
        assert_true(report.live_blocks <= 3000);
    }
    run_free(&run);
}

/* ---- our thread steps aside (19) ---- */

static void unshare_itself(void **state)
{
    (void)state;
    unharmed(ARGV("unshare_itself", "100"));
    unharmed(ARGV("unshare_itself", "100000"));
    unharmed(ARGV("unshare_itself", "threads"));
}

/* Before and after: the thread was there, and comes back after a quiet while. */
static void unshare_between_reports(void **state)
{
    (void)state;
    struct run run = expect_transparent(&(struct run_spec){.options = "interval=0.2"},
                                        ARGV("unshare_itself", "5000", "700"), &report);
    unsigned before = 0, after = 0;
    for (int n = 0; report_next(run.err, ANYBODY, "periodic", &n, &report);) {
        before += report.uptime < 0.7;
        after += report.uptime > 2.9;
    }
    if (before < 2 || after < 2)
        fail_msg("%u periodic reports before, %u after", before, after);
    run_free(&run);
}

static void unshare_storm(void **state)
{
    (void)state;
    unharmed(ARGV("unshare_itself", "storm"));
}

static void unshare_in_plugin(void **state)
{
    (void)state;
    unharmed(ARGV("unshare_in_plugin", built("unshares.so")));
}

static bool runs_bare(const char *const *argv)
{
    if (argv[0][0] == '/' && access(argv[0], X_OK) != 0) {
        print_message("skipped: there is no %s\n", argv[0]);
        return false;
    }
    struct run run = run_program(&(struct run_spec){.bare = true}, argv);
    bool good = WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0;
    if (!good)
        print_message("skipped: %s %s does not run here, bare: %s\n", argv[0], argv[1], run.err);
    run_free(&run);
    return good;
}

static void setns_itself(void **state)
{
    (void)state;
    static const char *const argv[] = {"unshare_itself", "setns", NULL};
    if (!runs_bare(argv))
        skip();
    unharmed(argv);
}

/* Tools that become another user load the library again. */
static void library_for_all(void)
{
    build_for_all(in_scratch("for-all"), ARGV("libtrackmalloc.so"));
}

/* Somebody of that name was tracked, and lived to its end. */
static void tool(const char *const *argv, const char *expected)
{
    if (!runs_bare(argv))
        skip();
    struct run run = expect_same(&fast, argv);
    bool found = false;
    for (int n = 0; report_next(run.err, ANYBODY, "exit", &n, &report);)
        found |= strcmp(reporter_name(&report), expected) == 0;
    if (!found)
        fail_msg("%s: no exit report of %s in\n%s", argv[0], expected, run.err);
    run_free(&run);
}

static void unshare_tool(void **state)
{
    (void)state;
    tool(ARGV("/usr/bin/unshare", "--user", "true"), "true");
    tool(ARGV("/usr/bin/unshare", "--user", "--map-root-user", "--pid", "--fork", "sh", "-c", "id -u; echo $$"),
         "unshare");
}

static void bwrap_tool(void **state)
{
    (void)state;
    tool(ARGV("/usr/bin/bwrap", "--ro-bind", "/", "/", "true"), "true");
    tool(ARGV("/usr/bin/bwrap", "--ro-bind", "/", "/", "--unshare-all", "--dev", "/dev", "id", "-u"), "id");
}

static void setpriv_tool(void **state)
{
    (void)state;
    library_for_all();
    tool(ARGV("/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "true"), "true");
    tool(ARGV("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
              "--bounding-set=-all", "--no-new-privs", "id"),
         "id");
}

static void runuser_tool(void **state)
{
    (void)state;
    library_for_all();
    tool(ARGV("/usr/sbin/runuser", "-u", "nobody", "--", "id", "-u"), "id");
}

static void chroot_tool(void **state)
{
    (void)state;
    library_for_all();
    tool(ARGV("/usr/sbin/chroot", "--userspec=65534:65534", "/", "id"), "id");
}

static void python_tool(void **state)
{
    (void)state;
    library_for_all();
    static const char script[] =
        "import os, time\n"
        "x = [bytes(2000) for i in range(20000)]\n"
        "time.sleep(0.3)\n"
        "os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
        "time.sleep(0.3); y = [bytes(2000) for i in range(20000)]; time.sleep(0.3)\n"
        "for t in os.listdir('/proc/self/task'):\n"
        "    print(*[l for l in open(f'/proc/self/task/{t}/status') if l.startswith(('Uid', 'Gid'))])\n"
        "    break\n";
    tool(ARGV("/usr/bin/python3", "-S", "-E", "-c", script), "python3");
}

static void privileges_dropped_by_all_tasks(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: only root can give up what it is\n");
        skip();
    }
    struct run run = transparent(ARGV("drop_privileges", "all"));
    unsigned parent = report.pid, programs = 0;
    assert_null(strstr(run.out, "differs"));
    for (int n = 0; report_next(run.err, ANYBODY, "exit", &n, &report);) {
        unsigned before = 0, after = 0, pid = report.pid;
        if (pid == parent)
            continue;
        for (int m = 0; report_next(run.err, pid, "periodic", &m, &report);) {
            before += report.uptime < 0.4; /* the thread was there */
            after += report.uptime > 2.4;  /* and came back */
        }
        if (before == 0 || after == 0)
            fail_msg("%u periodic reports before, %u after", before, after);
        programs++;
    }
    assert_int_equal(programs, 8);
    run_free(&run);
}

static void main_leaves(void **state)
{
    (void)state;
    struct run run = transparent(ARGV("main_leaves"));
    assert_true(reports_by(run.err, ANYBODY, "periodic") >= 4);
    run_free(&run);
}

static void idle_program_is_reported(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "interval=0.5", .seconds = 10};
    struct run run = expect_transparent(&spec, ARGV("idle"), &report);
    unsigned periodic = reports_by(run.err, ANYBODY, "periodic"), number = 0;
    assert_true(periodic == 4 || periodic == 3);
    for (int n = 0; report_next(run.err, ANYBODY, "periodic", &n, &report);) {
        double due = 0.5 * ++number;
        assert_int_equal(report.number, number);
        assert_true(report.uptime >= due - 0.11 && report.uptime <= due + 0.3);
        assert_row(&report, "idle", 1, 1);
        assert_int_equal(report_tag(&report, "idle")->age[report.uptime < 1 ? 0 : 1], 1);
    }
    run_free(&run);
    run = run_program(&spec, ARGV("/bin/sleep", "1.7"));
    assert_exit(run.status, 0);
    assert_true(reports_by(run.err, ANYBODY, "periodic") >= 3);
    run_free(&run);
}

static void ages_are_right(const char *options, const char *const *argv)
{
    struct run run = expect_transparent(&(struct run_spec){.options = options}, argv, &report);
    const struct report_tag *row = report_tag(&report, argv[0]);
    assert_row(&report, argv[0], 320, 370);
    if (row->age[0] != 300 || row->age[1] != 20)
        fail_msg("%s: %lu younger than 1 s, %lu than 10 s", options, row->age[0], row->age[1]);
    assert_sums(&report);
    run_free(&run);
}

static void ages_without_thread(void **state)
{
    (void)state;
    ages_are_right("interval=60", ARGV("ages_without_thread"));
    ages_are_right("interval=0.1", ARGV("ages_without_thread"));
    ages_are_right("interval=0.1", ARGV("ages_without_thread", "aside"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_stacks),
        cmocka_unit_test(many_threads),
        cmocka_unit_test(late_destructors),
        cmocka_unit_test(exit_while_allocating),
        cmocka_unit_test(handed_blocks),
        cmocka_unit_test(unshare_itself),
        cmocka_unit_test(unshare_between_reports),
        cmocka_unit_test(unshare_storm),
        cmocka_unit_test(unshare_in_plugin),
        cmocka_unit_test(setns_itself),
        cmocka_unit_test(unshare_tool),
        cmocka_unit_test(bwrap_tool),
        cmocka_unit_test(setpriv_tool),
        cmocka_unit_test(runuser_tool),
        cmocka_unit_test(chroot_tool),
        cmocka_unit_test(python_tool),
        cmocka_unit_test(privileges_dropped_by_all_tasks),
        cmocka_unit_test(main_leaves),
        cmocka_unit_test(idle_program_is_reported),
        cmocka_unit_test(ages_without_thread),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
