/* Programs that wait: reports, a segment and a line of `ps` come at the interval asked for, whoever they are, and
 * whatever they have become (hazards 19, 34). */
#include "fast.h"

#define MS "2200" /* that they wait */

static void skip_unless_root(void)
{
    if (getuid() == 0)
        return;
    print_message("skipped: only root can do that\n");
    skip();
}

/* What a command says on stdout; malloc'ed. */
static char *said_by(const char *format, ...)
{
    char line[2048];
    char *text = calloc(1, 1 << 18);
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    fread(text, 1, (1 << 18) - 1, pipe);
    pclose(pipe);
    return text;
}

/* The interval is longer than a tick: else a program that starts its reports late would do so at once. Options with
 * segments in a directory of the test's own. */
static const char *idle_options(const char *file, const char *rest)
{
    static char options[1024];
    char segments[256];
    snprintf(segments, sizeof(segments), "%s/segments", scratch());
    mkdir(segments, 0700);
    snprintf(options, sizeof(options), "interval=0.3,output=%s/%s,dir=%s%s", scratch(), file, segments, rest);
    return options;
}

/* ps lists it, as one that lives and with figures. */
static bool is_listed(unsigned pid)
{
    char *list = said_by("'%s' ps --flat --dir=%s/segments 2>&1", command(), scratch());
    bool listed = false;
    for (char *line = list; line != NULL && *line != 0; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned number = 0;
        char state[16] = "", live[16] = "";
        int fields = sscanf(line, "%u %15s %15s", &number, state, live);
        listed |= fields == 3 && number == pid && strcmp(state, "live") == 0 && live[0] != '-';
    }
    if (!listed)
        print_message("not listed: %u in\n%s", pid, list);
    free(list);
    return listed;
}

static char *file_text(const char *path)
{
    return said_by("cat '%s' 2> /dev/null", path);
}

/* Of the process that waits: the scenario itself (pids NULL), or who wrote its number to that file. */
static unsigned who_waits(const struct running *running, const char *pids)
{
    unsigned pid = (unsigned)run_pid(running);
    if (pids != NULL) {
        char *text = file_text(pids);
        pid = (unsigned)atoi(text);
        free(text);
    }
    return pid;
}

enum listed { LISTED, NOT_LISTED };

/* While it runs, the process that waits is looked at, after 1.5 s; then its periodic reports are counted. Bare, these
 * programs say nothing and end with 0. */
static void reported(const char *options, const char *pids, const char *const *argv, enum listed must)
{
    struct running *running = run_start(&(struct run_spec){.options = options, .seconds = 10}, argv);
    usleep(1500000);
    unsigned pid = who_waits(running, pids);
    bool listed = pid != 0 && must == LISTED && is_listed(pid);
    struct run run = run_finish(running);
    char *reports = file_text(in_scratch("reports"));
    unsigned periodic = reports_by(reports, pid, "periodic");
    if (run.timed_out || run.status != 0 || run.out[0] != '\0' || run.err[0] != '\0')
        fail_run(&run, "%s %s differs from bare", argv[0], argv[1]);
    if (periodic < 2 || (!listed && must == LISTED))
        fail_msg("%s %s[%u]: %u periodic reports, %s", argv[0], argv[1], pid, periodic,
                 listed ? "listed by ps" : "not listed by ps");
    for (int n = 0; report_next(reports, pid, "periodic", &n, &report);)
        assert_true(report.live_blocks >= 100);
    free(reports);
    run_free(&run);
}

/* ---- a C++ program of 200 blocks (34) ---- */

static void idle_in(const char *way)
{
    reported(idle_options("reports", ""), NULL, ARGV("idles_cxx", way, MS), LISTED);
}

