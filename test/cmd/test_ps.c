/* ps: who is shown, in which order, and what may be removed. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/find.h"
#include "cmd/gc.h"
#include "place.h"
#include "story.h"

/* ---- made-up processes ---- */

enum { NOBODY = 4000000 /* pids from here on are nobody's: the kernel's limit is 2^22, and few machines come near */ };

struct one {
    uint32_t pid;
    uint64_t started;
    uint32_t parent;
    uint64_t mebibytes;
    const char *command; /* arguments, separated by '|' */
};

static const char *leave(struct one one)
{
    const char *path = place_of(one.pid, one.started);
    struct story *story = story_new();
    struct snapshot *head = &story->head;
    head->pid = one.pid;
    head->started_ticks = one.started;
    head->parent = one.parent;
    head->total.live.bytes = one.mebibytes << 20;
    head->total_past.known = 1;
    head->total_past.live_bytes[0] = (one.mebibytes << 20) / 2;
    head->command_bytes = (uint32_t)strlen(one.command) + 1;
    memcpy(story->command, one.command, head->command_bytes);
    for (uint32_t i = 0; i < head->command_bytes; i++)
        if (story->command[i] == '|')
            story->command[i] = '\0';
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

/* Elsewhere this machine's own processes may be. */
#define list(...) run_command("ps", "--dir", segments() __VA_OPT__(, ) __VA_ARGS__)

static int clear(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s/*", segments());
    return system(command);
}

/* What stands behind the columns, line by line, without title and sum; the caller frees it. */
static char *commands_in(const char *text)
{
    char *commands = calloc(1, strlen(text) + 1);
    const char *title = strstr(text, "COMMAND\n");
    assert_non_null(title);
    size_t column = (size_t)(title - text);
    for (const char *line = strchr(text, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        if (end[1] != '\0')
            strncat(commands, line + column, (size_t)(end + 1 - line) - column);
    }
    return commands;
}

static void assert_commands(struct outcome outcome, int status, const char *expected)
{
    char *commands = commands_in(outcome.out);
    assert_int_equal(outcome.status, status);
    assert_string_equal(commands, expected);
    free(commands);
    outcome_free(&outcome);
}

/* ---- the tree ---- */

static void leave_family(void)
{
    leave((struct one){NOBODY + 1, 10, 1, 5, "shell|-l"});
    leave((struct one){NOBODY + 2, 20, NOBODY + 1, 7, "small|child"});
    leave((struct one){NOBODY + 3, 20, NOBODY + 1, 9, "large|child"});
    leave((struct one){NOBODY + 4, 30, NOBODY + 3, 1, "grandchild"});
    leave((struct one){NOBODY + 5, 5, 77, 100, "alone"});
}

static void children_stand_below_their_parents(void **state)
{
    (void)state;
    leave_family();
    setenv("LC_ALL", "C", 1);
    assert_commands(list(), 0, "alone\nshell -l\n|- large child\n|  `- grandchild\n`- small child\n");
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_commands(list(), 0, "alone\nshell -l\n├─ large child\n│  └─ grandchild\n└─ small child\n");
    unsetenv("LC_ALL");
}

static void flat_is_the_largest_first(void **state)
{
    (void)state;
    leave_family();
    assert_commands(list("--flat"), 0, "alone\nlarge child\nsmall child\nshell -l\ngrandchild\n");
}

static void a_number_used_twice_is_two_processes(void **state)
{
    (void)state;
    leave((struct one){NOBODY + 1, 10, 1, 1, "first"});
    leave((struct one){NOBODY + 1, 20, 1, 2, "second"});
    leave((struct one){NOBODY + 1, 40, 1, 3, "third"});
    leave((struct one){NOBODY + 2, 30, NOBODY + 1, 1, "child"});
    setenv("LC_ALL", "C", 1);
    assert_commands(list(), 0, "third\nsecond\n`- child\nfirst\n");
    unsetenv("LC_ALL");
}

static void nobody_is_his_own_ancestor(void **state)
{
    (void)state;
    leave((struct one){NOBODY + 1, 10, NOBODY + 2, 3, "a"});
    leave((struct one){NOBODY + 2, 10, NOBODY + 3, 2, "b"});
    leave((struct one){NOBODY + 3, 10, NOBODY + 1, 1, "c"});
    leave((struct one){NOBODY + 4, 10, NOBODY + 4, 4, "itself"});
    setenv("LC_ALL", "C", 1);
    assert_commands(list(), 0, "itself\na\n`- c\nb\n");
    unsetenv("LC_ALL");
}

/* ---- columns ---- */

static void living_and_dead_are_told_apart(void **state)
{
    char line[256];
    (void)state;
    leave((struct one){(uint32_t)getpid(), place_started(getpid()), 1, 6, "suite"});
    leave((struct one){(uint32_t)getpid(), 1, 1, 100, "before"});
    leave((struct one){NOBODY + 1, 1, 1, 300, "gone"});
    struct outcome outcome = list("--flat");
    assert_int_equal(outcome.status, 0);
    snprintf(line, sizeof line, "\n%7d  live ", (int)getpid());
    assert_non_null(strstr(outcome.out, line));
    snprintf(line, sizeof line, "\n%7d  dead ", (int)getpid());
    assert_non_null(strstr(outcome.out, line));
    assert_non_null(strstr(outcome.out, "  300.0MiB  "));
    assert_non_null(strstr(outcome.out, "  +150.0MiB  "));
    const char *sum = strrchr(outcome.out, '\n');
    do
        sum--;
    while (*sum != '\n');
    assert_non_null(strstr(sum, " 6.0MiB  ")); /* of the living only */
    assert_non_null(strstr(sum, " +3.0MiB  "));
    assert_non_null(strstr(sum, "  1 live, 2 dead\n"));
    outcome_free(&outcome);
}

static void another_namespaces_process_is_far(void **state)
{
    char path[256];
    (void)state;
    const char *here = leave((struct one){1, 10, 1, 6, "container"});
    snprintf(path, sizeof path, "%s/1-10-12345", segments());
    assert_int_equal(rename(here, path), 0);
    struct outcome outcome = list();
    assert_non_null(strstr(outcome.out, "\n  1  far "));
    outcome_free(&outcome);
    outcome = list("--gc");
    assert_string_equal(outcome.out, "0 segments removed, 0.0B freed\n");
    outcome_free(&outcome);
    assert_int_equal(access(path, F_OK), 0);
}

static void who_has_published_nothing_is_shown(void **state)
{
    const char *path = leave((struct one){(uint32_t)getpid(), place_started(getpid()), 1, 6, "x"});
    struct segment head;
    (void)state;
    int file = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(file, &head, sizeof head, 0), sizeof head);
    head.written = 0;
    assert_int_equal(pwrite(file, &head, sizeof head, 0), sizeof head);
    close(file);
    struct outcome outcome = list();
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    assert_non_null(strstr(outcome.out, "test_ps\n")); /* as the kernel knows it */
    assert_non_null(strstr(outcome.out, "live      -  "));
    outcome_free(&outcome);
}

static void nobody_at_all_is_an_empty_list(void **state)
{
    (void)state;
    struct outcome outcome = list();
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "0 live, 0 dead\n"));
    outcome_free(&outcome);
    outcome = run_command("ps", "--dir", in_scratch("not-there"));
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
}

