/* Output: where reports go, where they must not, and what writing them may not change (hazards 22, 23, 25; the
 * options that say so). */
#include "fast.h"

/* ---- stderr that is closed, handed on, or boxed in (22) ---- */

static void exit_report_of(const char *options, const char *const *argv, const char *name)
{
    struct run run = expect_same(&(struct run_spec){.options = options}, argv);
    assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 1);
    assert_true(report_read(run.err, -1, &report));
    assert_string_equal(report.kind, "exit");
    assert_string_equal(reporter_name(&report), name);
    assert_true(report.allocations > 0);
    run_free(&run);
}

static void coreutils_show_their_exit_report(void **state)
{
    (void)state;
    static const char *const options[] = {NULL, "interval=0.1"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        exit_report_of(options[i], ARGV("/usr/bin/sort", "/etc/passwd"), "sort");
        exit_report_of(options[i], ARGV("/usr/bin/sort", "/nonexistent"), "sort");
        exit_report_of(options[i], ARGV("/bin/ls", "-l", "/usr"), "ls");
        exit_report_of(options[i], ARGV("/bin/ls", "/nonexistent"), "ls");
        exit_report_of(options[i], ARGV("/bin/cat", "/etc/passwd"), "cat");
        exit_report_of(options[i], ARGV("/bin/cat", "/nonexistent"), "cat");
        exit_report_of(options[i], ARGV("/bin/sleep", "0.15"), "sleep");
        exit_report_of(options[i], ARGV("/bin/grep", "-c", "root", "/etc/passwd"), "grep");
        exit_report_of(options[i], ARGV("/bin/sed", "-n", "1p", "/etc/passwd", "/nonexistent"), "sed");
        exit_report_of(options[i], ARGV("/usr/bin/sort", "--nonsense"), "sort");
    }
}

static void closed_in_an_exit_handler(void **state)
{
    (void)state;
    unharmed(ARGV("closes_stderr", "gnulib"));
    struct run run = transparent(ARGV("closes_stderr", "late"));
    assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 1);
    run_free(&run);
    run = expect_same(&fast, ARGV("closes_stderr", "raw")); /* too late to notice: but no harm */
    run_free(&run);
}

static void closed_in_the_middle(void **state)
{
    (void)state;
    struct run run = expect_same(&fast, ARGV("closes_stderr", "early"));
    assert_true(reports_by(run.err, ANYBODY, "periodic") >= 2);
    for (int n = 0; report_next(run.err, ANYBODY, NULL, &n, &report);)
        assert_true(report.uptime < 0.4);
    run_free(&run);
}

static void frees_pipe(void **state)
{
    (void)state;
    struct run run = transparent(ARGV("frees_pipe"));
    assert_non_null(strstr(run.out, "end seen\n"));
    bool daemon_told = false;
    for (int n = 0; report_next(run.err, ANYBODY, "periodic", &n, &report);)
        daemon_told |= report.pid != ANYBODY && report.number >= 1;
    assert_true(daemon_told);
    run_free(&run);
}

/* As a child of an unsandboxed program; the program itself, after some work; and before anything of ours has been set
 * up but what stands at start. */
static void sandboxed_by(const char *how)
{
    unharmed(ARGV("sandboxed", how, "100", "0", "exit"));
    unharmed(ARGV("sandboxed", how, "100000", "350", "exit"));
    unharmed(ARGV("sandboxed", how, "100000", "0", "_exit"));
    struct run run = expect_same(&fast, ARGV("sandboxed", how, "100000", "800", "exit", "self"));
    assert_true(report_count(run.err) >= 1);
    run_free(&run);
    run = expect_same(&fast, ARGV("sandboxed", how, "100000", "800", "exit", "young"));
    assert_exit(run.status, 4);
    run_free(&run);
}

static void sandboxed_by_prctl(void **state)
{
    (void)state;
    sandboxed_by("prctl");
}

static void sandboxed_by_syscall(void **state)
{
    (void)state;
    sandboxed_by("syscall");
    sandboxed_by("tsync");
}

