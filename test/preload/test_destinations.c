/* The option `output`: a file is made when there is something to write, by whoever the process is then; where that
 * cannot be, one line says so, and no report goes where none belongs (hazards 23, 35). */
#include "fast.h"

static void skip_unless_root(void)
{
    if (getuid() == 0)
        return;
    print_message("skipped: only root can become somebody else\n");
    skip();
}

/* Programs of nobody's load the library again. */
static void programs_for_all(void)
{
    build_for_all(in_scratch("for-all"), ARGV("libtrackmalloc.so", "test/preload/works", "test/preload/launches"));
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static char *text_of(const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "r");
    text[0] = '\0';
    if (file == NULL)
        return text;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* ---- when it is made ---- */

static void nothing_to_write_makes_no_file(void **state)
{
    (void)state;
    struct run run = expect_same(&(struct run_spec){.options = output_to("reports", "interval=0,final=off")},
                                 ARGV("works", "400", "0"));
    assert_string_equal(run.err, "");
    assert_false(exists(in_scratch("reports")));
    run_free(&run);
}

static void file_is_made_for_the_first_report(void **state)
{
    (void)state;
    struct running *running =
        run_start(&(struct run_spec){.options = output_to("reports", "interval=0.6")}, ARGV("works", "1000", "0"));
    usleep(300000);
    bool early = exists(in_scratch("reports"));
    usleep(500000);
    bool in_time = exists(in_scratch("reports"));
    struct run run = run_finish(running);
    assert_exit(run.status, 0);
    assert_string_equal(run.err, "");
    assert_false(early);
    assert_true(in_time);
    assert_int_equal(reports_by(text_of(in_scratch("reports")), ANYBODY, NULL), 2);
    run_free(&run);
}

static void file_is_made_for_the_exit_report(void **state)
{
    (void)state;
    struct running *running =
        run_start(&(struct run_spec){.options = output_to("reports", "interval=86400")}, ARGV("works", "500", "0"));
    usleep(300000);
    bool early = exists(in_scratch("reports"));
    struct run run = run_finish(running);
    assert_exit(run.status, 0);
    assert_false(early);
    assert_int_equal(reports_by(text_of(in_scratch("reports")), ANYBODY, "exit"), 1);
    run_free(&run);
}

static void interval_zero(void **state)
{
    (void)state;
    struct run run = expect_tracked(&(struct run_spec){.options = "interval=0"}, ARGV("works", "1200", "0"), &report);
    assert_int_equal(report_count(run.err), 1);
    assert_int_equal(lines_told(run.err, ""), 0);
    /* Ages go on all the same. */
    assert_row(&report, "works", 0, report_tag(&report, "works")->allocations);
    run_free(&run);
    run = expect_tracked(&(struct run_spec){.options = "interval=0"}, ARGV("idle"), &report);
    assert_int_equal(report_count(run.err), 1);
    run_free(&run);
}

/* ---- launchers: the same process id, another user, another program (35) ---- */

static void launched(const char *ms)
{
    char options[800], path[300], directory[256];
    skip_unless_root();
    programs_for_all();
    snprintf(directory, sizeof(directory), "%s/of-all-%s", scratch(), ms);
    assert_int_equal(mkdir(directory, 0777), 0);
    assert_int_equal(chmod(directory, 0777), 0);
    snprintf(options, sizeof(options), "interval=0.2,output=%s/%%p", directory);
    struct running *running =
        run_start(&(struct run_spec){.options = options}, ARGV("launches", ms, built("works"), "700", "5"));
    unsigned pid = (unsigned)run_pid(running);
    struct run run = run_finish(running);
    assert_exit(run.status, 5);
    if (run.err[0] != '\0')
        fail_run(&run, "something on stderr");
    snprintf(path, sizeof(path), "%s/%u", directory, pid);
    const char *reports = text_of(path);
    unsigned of_works = 0;
    for (int n = 0; report_next(reports, pid, NULL, &n, &report);)
        of_works += strcmp(reporter_name(&report), "works") == 0;
    if (of_works < 3 || strcmp(report.kind, "exit") != 0)
        fail_run(&run, "%u reports of the program that was launched after %s ms, in\n%s", of_works, ms, reports);
    run_free(&run);
}

static void launched_at_once(void **state)
{
    (void)state;
    launched("0");
}

/* The launcher has reported itself by then. */
static void launched_after_work(void **state)
{
    (void)state;
    launched("700");
}

static void launched_by_tools(void **state)
{
    (void)state;
    static const char *const tools[][6] = {
        {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"},
        {"/usr/sbin/runuser", "-u", "nobody", "--"},
        {"/usr/sbin/chroot", "--userspec=65534:65534", "/"},
    };
    skip_unless_root();
    programs_for_all();
    for (unsigned i = 0; i < LENGTH(tools); i++) {
        const char *argv[12] = {NULL};
        unsigned arguments = 0;
        char path[300], program[4096];
        if (!exists(tools[i][0])) {
            print_message("skipped: there is no %s\n", tools[i][0]);
            continue;
        }
        while (arguments < 6 && tools[i][arguments] != NULL) {
            argv[arguments] = tools[i][arguments];
            arguments++;
        }
        snprintf(program, sizeof(program), "%s", built("works"));
        argv[arguments++] = program;
        argv[arguments++] = "500";
        argv[arguments++] = "5";
        struct running *running = run_start(&(struct run_spec){.options = output_to("%p", "interval=0.2")}, argv);
        unsigned pid = (unsigned)run_pid(running);
        struct run run = run_finish(running);
        assert_exit(run.status, 5);
        snprintf(path, sizeof(path), "%s/%u", scratch(), pid);
        bool of_works = false;
        const char *reports = text_of(path);
        /* runuser stays, and waits: its child has another id. */
        for (int n = 0; report_next(reports, ANYBODY, "exit", &n, &report);)
            of_works |= strcmp(reporter_name(&report), "works") == 0;
        if (strstr(tools[i][0], "runuser") == NULL && !of_works)
            fail_run(&run, "%s: no report of the program in\n%s", tools[i][0], reports);
        if (report_count(run.err) != 0 || lines_told(run.err, "") != 0)
            fail_run(&run, "%s: something was told", tools[i][0]);
        run_free(&run);
    }
}

/* ---- where it cannot be ---- */

/* Runs as bare; one line names the path, no report is on stderr, though several were due. */
static void cannot_be(const char *path)
{
    char options[800];
    snprintf(options, sizeof(options), "interval=0.1,output=%s", path);
    struct run run =
        expect_same(&(struct run_spec){.options = options}, ARGV("works", "500", "3", "a line of its own"));
    if (report_count(run.err) != 0 || lines_told(run.err, "") != 1 || lines_told(run.err, path) != 1)
        fail_run(&run, "wanted one line that names %s, and no report", path);
    run_free(&run);
}

static void output_in_no_directory(void **state)
{
    (void)state;
    cannot_be("/nonexistent-directory/of/reports");
}

static void output_is_a_directory(void **state)
{
    (void)state;
    cannot_be(scratch());
}

static void output_is_a_full_device(void **state)
{
    (void)state;
    cannot_be("/dev/full");
}

static void output_below_a_file(void **state)
{
    (void)state;
    cannot_be("/etc/passwd/reports");
}

/* Nobody may make a file there. Either root has made it for him in time, and the reports are in it; or one line says
 * that there is none. */
static void output_of_root_for_nobody(void **state)
{
    char options[800], path[300];
    (void)state;
    skip_unless_root();
    programs_for_all();
    snprintf(path, sizeof(path), "%s/of-root", scratch());
    assert_int_equal(mkdir(path, 0755), 0);
    strcat(path, "/reports");
    snprintf(options, sizeof(options), "interval=0.1,output=%s", path);
    struct run run =
        run_program(&(struct run_spec){.options = options}, ARGV("launches", "0", built("works"), "500", "5"));
    unsigned told = lines_told(run.err, ""), written = reports_by(text_of(path), ANYBODY, "exit");
    assert_exit(run.status, 5);
    if (report_count(run.err) != 0 || told + written != 1 || told != lines_told(run.err, path))
        fail_run(&run, "wanted one line that names %s, or an exit report there: %u, %u", path, told, written);
    run_free(&run);
}

/* A second program of the same user fares no worse because of the first. */
static void output_appended_by_many(void **state)
{
    (void)state;
    char line[4096];
    snprintf(line, sizeof(line), "'%s' 250 0 & '%s' 250 0 & wait; '%s' 10 0", built("works"), built("works"),
             built("works"));
    const struct run_spec spec = {.options = output_to("reports", "interval=0.1,only=works")};
    struct run run = expect_same(&spec, ARGV("/bin/sh", "-c", line));
    assert_string_equal(run.err, "");
    assert_int_equal(reports_by(text_of(in_scratch("reports")), ANYBODY, "exit"), 3);
    run_free(&run);
}

/* ---- sandboxes: not a word (man's helpers) ---- */

static void silent_in_a_sandbox(const char *options, const char *const *argv)
{
    struct run run = expect_same(&(struct run_spec){.options = options}, argv);
    if (report_count(run.err) != 0 || lines_told(run.err, "") != 0)
        fail_run(&run, "%s: something on stderr", argv[0]);
    run_free(&run);
}

static void sandboxed_with_a_file(void **state)
{
    (void)state;
    static const char *const ways[] = {"prctl", "syscall", "tsync", "strict", "silent"};
    for (unsigned i = 0; i < LENGTH(ways); i++) {
        silent_in_a_sandbox(output_to("%p", "interval=0.1"), ARGV("sandboxed", ways[i], "100000", "300", "exit"));
        silent_in_a_sandbox(output_to("%p", "interval=0.1"), ARGV("sandboxed", ways[i], "1000", "0", "exit", "young"));
        silent_in_a_sandbox("interval=0.1,output=/nonexistent-directory/reports",
                            ARGV("sandboxed", ways[i], "1000", "0", "exit", "young"));
    }
}

/* The filter is from before exec, as that of man's helpers: one line may say what there is not, but no report comes. */
static void filtered_with_a_file(void **state)
{
    (void)state;
    struct run run = expect_same(&(struct run_spec){.options = output_to("%p", "interval=0.1")},
                                 ARGV("filtered", "bare", built("works"), "350", "3"));
    if (report_count(run.err) != 0 || lines_told(run.err, "") > 1)
        fail_run(&run, "a report on stderr, or more than a line");
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_write_makes_no_file),
        cmocka_unit_test(file_is_made_for_the_first_report),
        cmocka_unit_test(file_is_made_for_the_exit_report),
        cmocka_unit_test(interval_zero),
        cmocka_unit_test(launched_at_once),
        cmocka_unit_test(launched_after_work),
        cmocka_unit_test(launched_by_tools),
        cmocka_unit_test(output_in_no_directory),
        cmocka_unit_test(output_is_a_directory),
        cmocka_unit_test(output_is_a_full_device),
        cmocka_unit_test(output_below_a_file),
        cmocka_unit_test(output_of_root_for_nobody),
        cmocka_unit_test(output_appended_by_many),
        cmocka_unit_test(sandboxed_with_a_file),
        cmocka_unit_test(filtered_with_a_file),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
