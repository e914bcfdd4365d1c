/* Where segments are looked for, and who is believed: another login, an own directory, another user, a container,
 * another clock. Elsewhere in these tests one directory is named by TRACKMALLOC_DIR; here nobody says where. */
#include "segments.h"

#include <pwd.h>
#include <sys/mman.h>

#include "cmd/segment/process.h"
#include "cmd/top/source.h"
#include "place.h"
#include "story.h"

/* Another user's number, whose places no other suite uses. */
enum { STRANGER = 2 };
#define STRANGERS_PLACE "/dev/shm/trackmalloc-2"
#define AS_STRANGER     "/usr/bin/setpriv", "--reuid", "2", "--regid", "2", "--clear-groups"

static int nobody_says_where(void **state)
{
    return harness_setup(state) | unsetenv("TRACKMALLOC_DIR");
}

/* A directory of this user's. */
static const char *folder(const char *name)
{
    const char *path = in_scratch(name);
    if (mkdir(path, 0700) != 0)
        assert_int_equal(errno, EEXIST);
    return path;
}

static void login(const char *runtime)
{
    assert_int_equal(runtime != NULL ? setenv("XDG_RUNTIME_DIR", runtime, 1) : unsetenv("XDG_RUNTIME_DIR"), 0);
}

/* One of these lines holds all the words. */
static bool has_line(const char *text, const char *first, const char *second)
{
    char line[4096];
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        snprintf(line, sizeof line, " %.*s ", (int)strcspn(at, "\n"), at);
        if (strstr(line, first) != NULL && strstr(line, second) != NULL)
            return true;
    }
    return false;
}

/* ps has a line of it in that state. */
static bool is_listed(pid_t pid, const char *state, const char *option)
{
    char number[24], word[24];
    snprintf(number, sizeof number, " %d ", (int)pid);
    snprintf(word, sizeof word, " %s ", state);
    struct outcome outcome = option != NULL ? run_command("ps", option) : run_command("ps");
    bool listed = has_line(outcome.out, number, word);
    outcome_free(&outcome); /* others may have left what cannot be read */
    return listed;
}

static void assert_listed(pid_t pid, const char *state)
{
    for (int ms = 0; !is_listed(pid, state, NULL); ms += 100) {
        if (ms > 10000)
            fail_msg("ps has no %s %d", state, (int)pid);
        pause_ms(100);
    }
}

/* show reports it under that number; waits until it is published. */
static void assert_shown(pid_t pid)
{
    char number[16], title[24];
    snprintf(number, sizeof number, "%d", (int)pid);
    snprintf(title, sizeof title, "[%d] report ", (int)pid);
    for (int ms = 0;; ms += 100) {
        struct outcome outcome = run_command("show", number);
        bool shown = outcome.status == 0 && strstr(outcome.out, title) != NULL;
        if (!shown && ms > 10000)
            fail_msg("show %d: %d\n%s%.200s", (int)pid, outcome.status, outcome.err, outcome.out);
        outcome_free(&outcome);
        if (shown)
            return;
        pause_ms(100);
    }
}

static struct target begin(const char *options, const char *const *argv)
{
    struct target target = target_start(options, argv);
    target_tell(&target, "keep 1000 100");
    target_line(&target);
    return target;
}

static const char *obeys(void)
{
    return built("test/cmd/programs/obeys");
}

/* ---- this user's ---- */

static void another_login_finds_it(void **state)
{
    (void)state;
    login(folder("first"));
    struct target target = begin(QUIET, ARGV(obeys()));
    login(folder("second"));
    assert_shown(target.pid);
    assert_listed(target.pid, "live");
    login(NULL);
    assert_shown(target.pid);
    assert_listed(target.pid, "live");
    char number[16];
    snprintf(number, sizeof number, "%d", (int)target.pid);
    struct outcome outcome = run_command("ctl", number, "set", "top", "3");
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    assert_int_equal(target_end(&target, 0), 0);
}

static void a_directory_of_its_own_is_found(void **state)
{
    char options[512];
    (void)state;
    snprintf(options, sizeof options, "dir=/nowhere,%s,dir=%s", QUIET, folder("own"));
    struct target target = begin(options, ARGV(obeys()));
    assert_shown(target.pid);
    assert_listed(target.pid, "live");
    assert_int_equal(target_end(&target, 0), 0);
}