/* ---- hostile files ---- */

static void a_command_cannot_steer_the_terminal(void **state)
{
    (void)state;
    leave((struct one){NOBODY + 1, 1, 1, 1, "evil\033[2J|two\nlines|\302\233x\342\200\256y\377"});
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_commands(list(), 0, "evil?[2J two?lines ?x?y?\n");
    unsetenv("LC_ALL");
}

static void broken_files_leave_the_rest_alone(void **state)
{
    (void)state;
    leave((struct one){NOBODY + 1, 1, 1, 1, "fine"});
    file_write(place_of(NOBODY + 2, 1), "short", 5);
    file_write(in_segments("notes.txt"), "mine", 4); /* no such name: nobody looks at it */
    struct outcome outcome = list();
    const char *end = strchr(outcome.err, '\n');
    assert_non_null(strstr(outcome.err, "4000002-1"));
    assert_true(end != NULL && end[1] == '\0');
    assert_commands(outcome, 1, "fine\n");
}

static void a_directory_that_others_may_write_to_is_not_read(void **state)
{
    (void)state;
    leave((struct one){NOBODY + 1, 1, 1, 1, "planted"});
    assert_int_equal(chmod(segments(), 0777), 0);
    struct outcome outcome = list();
    assert_non_null(strstr(outcome.err, "others may write to it"));
    assert_null(strstr(outcome.out, "planted"));
    assert_int_equal(chmod(segments(), 0700), 0);
    outcome_free(&outcome);
}

/* ---- the width ---- */

/* Lines of a terminal of so many columns, as they were printed; the caller frees them. */
static char *print_to_terminal(unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int master, slave;
    char *text = calloc(1, 65536);
    size_t length = 0;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(slave, 1);
        execl(built("trackmalloc"), "trackmalloc", "ps", "--dir", segments(), NULL);
        _exit(127);
    }
    close(slave);
    ssize_t part;
    while (length < 65535 && (part = read(master, text + length, 65535 - length)) > 0) /* EIO: nobody writes any more */
        length += (size_t)part;
    close(master);
    waitpid(child, NULL, 0);
    return text;
}