static void sandboxed_strictly(void **state)
{
    (void)state;
    sandboxed_by("strict");
    /* Another allocator's blocks may begin a mapping: whether anything stands before one cannot be asked any more. */
    const struct run_spec spec = {.options = "interval=0.1", .preload = built("bump.so")};
    struct run run = expect_same(&spec, ARGV("sandboxed", "strict", "1000", "0", "exit", "self"));
    assert_exit(run.status, 4);
    run_free(&run);
}

static void sandboxed_without_write(void **state)
{
    (void)state;
    sandboxed_by("silent");
}

static void a_refused_filter_is_no_sandbox(void **state)
{
    (void)state;
    struct run run = transparent(ARGV("tsync_refused"));
    assert_string_equal(run.out, "refused\n");
    assert_string_equal(report.kind, "exit");
    run_free(&run);
}

static void database_on_stderr(void **state)
{
    (void)state;
    static const char *const ways[] = {"close", "dup2", "all", "fclose", "socket", "toggle", "closed", "inode"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        struct run run = transparent(ARGV("database_on_stderr", ways[i], scratch()));
        assert_non_null(strstr(run.out, "database unharmed\n"));
        assert_true(reports_by(run.err, ANYBODY, "periodic") >= 2);
        run_free(&run);
    }
}

/* ---- stderr that takes nothing, or not now (23) ---- */

static void with_stderr(const char *kind, const char *const *argv)
{
    const struct run_spec spec = {.options = "interval=0.1", .seconds = 10};
    struct run run = expect_transparent(&spec, argv, &report);
    if (strstr(run.out, "in time\n") == NULL || strstr(run.out, ": exit 3\n") == NULL)
        fail_msg("%s: %s", kind, run.out);
    run_free(&run);
}

static void stderr_takes_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"closed", "full-device", "full-pipe",  "small-pipe",
                                        "none",   "full-socket", "file-limit", "background"};
    for (unsigned i = 0; i < LENGTH(kinds); i++)
        with_stderr(kinds[i], ARGV("with_stderr", kinds[i], built("works"), "700", "3"));
}

static void terminal_takes_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"full-terminal", "small-terminal", "nonblocking-terminal", "stopped-terminal"};
    for (unsigned i = 0; i < LENGTH(kinds); i++)
        for (unsigned round = 0; round < 2; round++) /* where room begins and ends, changes with the kernel's mood */
            with_stderr(kinds[i], ARGV("with_stderr", kinds[i], built("works"), "350", "3"));
}

/* While our thread waits for room, the program forks, drops privileges, takes threads down, and exits. */
static void stderr_full_while_more_happens(void **state)
{
    (void)state;
    static const char *const kinds[] = {"full-pipe", "full-socket", "closed", "file-limit"};
    for (unsigned i = 0; i < LENGTH(kinds); i++) {
        unharmed(ARGV("with_stderr", kinds[i], built("unshare_itself"), "5000", "300"));
        unharmed(ARGV("with_stderr", kinds[i], built("unshare_itself"), "storm"));
        unharmed(ARGV("with_stderr", kinds[i], built("main_leaves")));
    }
}

/* What the program itself writes there has the effect that it always had. */
static void own_sigpipe_is_kept(void **state)
{
    (void)state;
    struct run run = transparent(ARGV("with_stderr", "closed", built("works"), "300", "3", "line"));
    assert_non_null(strstr(run.out, "closed: signal 13\n"));
    run_free(&run);
    run = transparent(ARGV("with_stderr", "background", built("works"), "300", "3", "line"));
    assert_non_null(strstr(run.out, "stopped by signal 22\n"));
    run_free(&run);
}

static void flags_of_a_shared_pipe_unchanged(void **state)
{
    (void)state;
    static const char *const kinds[] = {"blocking", "nonblocking"};
    for (unsigned i = 0; i < LENGTH(kinds); i++) {
        struct run run = transparent(ARGV("with_stderr", kinds[i], built("works"), "500", "3", "line"));
        assert_non_null(strstr(run.out, "flags as before\n"));
        assert_true(reports_by(run.err, ANYBODY, "periodic") >= 3);
        assert_true(reports_by(run.err, ANYBODY, "exit") >= 2);
        run_free(&run);
    }
}