static void a_variable_names_the_only_place(void **state)
{
    (void)state;
    login(folder("first"));
    struct target target = begin(QUIET, ARGV(obeys()));
    assert_shown(target.pid);
    setenv("TRACKMALLOC_DIR", folder("elsewhere"), 1);
    assert_false(is_listed(target.pid, "live", NULL));
    unsetenv("TRACKMALLOC_DIR");
    assert_true(is_listed(target.pid, "live", NULL));
    assert_int_equal(target_end(&target, 0), 0);
}

static void it_is_said_where_was_looked(void **state)
{
    char words[256], number[64];
    (void)state;
    login(folder("first"));
    snprintf(number, sizeof number, "%d", (int)getpid());
    snprintf(words, sizeof words, "process %s is not tracked: no segment of it is in %s/trackmalloc, ", number,
             in_scratch("first"));
    struct outcome outcome = run_command("show", number);
    snprintf(number, sizeof number, "/dev/shm/trackmalloc-%u", (unsigned)geteuid());
    assert_non_null(strstr(outcome.err, number));
    assert_refused(&outcome, 1, words);
    snprintf(number, sizeof number, "%d", (int)getpid());
    outcome = run_command("ctl", number, "report");
    snprintf(words, sizeof words, "no segment of it is in %s/trackmalloc, ", in_scratch("first"));
    assert_refused(&outcome, 1, words);
    outcome = run_command("show", "-d", folder("elsewhere"), number);
    snprintf(words, sizeof words, "no segment of it is in %s\n", in_scratch("elsewhere"));
    assert_refused(&outcome, 1, words);
}

/* ---- another user's ---- */

static struct target begin_as_stranger(const char *options)
{
    build_for_all();
    assert_int_equal(chmod(scratch(), 0755), 0);
    return begin(options, ARGV(AS_STRANGER, obeys()));
}

static void root_sees_everybodys(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    login(NULL);
    struct target target = begin_as_stranger(QUIET);
    assert_shown(target.pid);
    assert_true(is_listed(target.pid, "live", "-a"));
    struct outcome outcome = run_command("ps", "--all");
    char number[24];
    snprintf(number, sizeof number, " %d ", (int)target.pid);
    const struct passwd *stranger = getpwuid(STRANGER);
    char name[64];
    snprintf(name, sizeof name, " %s ", stranger != NULL ? stranger->pw_name : "2");
    assert_true(has_line(outcome.out, number, name));
    outcome_free(&outcome);
    assert_false(is_listed(target.pid, "live", NULL));
    target_end(&target, SIGKILL); /* what it left is found among the places of all */
    assert_shown(target.pid);
    assert_true(is_listed(target.pid, "dead", "-a"));
    assert_int_equal(system("rm -rf " STRANGERS_PLACE), 0);
}

static void another_users_process_is_said_to_be_his(void **state)
{
    char number[16];
    (void)state;
    if (geteuid() != 0)
        skip();
    login(folder("first"));
    struct target target = begin(QUIET, ARGV(obeys()));
    assert_shown(target.pid);
    assert_int_equal(chmod(scratch(), 0755), 0);
    login(NULL);
    build_for_all();
    snprintf(number, sizeof number, "%d", (int)target.pid);
    struct outcome outcome = run_program(ARGV(AS_STRANGER, built("trackmalloc"), "show", number));
    assert_refused(&outcome, 1, " is another user's, who may look, or root; no segment of it is in ");
    assert_int_equal(target_end(&target, 0), 0);
}

/* ---- who is not believed ---- */