static void lines_fit_the_terminal(void **state)
{
    (void)state;
    leave((struct one){NOBODY + 1, 1, 1, 1, "a-program-of-a-long-name|with|many|words|that|never|end|at|all|it|seems"});
    leave((struct one){NOBODY + 2, 1, 1, 1, "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"});
    setenv("LC_ALL", "C.UTF-8", 1);
    char *text = print_to_terminal(80);
    unsetenv("LC_ALL");
    assert_non_null(strstr(text, "a-program"));
    assert_null(strstr(text, "seems"));
    for (char *line = strtok(text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        size_t wide = 0;
        for (const char *at = line; *at != '\0'; at++) /* an ideogram has three bytes and two columns */
            wide += (*at & 0x80) == 0 ? 1 : (*at & 0xc0) == 0xc0 ? 2 : 0;
        if (wide > 80)
            fail_msg("%zu columns: %s", wide, line);
    }
    free(text);
}

/* ---- gc ---- */

static void assert_there(const char *path, bool there)
{
    if ((access(path, F_OK) == 0) != there)
        fail_msg("%s is %sthere", path, there ? "not " : "");
}

static void only_the_segments_of_the_dead_go(void **state)
{
    char dead[256], living[256], diary[256], stranger[256], unborn[256];
    (void)state;
    snprintf(dead, sizeof dead, "%s", leave((struct one){NOBODY + 1, 10, 1, 1, "dead"}));
    snprintf(living, sizeof living, "%s",
             leave((struct one){(uint32_t)getpid(), place_started(getpid()), 1, 1, "suite"}));
    snprintf(diary, sizeof diary, "%s", place_of(2024, 10));
    file_write(diary, "dear diary", 10);
    snprintf(stranger, sizeof stranger, "%s", place_of(NOBODY + 3, 30));
    assert_int_equal(rename(leave((struct one){NOBODY + 2, 10, 1, 1, "renamed"}), stranger), 0);
    snprintf(unborn, sizeof unborn, "%s", place_of(NOBODY + 4, 40));
    file_write(unborn, "", 0);
    assert_int_equal(truncate(unborn, 6 << 20), 0);
    struct stat status;
    assert_int_equal(stat(dead, &status), 0);
    struct outcome outcome = list("--gc");
    assert_int_equal(outcome.status, 0);
    char expected[64];
    snprintf(expected, sizeof expected, "2 segments removed, %.1fKiB freed\n", (double)status.st_blocks / 2);
    assert_string_equal(outcome.out, expected);
    assert_string_equal(outcome.err, "");
    outcome_free(&outcome);
    assert_there(dead, false);
    assert_there(unborn, false);
    assert_there(living, true);
    assert_there(diary, true);
    assert_there(stranger, true);
}

static pid_t child_that_waits(void)
{
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    assert_true(child > 0);
    return child;
}

static void who_is_dead_and_not_waited_for_is_dead(void **state)
{
    siginfo_t info;
    pid_t child = child_that_waits();
    const char *path = leave((struct one){(uint32_t)child, place_started(child), 1, 1, "zombie"});
    (void)state;
    struct outcome outcome = list("--gc");
    assert_there(path, true);
    outcome_free(&outcome);
    kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    outcome = list("--gc");
    assert_there(path, false);
    outcome_free(&outcome);
    waitpid(child, NULL, 0);
}

static _Noreturn void collect_for_ever(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    for (;;) {
        struct found_list found = find_all(segments());
        if (gc_run(&found) != 0)
            _exit(1);
        found_free(&found);
    }
}

/* Collectors look at the directory while processes begin and end. */
static void none_that_lives_is_removed_in_a_race(void **state)
{
    enum { COLLECTORS = 2, LIVES = 60 };
    pid_t collector[COLLECTORS];
    (void)state;
    for (int i = 0; i < COLLECTORS; i++)
        if ((collector[i] = fork()) == 0)
            collect_for_ever();
    for (int i = 0; i < LIVES; i++) {
        pid_t child = child_that_waits();
        char path[256];
        snprintf(path, sizeof path, "%s", leave((struct one){(uint32_t)child, place_started(child), 1, 1, "mayfly"}));
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_there(path, true);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        for (int step = 0; step < 5000 && access(path, F_OK) == 0; step++)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_there(path, false);
    }
    for (int i = 0; i < COLLECTORS; i++) {
        int status;
        assert_int_equal(waitpid(collector[i], &status, WNOHANG), 0); /* none has complained */
        kill(collector[i], SIGKILL);
        waitpid(collector[i], NULL, 0);
    }
}

/* ---- real processes ---- */

static const char options[] = "interval=0.1,output=none";

static void fifty_at_once_are_all_there(void **state)
{
    enum { TARGETS = 50 };
    struct target target[TARGETS];
    (void)state;
    for (int i = 0; i < TARGETS; i++)
        target[i] = target_start(options, ARGV(built("test/cmd/programs/holds"), "5000"));
    for (int i = 0; i < TARGETS; i++) {
        assert_string_equal(target_line(&target[i]), "ready");
        target_published(&target[i], target_published(&target[i], 0));
    }
    struct outcome outcome = list();
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    for (int i = 0; i < TARGETS; i++) {
        char line[64];
        snprintf(line, sizeof line, "%d  live ", (int)target[i].pid);
        assert_non_null(strstr(outcome.out, line));
    }
    assert_non_null(strstr(outcome.out, "  50 live, 0 dead\n"));
    outcome_free(&outcome);
    for (int i = 0; i < TARGETS; i++)
        target_end(&target[i], i % 2 == 0 ? SIGKILL : 0);
    outcome = list(); /* who ended by itself left nothing */
    if (strstr(outcome.out, "  0 live, 25 dead\n") == NULL)
        fail_msg("%s", outcome.out);
    outcome_free(&outcome);
    outcome = list("--gc");
    assert_int_equal(strncmp(outcome.out, "25 segments removed, ", 21), 0);
    outcome_free(&outcome);
}

static void who_was_killed_can_still_be_read(void **state)
{
    char pid[16];
    struct target target = target_start(options, ARGV(built("test/cmd/programs/holds"), "5000"));
    (void)state;
    assert_string_equal(target_line(&target), "ready");
    target_published(&target, target_published(&target, 0));
    assert_int_equal(WTERMSIG(target_end(&target, SIGKILL)), SIGKILL);
    struct outcome outcome = list();
    assert_non_null(strstr(outcome.out, "  dead  "));
    assert_non_null(strstr(outcome.out, "/programs/holds 5000\n"));
    outcome_free(&outcome);
    snprintf(pid, sizeof pid, "%d", (int)target.pid);
    outcome = run_command("show", pid);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "trackmalloc: holds["));
    outcome_free(&outcome);
}