static void reuses_descriptor(void **state)
{
    (void)state;
    unsigned files;
    struct run run =
        expect_same(&(struct run_spec){.options = output_to("%n.%p", "interval=0.1")}, ARGV("reuses_descriptor"));
    char *reports = scratch_take(&files);
    assert_string_equal(run.out, "0 times another number\n");
    assert_true(report_count(reports) >= 10);
    free(reports);
    run_free(&run);
}

/* ---- where reports go ---- */

static void output_path_is_filled_in(void **state)
{
    (void)state;
    unsigned files;
    char expected[64];
    struct run run =
        expect_same(&(struct run_spec){.options = output_to("a-%n-%p.txt", "interval=0.1")}, ARGV("works", "350", "4"));
    assert_string_equal(run.err, "");
    DIR *directory = opendir(scratch());
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL && entry->d_name[0] == '.')
        ;
    assert_non_null(entry);
    char name[64];
    snprintf(name, sizeof(name), "%.60s", entry->d_name);
    closedir(directory);
    char *reports = scratch_take(&files);
    assert_int_equal(files, 1);
    assert_true(report_read(reports, -1, &report));
    snprintf(expected, sizeof(expected), "a-works-%u.txt", report.pid);
    assert_string_equal(name, expected);
    assert_string_equal(report.kind, "exit");
    assert_true(reports_by(reports, ANYBODY, "periodic") >= 2);
    char *rest = stream_without_reports(reports);
    assert_string_equal(rest, "");
    free(rest);
    free(reports);
    run_free(&run);
}

static void output_is_appended(void **state)
{
    (void)state;
    unsigned files;
    FILE *file = fopen(in_scratch("log"), "w");
    fputs("was here\n", file);
    fclose(file);
    struct run run =
        expect_same(&(struct run_spec){.options = output_to("log", "interval=0.1")}, ARGV("works", "150", "0"));
    char *reports = scratch_take(&files);
    assert_int_equal(files, 1);
    assert_true(report_count(reports) >= 2);
    char *rest = stream_without_reports(reports);
    assert_string_equal(rest, "was here\n");
    free(rest);
    free(reports);
    run_free(&run);
}

static void relative_path_means_the_first_directory(void **state)
{
    (void)state;
    unsigned files;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    const char *program = built("changes_directory");
    assert_int_equal(chdir(scratch()), 0);
    struct run run = expect_same(&(struct run_spec){.options = "interval=0.1,output=relative.%n"}, ARGV(program, "/"));
    assert_int_equal(chdir(before), 0);
    char *reports = scratch_take(&files);
    assert_int_equal(files, 1);
    assert_true(reports_by(reports, ANYBODY, "periodic") >= 3);
    assert_int_equal(reports_by(reports, ANYBODY, "exit"), 1);
    assert_true(access("/relative.changes_directory", F_OK) != 0);
    free(reports);
    run_free(&run);
}

static void told_and_then_dropped(const char *path)
{
    char options[256];
    snprintf(options, sizeof(options), "interval=0.1,output=%s", path);
    struct run run = expect_same(&(struct run_spec){.options = options, .seconds = 10}, ARGV("works", "450", "3"));
    if (lines_told(run.err, path) != 1 || lines_told(run.err, "") != 1)
        fail_msg("not one line about %s:\n%s", path, run.err);
    assert_int_equal(report_count(run.err), 0);
    run_free(&run);
}

static void unopenable_path_is_told_once(void **state)
{
    (void)state;
    told_and_then_dropped("/nonexistent/directory/file");
    told_and_then_dropped("/");
    if (geteuid() != 0)
        told_and_then_dropped("/proc/1/mem");
    /* A pipe that nobody reads cannot be opened either: not without waiting. */
    assert_int_equal(mkfifo(in_scratch("fifo"), 0600), 0);
    told_and_then_dropped(in_scratch("fifo"));
    unlink(in_scratch("fifo"));
}