#define IDLE_IN(way)                        \
    static void idle_in_##way(void **state) \
    {                                       \
        (void)state;                        \
        idle_in(#way);                      \
    }

IDLE_IN(pause)
IDLE_IN(poll)
IDLE_IN(read)
IDLE_IN(select)
IDLE_IN(epoll)
IDLE_IN(accept)
IDLE_IN(sigwait)
IDLE_IN(sleep)

/* ---- who has become somebody ---- */

static void idle_after(const char *how, enum listed must)
{
    const char *pids = in_scratch("pids");
    reported(idle_options("reports", ""), pids, ARGV("idles", how, MS, pids), must);
}

#define IDLE_AFTER(how)                        \
    static void idle_after_##how(void **state) \
    {                                          \
        (void)state;                           \
        idle_after(#how, LISTED);              \
    }

IDLE_AFTER(imports)
IDLE_AFTER(fork)
IDLE_AFTER(grandchild)
IDLE_AFTER(vfork)
IDLE_AFTER(setuid)
IDLE_AFTER(prctl)
IDLE_AFTER(unshare)

/* A process whose main has left is a zombie to /proc; ps believes that. */
static void idle_after_thread(void **state)
{
    (void)state;
    idle_after("thread", NOT_LISTED);
}

static void idle_after_chroot(void **state)
{
    (void)state;
    skip_unless_root();
    idle_after("chroot", LISTED);
}

/* Its parent leaves at once; the shell stays, for the harness ends what is left behind. */
static void idle_daemon(void **state)
{
    (void)state;
    const char *pids = in_scratch("pids");
    char line[1024];
    snprintf(line, sizeof(line), "'%s' daemon " MS " %s; sleep 2.5", built("idles"), pids);
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    struct running *running =
        run_start(&(struct run_spec){.options = idle_options("reports", ",only=idles"), .seconds = 10}, argv);
    usleep(1600000);
    unsigned pid = who_waits(running, pids);
    bool listed = pid != 0 && is_listed(pid);
    struct run run = run_finish(running);
    char *reports = file_text(in_scratch("reports"));
    unsigned periodic = reports_by(reports, pid, "periodic");
    assert_exit(run.status, 0);
    if (periodic < 2 || !listed)
        fail_msg("daemon[%u]: %u periodic reports, %s", pid, periodic, listed ? "listed by ps" : "not listed by ps");
    free(reports);
    run_free(&run);
}

/* ---- nowhere to write ---- */

/* The reports are dropped, and counted where others look. */
static void idle_with_reports_dropped(void **state)
{
    (void)state;
    char options[400];
    snprintf(options, sizeof(options), "interval=0.3,final=off,dir=%s/segments,output=/nonexistent/x", scratch());
    struct running *running = run_start(&(struct run_spec){.options = options, .seconds = 10},
                                        ARGV("idles", "imports", "2000", in_scratch("pids")));
    unsigned pid = (unsigned)run_pid(running);
    usleep(1500000);
    char *shown = said_by("'%s' show --dir=%s/segments %u 2>&1", command(), scratch(), pid);
    struct run run = run_finish(running);
    assert_int_equal(run.status, 0);
    assert_int_equal(lines_told(run.err, "/nonexistent/x"), 1);
    if (strstr(shown, "\nNotes:\n/nonexistent/x could not be written to: a report was dropped (") == NULL)
        fail_msg("no count of what was dropped in\n%s", shown);
    free(shown);
    run_free(&run);
}

/* ---- who was root (34) ---- */

static void goes_on_as_nobody(const char *const *argv)
{
    char directory[256], path[300], options[800];
    skip_unless_root();
    snprintf(directory, sizeof(directory), "%s/of-root", scratch());
    snprintf(path, sizeof(path), "%s/reports", directory);
    assert_int_equal(mkdir(directory, 0755), 0);
    snprintf(options, sizeof(options), "interval=0.3,output=%s", path);
    struct running *running = run_start(&(struct run_spec){.options = options, .seconds = 10}, argv);
    unsigned pid = (unsigned)run_pid(running);
    usleep(1500000);
    char *early = said_by("'%s' show %u 2>&1", command(), pid);
    usleep(600000);
    char *late = said_by("'%s' show %u 2>&1", command(), pid);
    struct run run = run_finish(running);
    char *reports = file_text(path);
    unsigned after = 0;
    for (int n = 0; report_next(reports, pid, "periodic", &n, &report);)
        after += report.uptime > 0.8; /* it was somebody else by then */
    if (run.status != 0 || run.timed_out || report_count(run.err) != 0)
        fail_run(&run, "gives_up_root");
    if (after < 2)
        fail_run(&run, "%u periodic reports in its second life, in\n%s", after, reports);
    assert_int_equal(reports_by(reports, pid, "exit"), 1);
    assert_true(report_read(early, -1, &report));
    double uptime = report.uptime;
    if (!report_read(late, -1, &report) || report.uptime < uptime + 0.3)
        fail_msg("the segment stands still: up %.1f s, then %.1f s", uptime, report.uptime);
    free(early);
    free(late);
    free(reports);
    run_free(&run);
}

static void idle_as_nobody(void **state)
{
    (void)state;
    goes_on_as_nobody(ARGV("gives_up_root", "2600"));
}

static void idle_as_nobody_after_work(void **state)
{
    (void)state;
    goes_on_as_nobody(ARGV("gives_up_root", "2200", "late"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_in_pause),
        cmocka_unit_test(idle_in_poll),
        cmocka_unit_test(idle_in_read),
        cmocka_unit_test(idle_in_select),
        cmocka_unit_test(idle_in_epoll),
        cmocka_unit_test(idle_in_accept),
        cmocka_unit_test(idle_in_sigwait),
        cmocka_unit_test(idle_in_sleep),
        cmocka_unit_test(idle_after_imports),
        cmocka_unit_test(idle_after_fork),
        cmocka_unit_test(idle_after_grandchild),
        cmocka_unit_test(idle_after_vfork),
        cmocka_unit_test(idle_after_setuid),
        cmocka_unit_test(idle_after_prctl),
        cmocka_unit_test(idle_after_unshare),
        cmocka_unit_test(idle_after_thread),
        cmocka_unit_test(idle_after_chroot),
        cmocka_unit_test(idle_daemon),
        cmocka_unit_test(idle_with_reports_dropped),
        cmocka_unit_test(idle_as_nobody),
        cmocka_unit_test(idle_as_nobody_after_work),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