static void forked_children_stand_below(void **state)
{
    struct target target = target_start(options, ARGV(built("test/cmd/programs/holds"), "5000", "2"));
    (void)state;
    assert_string_equal(target_line(&target), "ready");
    struct outcome outcome = {.out = NULL};
    setenv("LC_ALL", "C", 1);
    for (int step = 0; step < 4000; step++) { /* until all have: 5,000 blocks, and twice those with as many more */
        outcome = list();
        if (strstr(outcome.out, "  3 live, 0 dead\n") != NULL && strstr(outcome.out, " 25,") != NULL)
            break;
        outcome_free(&outcome);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    unsetenv("LC_ALL");
    assert_non_null(outcome.out);
    assert_non_null(strstr(outcome.out, "|- /"));
    assert_non_null(strstr(outcome.out, "`- /"));
    outcome_free(&outcome);
    assert_int_equal(target_end(&target, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(children_stand_below_their_parents, clear),
        cmocka_unit_test_setup(flat_is_the_largest_first, clear),
        cmocka_unit_test_setup(a_number_used_twice_is_two_processes, clear),
        cmocka_unit_test_setup(nobody_is_his_own_ancestor, clear),
        cmocka_unit_test_setup(living_and_dead_are_told_apart, clear),
        cmocka_unit_test_setup(another_namespaces_process_is_far, clear),
        cmocka_unit_test_setup(who_has_published_nothing_is_shown, clear),
        cmocka_unit_test_setup(nobody_at_all_is_an_empty_list, clear),
        cmocka_unit_test_setup(a_command_cannot_steer_the_terminal, clear),
        cmocka_unit_test_setup(broken_files_leave_the_rest_alone, clear),
        cmocka_unit_test_setup(a_directory_that_others_may_write_to_is_not_read, clear),
        cmocka_unit_test_setup(lines_fit_the_terminal, clear),
        cmocka_unit_test_setup(only_the_segments_of_the_dead_go, clear),
        cmocka_unit_test_setup(who_is_dead_and_not_waited_for_is_dead, clear),
        cmocka_unit_test_setup(none_that_lives_is_removed_in_a_race, clear),
        cmocka_unit_test_setup(fifty_at_once_are_all_there, clear),
        cmocka_unit_test_setup(who_was_killed_can_still_be_read, clear),
        cmocka_unit_test_setup(forked_children_stand_below, clear),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