/* A made-up segment of that process. */
static const char *leave_in(const char *directory, pid_t pid, uint64_t started)
{
    static char path[1024];
    struct story *story = story_new();
    story->head.pid = (uint32_t)pid;
    story->head.started_ticks = started;
    struct snapshot *snapshot = story_lay_out(story);
    snprintf(path, sizeof path, "%s/%s", directory, place_name((uint32_t)pid, started));
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

static void a_stranger_tells_nothing_of_our_processes(void **state)
{
    struct target target;
    (void)state;
    if (geteuid() != 0)
        skip();
    target = target_start("output=none,segment=off", ARGV(obeys()));
    mkdir(STRANGERS_PLACE, 0700);
    assert_int_equal(chown(STRANGERS_PLACE, STRANGER, STRANGER), 0);
    const char *path = leave_in(STRANGERS_PLACE, target.pid, 0);
    assert_int_equal(chown(path, STRANGER, STRANGER), 0);
    assert_true(is_listed(target.pid, "dead", "-a"));
    assert_int_equal(unlink(path), 0);
    rmdir(STRANGERS_PLACE);
    /* And nothing in our own directory. */
    char own[256];
    login(folder("first"));
    snprintf(own, sizeof own, "%s/trackmalloc", in_scratch("first"));
    mkdir(own, 0700);
    path = leave_in(own, target.pid, 0);
    assert_true(is_listed(target.pid, "live", NULL));
    assert_int_equal(chown(path, STRANGER, STRANGER), 0);
    assert_false(is_listed(target.pid, "live", NULL));
    assert_false(is_listed(target.pid, "dead", NULL));
    assert_false(is_listed(target.pid, "dead", "-a"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(target_end(&target, 0), 0);
}

static void no_link_is_followed(void **state)
{
    char own[256], number[16], command[2048];
    (void)state;
    login(folder("first"));
    snprintf(own, sizeof own, "%s/trackmalloc", in_scratch("first"));
    mkdir(own, 0700);
    const char *path = leave_in(own, getpid(), 0);
    snprintf(command, sizeof command, "mv %s %s && ln -s %s %s", path, in_scratch("kept.tms"), in_scratch("kept.tms"),
             path);
    assert_int_equal(system(command), 0);
    snprintf(number, sizeof number, "%d", (int)getpid());
    struct outcome outcome = run_command("show", number);
    assert_refused(&outcome, 1, strerror(ELOOP));
    assert_int_equal(unlink(path), 0);
}

/* ---- containers ---- */

/* The only child of one that only waits for it. */
static pid_t child_of(pid_t pid)
{
    char path[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%d", &child) != 1)
        fail_msg("%s has no child", path);
    fclose(file);
    return child;
}

static bool can_unshare(const char *options)
{
    char command[256];
    snprintf(command, sizeof command, "unshare %s true 2> /dev/null", options);
    if (system(command) == 0)
        return true;
    print_message("skipped: unshare %s is not allowed here\n", options);
    return false;
}

/* Its own files, pids and clock; within, it is process 1 or 2 of root. */
static void a_container_is_looked_into(void **state)
{
    char script[1024];
    (void)state;
    if (geteuid() != 0 || !can_unshare("--mount --pid --fork"))
        skip();
    login(NULL);
    snprintf(script, sizeof script, "mount -t tmpfs none /dev/shm && exec %s", obeys());
    struct target target =
        begin(QUIET, ARGV("/usr/bin/unshare", "--mount", "--pid", "--fork", "--mount-proc", "/bin/sh", "-c", script));
    pid_t inner = child_of(target.pid);
    assert_shown(inner);
    assert_listed(inner, "live");
    struct found found;
    assert_true(find_pid(NULL, (uint32_t)inner, &found));
    assert_int_equal(found.own_pid, 1);
    assert_int_equal(found.pid, inner);
    assert_int_equal(strncmp(found.path, "/proc/", 6), 0);
    char number[16];
    snprintf(number, sizeof number, "%d", (int)inner);
    struct outcome outcome = run_command("ctl", number, "set", "top", "3");
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    target_end(&target, 0);
}

/* A link within leads within, or nowhere. */
static void a_containers_links_lead_nowhere(void **state)
{
    char script[1024], number[16];
    (void)state;
    if (geteuid() != 0 || !can_unshare("--mount --pid --fork"))
        skip();
    login(folder("trap")); /* within, it leads to what is only outside */
    char own[256];
    snprintf(own, sizeof own, "%s/trackmalloc", folder("outside"));
    mkdir(own, 0700);
    snprintf(script, sizeof script,
             "mount -t tmpfs none %s && ln -s %s %s/trackmalloc && mount -t tmpfs none /dev/shm && exec %s",
             in_scratch("trap"), own, in_scratch("trap"), obeys());
    struct target target = target_start(
        "output=none,segment=off", ARGV("/usr/bin/unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c", script));
    target_tell(&target, "keep 1 1");
    target_line(&target);
    pid_t inner = child_of(target.pid);
    leave_in(own, inner, 0);
    login(NULL);
    snprintf(number, sizeof number, "%d", (int)inner);
    struct outcome outcome = run_command("show", number);
    assert_refused(&outcome, 1, " is not tracked");
    target_end(&target, 0);
}

/* ---- when it began ---- */

static uint64_t start_inside(pid_t pid)
{
    unsigned long long started = 0;
    const char *name = segment_of(pid);
    assert_int_equal(sscanf(strrchr(name, '/'), "/%*d-%llu", &started), 1);
    return started;
}

static void another_clock_is_taken_into_account(void **state)
{
    (void)state;
    if (geteuid() != 0 || !can_unshare("--time --boottime 100000"))
        skip();
    struct target target =
        begin(QUIET, ARGV("/usr/bin/unshare", "--time", "--boottime", "100000", "--monotonic", "700000", obeys()));
    assert_shown(target.pid);
    assert_listed(target.pid, "live");
    const uint64_t started = start_inside(target.pid);
    const uint32_t pid = (uint32_t)target.pid;
    assert_true(process_lives(pid, started, NULL)); /* also where no file is mapped */
    assert_false(process_lives(pid, started + 5, NULL));
    assert_false(process_lives(pid, started - 100000 * (unsigned)sysconf(_SC_CLK_TCK) - 5, NULL));
    /* And as seen by one with another clock again. */
    char number[16];
    snprintf(number, sizeof number, "%d", (int)target.pid);
    struct outcome outcome =
        run_program(ARGV("/usr/bin/unshare", "--time", "--boottime", "5000", built("trackmalloc"), "ps"));
    char word[24];
    snprintf(word, sizeof word, " %s ", number);
    assert_true(has_line(outcome.out, word, " live "));
    outcome_free(&outcome);
    /* Who watches it is told in its time. */
    struct found found;
    struct source source;
    assert_true(find_pid(NULL, pid, &found));
    source_begin(&source, &found, false);
    const char *why;
    free(source_read(&source, &why));
    source_watch(&source, 250, 20000);
    segment_wait(found.path, head_of(found.path).written + 3);
    source_end(&source);
    target_end(&target, 0);
}

/* It began anew, with the number and the memory that it had before. */
static void one_that_was_restored_lives(void **state)
{
    char own[256];
    struct found found;
    (void)state;
    login(folder("first"));
    snprintf(own, sizeof own, "%s/trackmalloc", in_scratch("first"));
    mkdir(own, 0700);
    const char *path = leave_in(own, getpid(), 77);
    assert_true(find_pid(NULL, (uint32_t)getpid(), &found));
    assert_int_equal(found.state, PROCESS_DEAD);
    int file = open(path, O_RDWR | O_CLOEXEC);
    void *mapped = mmap(NULL, SEGMENT_PAGE, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    assert_true(find_pid(NULL, (uint32_t)getpid(), &found));
    assert_int_equal(found.state, PROCESS_LIVING);
    assert_int_equal(find_state(&found), PROCESS_LIVING);
    munmap(mapped, SEGMENT_PAGE);
    assert_int_equal(find_state(&found), PROCESS_DEAD);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_login_finds_it),
        cmocka_unit_test(a_directory_of_its_own_is_found),
        cmocka_unit_test(a_variable_names_the_only_place),
        cmocka_unit_test(it_is_said_where_was_looked),
        cmocka_unit_test(root_sees_everybodys),
        cmocka_unit_test(another_users_process_is_said_to_be_his),
        cmocka_unit_test(a_stranger_tells_nothing_of_our_processes),
        cmocka_unit_test(no_link_is_followed),
        cmocka_unit_test(a_container_is_looked_into),
        cmocka_unit_test(a_containers_links_lead_nowhere),
        cmocka_unit_test(another_clock_is_taken_into_account),
        cmocka_unit_test(one_that_was_restored_lives),
    };
    return cmocka_run_group_tests(tests, nobody_says_where, harness_teardown);
}