static void output_none(void **state)
{
    (void)state;
    struct run run = expect_same(&(struct run_spec){.options = "interval=0.1,output=none"}, ARGV("works", "350", "0"));
    assert_string_equal(run.err, "");
    run_free(&run);
    run = run_program(&fast, ARGV("works", "0", "0")); /* it would have spoken */
    assert_int_equal(report_count(run.err), 1);
    run_free(&run);
}

/* ---- what is the program's stays (25) ---- */

static void stdio_locks_held_at_exit(void **state)
{
    (void)state;
    unharmed(ARGV("stdio_lock", "main"));
    unharmed(ARGV("stdio_lock", "thread"));
}

static void cancellation_pending_at_exit(void **state)
{
    (void)state;
    unharmed(ARGV("cancelled_exit", "main"));
    unharmed(ARGV("cancelled_exit", "thread"));
}

static void surroundings_unchanged(void **state)
{
    (void)state;
    static const char *const env[] = {"TZ=America/New_York", NULL};
    struct run run =
        expect_transparent(&(struct run_spec){.options = "interval=0.1", .env = env}, ARGV("surroundings"), &report);
    assert_non_null(strstr(run.out, "tzname GMT GMT")); /* nobody called tzset */
    assert_non_null(strstr(report.text, " UTC 20"));
    run_free(&run);
}

static void commas_stay_commas(void **state)
{
    (void)state;
    char command[1024], variable[128];
    snprintf(command, sizeof(command), "localedef --no-archive -i de_DE -f UTF-8 %s 2>/dev/null",
             in_scratch("de_DE.UTF-8"));
    snprintf(variable, sizeof(variable), "LOCPATH=%s", scratch());
    bool made = system(command) >= 0 && access(in_scratch("de_DE.UTF-8/LC_NUMERIC"), R_OK) == 0;
    const char *const env[] = {variable, NULL};
    struct run run = run_program(&(struct run_spec){.bare = true, .env = env}, ARGV("own_locale"));
    int status = run.status;
    run_free(&run);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        run =
            expect_transparent(&(struct run_spec){.options = "interval=0.1", .env = env}, ARGV("own_locale"), &report);
        assert_non_null(strstr(run.out, "1.234.567 0,5\n"));
        assert_row(&report, "own_locale", report_tag(&report, "own_locale")->live_blocks,
                   report_tag(&report, "own_locale")->allocations);
        assert_non_null(strstr(report.text, "12,"));
        run_free(&run);
    }
    snprintf(command, sizeof(command), "rm -rf %s", in_scratch("de_DE.UTF-8"));
    assert_int_equal(system(command), 0);
    if (status != 0) {
        print_message("skipped: no German locale here%s\n", made ? "" : ", and none can be made");
        skip();
    }
}

/* ---- bad options ---- */

static void bad_options(void **state)
{
    (void)state;
    static const struct {
        const char *options, *name, *value, *allowed;
    } bad[] = {
        {"bogus=1", "bogus", "", "interval"},
        {"interval", "interval", "", "0.1"},
        {"interval=abc", "interval", "abc", "0.1"},
        {"interval=0.01", "interval", "0.01", "0.1"},
        {"interval=-3", "interval", "-3", "0.1"},
        {"interval=", "interval", "", "0.1"},
        {"tags=foo", "tags", "foo", "module|thread|none"},
        {"top=-1", "top", "-1", "1 to"},
        {"top=1.5", "top", "1.5", "1 to"},
        {"final=maybe", "final", "maybe", "on"},
        {"output=", "output", "", "stderr"},
        {",,top=0,,final=on,", "top", "0", "1 to"},
    };
    for (unsigned i = 0; i < LENGTH(bad); i++) {
        struct run run =
            expect_transparent(&(struct run_spec){.options = bad[i].options}, ARGV("works", "150", "3"), &report);
        if (lines_told(run.err, "") != 1 || lines_told(run.err, bad[i].name) != 1 ||
            lines_told(run.err, bad[i].value) != 1 || lines_told(run.err, bad[i].allowed) != 1)
            fail_msg("TRACKMALLOC_OPTIONS=%s is told as\n%s", bad[i].options, run.err);
        assert_int_equal(report_count(run.err), 1); /* an interval of 5 s */
        run_free(&run);
    }
    struct run run = expect_transparent(&(struct run_spec){.options = "x=1,interval=0.1,y=2,tags=z"},
                                        ARGV("works", "350", "3"), &report);
    assert_int_equal(lines_told(run.err, ""), 3);
    assert_true(reports_by(run.err, ANYBODY, "periodic") >= 2);
    run_free(&run);
}

