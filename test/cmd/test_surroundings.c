/* A program that has a segment ends as without us: under limits and filters, while it changes its user, root or
 * namespace; and its descriptors are its own. */
#include "segments.h"

#include <sys/resource.h>
#include <sys/syscall.h>

static void with_library(const char *options)
{
    assert_int_equal(setenv("LD_PRELOAD", built("libtrackmalloc.so"), 1), 0);
    assert_int_equal(setenv("TRACKMALLOC_OPTIONS", options, 1), 0);
}

static void without_library(void)
{
    assert_int_equal(unsetenv("LD_PRELOAD") | unsetenv("TRACKMALLOC_OPTIONS"), 0);
}

/* The same status and output, and on stderr nothing but lines of ours. */
static void same_as_without_us(const char *options, const char *const *argv)
{
    struct outcome bare = run_program(argv);
    with_library(options);
    struct outcome tracked = run_program(argv);
    without_library();
    if (bare.status != tracked.status || strcmp(bare.out, tracked.out) != 0)
        fail_msg("%s: %d and %s without, %d and %s with the library; %.500s", argv[2], bare.status, bare.out,
                 tracked.status, tracked.out, tracked.err);
    for (const char *line = tracked.err; *line != '\0'; line = strchr(line, '\n') + 1)
        if (strncmp(line, "trackmalloc: ", 13) != 0)
            fail_msg("%s: %s", argv[2], line);
    outcome_free(&bare);
    outcome_free(&tracked);
}

/* ---- limits ---- */

/* A program that is told so after it has had the time for a segment, and again time after that; without the library
 * at once. What it writes is no file. */
static const char *in_time(const char *order, const char *program, const char *arguments)
{
    static char script[2048];
    const char *wait = "${LD_PRELOAD:+sleep 0.4}";
    snprintf(script, sizeof script, "set -o pipefail; (%s; echo %s; %s) | (%s %s) | cat", wait, order, wait, program,
             arguments);
    return script;
}

static void limits_end_no_program(void **state)
{
    (void)state;
    const char *const limits[] = {"ulimit -f 1",      "ulimit -f 0",     "ulimit -n 4",
                                  "ulimit -v 150000", "ulimit -v 60000", "ulimit -s 64"};
    char command[1024];
    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        snprintf(command, sizeof command, "%s; exec %s", limits[i], built("test/cmd/programs/obeys"));
        same_as_without_us(i % 2 == 0 ? QUIET ",keep=on" : QUIET,
                           ARGV("/bin/bash", "-c", in_time("keep 1000 100", command, "")));
    }
}

/* At exit it is the program's own thread that makes the file, and would get the signal. */
static void a_program_of_a_moment_neither(void **state)
{
    (void)state;
    char script[1024];
    snprintf(script, sizeof script, "set -o pipefail; (ulimit -f 1; exec %s 5 5 < /dev/null) | cat",
             built("test/cmd/programs/obeys"));
    same_as_without_us(QUIET ",keep=on", ARGV("/bin/bash", "-c", script));
}

static void limit(struct target *target, int resource, rlim_t value)
{
    told(target, "keep 0 0"); /* it is loaded */
    struct rlimit limit = {value, value};
    assert_int_equal(prlimit(target->pid, resource, &limit, NULL), 0);
}

/* The three that it has are as many as it may have. */
static void limits_that_come_later_neither(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    limit(&target, RLIMIT_NOFILE, 3);
    const char *path = segment_of(target.pid);
    limit(&target, RLIMIT_FSIZE, 0);
    told(&target, "keep 1000 1000");
    struct loaded loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", "1000 1000000");
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(access(path, F_OK), -1);

    target = obeys_start(QUIET ",keep=on");
    limit(&target, RLIMIT_NOFILE, 0); /* none can be made, now or at the end */
    assert_string_equal(told(&target, "keep 1 1"), "1 1");
    pause_ms(400);
    assert_int_equal(target_end(&target, 0), 0);
}

/* Whom the kernel gives no thread has no segment, and is counted. */
static void without_threads_to_be_had_it_is_kept_at_exit(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    build_for_all();
    const char *place = in_scratch("for-nobody");
    char options[600];
    assert_int_equal(chmod(scratch(), 0755) | mkdir(place, 0700) | chown(place, 54321, 54321), 0);
    snprintf(options, sizeof options, QUIET ",keep=on,dir=%s", place);
    struct target target =
        target_start(options, ARGV("/usr/bin/prlimit", "--nproc=1", "/usr/bin/setpriv", "--reuid", "54321", "--regid",
                                   "54321", "--clear-groups", built("test/cmd/programs/obeys"), "7", "100"));
    assert_string_equal(told(&target, "keep 1 1"), "8 701");
    pause_ms(500);
    assert_int_equal(target_end(&target, 0), 0);
    char command[700];
    snprintf(command, sizeof command, "cp %s/* %s", place, in_scratch("kept"));
    assert_int_equal(system(command), 0);
    struct loaded loaded = taken(in_scratch("kept"));
    assert_holds(loaded.snapshot, "obeys", "8 701");
    loaded_free(&loaded);
    assert_int_equal(chmod(scratch(), 0700), 0);
}

/* ---- descriptors ---- */