static void help_prints_the_options(void **state)
{
    (void)state;
    static const char *const names[] = {"interval", "output", "final", "only", "top", "tags", "help"};
    struct run run = run_program(&(struct run_spec){.options = "help=on"}, ARGV("works", "0", "3"));
    assert_exit(run.status, 3);
    assert_string_equal(run.out, "worked\n");
    for (unsigned i = 0; i < LENGTH(names); i++)
        if (strstr(run.err, names[i]) == NULL)
            fail_msg("help=on tells nothing of %s:\n%s", names[i], run.err);
    assert_int_equal(reports_by(run.err, ANYBODY, "exit"), 1);
    run_free(&run);
}

static void a_report_that_is_cut_says_so(void **state)
{
    (void)state;
    static const char end[] = "\n(The report is longer than its buffer: it is cut here.)\n";
    char last[sizeof end] = "";
    const struct run_spec spec = {.options = output_to("long", "top=4096,stacks=all,interval=60")};
    struct run run = run_program(&spec, ARGV("long_report"));
    assert_exit(run.status, 0);
    FILE *file = fopen(in_scratch("long"), "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, -(long)strlen(end), SEEK_END), 0);
    assert_int_equal(fread(last, 1, sizeof last, file), strlen(end));
    assert_string_equal(last, end);
    assert_int_equal(ftell(file), 2 << 20);
    fclose(file);
    run_free(&run);
}

/* ---- asked for by the program itself ---- */

static void report_on_request(void **state)
{
    (void)state;
    struct run run = run_program(&(struct run_spec){.bare = true}, ARGV("asks_for_report"));
    assert_string_equal(run.err, "result=-1 refused=-1 closed=-1 full=-1 nested=-1\n");
    run_free(&run);
    run = run_program(&fast, ARGV("asks_for_report"));
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.err, "result=0 refused=-2 closed=-8 full=-8 nested=-7\n"));
    assert_int_equal(reports_by(run.err, ANYBODY, "request"), 1);
    assert_true(report_read(run.err, 0, &report));
    assert_int_equal(report_tag(&report, "asks_for_report")->live_blocks, 1);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coreutils_show_their_exit_report),
        cmocka_unit_test(closed_in_an_exit_handler),
        cmocka_unit_test(closed_in_the_middle),
        cmocka_unit_test(frees_pipe),
        cmocka_unit_test(sandboxed_by_prctl),
        cmocka_unit_test(sandboxed_by_syscall),
        cmocka_unit_test(sandboxed_strictly),
        cmocka_unit_test(sandboxed_without_write),
        cmocka_unit_test(a_refused_filter_is_no_sandbox),
        cmocka_unit_test(database_on_stderr),
        cmocka_unit_test(stderr_takes_nothing),
        cmocka_unit_test(terminal_takes_nothing),
        cmocka_unit_test(stderr_full_while_more_happens),
        cmocka_unit_test(own_sigpipe_is_kept),
        cmocka_unit_test(flags_of_a_shared_pipe_unchanged),
        cmocka_unit_test(reuses_descriptor),
        cmocka_unit_test(output_path_is_filled_in),
        cmocka_unit_test(output_is_appended),
        cmocka_unit_test(relative_path_means_the_first_directory),
        cmocka_unit_test(unopenable_path_is_told_once),
        cmocka_unit_test(output_none),
        cmocka_unit_test(stdio_locks_held_at_exit),
        cmocka_unit_test(cancellation_pending_at_exit),
        cmocka_unit_test(surroundings_unchanged),
        cmocka_unit_test(commas_stay_commas),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(help_prints_the_options),
        cmocka_unit_test(a_report_that_is_cut_says_so),
        cmocka_unit_test(report_on_request),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