static void descriptors_are_the_programs_own(void **state)
{
    (void)state;
    struct target target = target_start(QUIET, ARGV(built("test/cmd/programs/opens"), "2000"));
    const char *path = segment_of(target.pid);
    uint64_t before = head_of(path).written;
    watch(path, 250);
    assert_string_equal(target_line(&target), "many turns, 0 others, 0 more");
    assert_true(head_of(path).written >= before + 4);
    assert_int_equal(target_end(&target, 0), 0);
}

/* ---- what it becomes ---- */

/* It has a segment, becomes another, and has its usual end; what the file says then. */
static struct target changed(const char *how, const char **path)
{
    struct target target = target_start(QUIET, ARGV(built("test/cmd/programs/changes"), how, scratch()));
    *path = segment_of(target.pid);
    told(&target, "now");
    return target;
}

static void whatever_it_becomes_it_ends_well(void **state)
{
    (void)state;
    const char *const ways[] = {"nothing", "unshare", "mount", "uid", "chroot", "setns", "signals", "seccomp"};
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char arguments[128];
        snprintf(arguments, sizeof arguments, "%s %s", ways[i], scratch());
        same_as_without_us(QUIET, ARGV("/bin/bash", "-c", in_time("", built("test/cmd/programs/changes"), arguments)));
    }
}

/* It cannot be removed from there: it says that its process has ended. */
static void behind_a_chroot_or_another_user_it_says_that_it_has_ended(void **state)
{
    (void)state;
    const char *path;
    if (geteuid() != 0)
        skip();
    struct target target = changed("chroot", &path);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(head_of(path).state, SEGMENT_ENDED);
    unlink(path);
    target = changed("uid", &path);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(head_of(path).state, SEGMENT_ENDED);
    unlink(path);
}

/* The last snapshot stays as it was, also after the end. */
static void a_process_in_its_own_sandbox_is_read_as_it_was(void **state)
{
    (void)state;
    const char *path;
    struct target target = changed("seccomp", &path);
    uint64_t written = head_of(path).written;
    watch(path, 250);
    pause_ms(600);
    assert_int_equal(head_of(path).written, written);
    assert_int_equal(target_end(&target, 0), 0);
    struct loaded loaded = taken(path);
    assert_sums_at_rest(loaded.snapshot);
    loaded_free(&loaded);
    unlink(path);
}

/* Which kills for the calls by which a segment is made. */
static void under_a_filter_there_is_none(void **state)
{
    (void)state;
    char arguments[1024];
    snprintf(arguments, sizeof arguments, "%d,%d,%d %s", SYS_process_vm_writev, SYS_process_vm_readv, SYS_close_range,
             built("test/cmd/programs/obeys"));
    const char *script = in_time("keep 10 10", built("test/cmd/programs/sandboxes"), arguments);
    same_as_without_us(QUIET, ARGV("/bin/bash", "-c", script));
    same_as_without_us("output=none,interval=0.1,keep=on", ARGV("/bin/bash", "-c", script));
    struct found_list list = find_all(segments());
    for (size_t i = 0; i < list.rows; i++) {
        struct loaded loaded = taken(list.row[i].path);
        assert_string_not_equal(loaded.snapshot->program, "obeys");
        loaded_free(&loaded);
    }
    found_free(&list);
}

/* Where its user says so: by calls that every filter for services allows. Requests are answered, and nothing is mapped.
 */
static void under_a_filter_there_is_one_on_request(void **state)
{
    (void)state;
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%d,%d,%d", SYS_process_vm_writev, SYS_process_vm_readv, SYS_close_range);
    struct target target = target_start(
        QUIET ",segment=on", ARGV(built("test/cmd/programs/sandboxes"), numbers, built("test/cmd/programs/obeys")));
    char holds[64];
    strcpy(holds, told(&target, "keep 1000 24"));
    const char *path = segment_of(target.pid);
    assert_string_equal(told_of_segments(&target), "0");
    char pid[16];
    snprintf(pid, sizeof pid, "%d", target.pid);
    struct outcome outcome = run_command("ctl", pid, "set", "top", "7");
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    struct loaded loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", holds);
    loaded_free(&loaded);
    assert_true(WIFSIGNALED(target_end(&target, SIGKILL)));
    loaded = taken(path);
    assert_holds(loaded.snapshot, "obeys", holds);
    loaded_free(&loaded);
    unlink(path);
    target = target_start(QUIET ",segment=on",
                          ARGV(built("test/cmd/programs/sandboxes"), numbers, built("test/cmd/programs/obeys")));
    path = segment_of(target.pid);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_end_no_program),
        cmocka_unit_test(a_program_of_a_moment_neither),
        cmocka_unit_test(limits_that_come_later_neither),
        cmocka_unit_test(without_threads_to_be_had_it_is_kept_at_exit),
        cmocka_unit_test(descriptors_are_the_programs_own),
        cmocka_unit_test(whatever_it_becomes_it_ends_well),
        cmocka_unit_test(behind_a_chroot_or_another_user_it_says_that_it_has_ended),
        cmocka_unit_test(a_process_in_its_own_sandbox_is_read_as_it_was),
        cmocka_unit_test(under_a_filter_there_is_none),
        cmocka_unit_test(under_a_filter_there_is_one_on_request),
    };
    return side_by_side(tests, sizeof tests / sizeof tests[0], harness_setup, harness_teardown);
}
