/* ps: who is shown, and in which order. */
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

#include "place.h"

/* Elsewhere this machine's own processes may be. */
#define list(...)     run_command("ps", "--dir", segments() __VA_OPT__(, ) __VA_ARGS__)
#define list_all(...) list("--all" __VA_OPT__(, ) __VA_ARGS__)

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

static void leave_process_tree(void)
{
    place_leave((struct place){PLACE_NOBODY + 1, 10, 1, 5, "shell|-l"});
    place_leave((struct place){PLACE_NOBODY + 2, 20, PLACE_NOBODY + 1, 7, "small|child"});
    place_leave((struct place){PLACE_NOBODY + 3, 20, PLACE_NOBODY + 1, 9, "large|child"});
    place_leave((struct place){PLACE_NOBODY + 4, 30, PLACE_NOBODY + 3, 1, "grandchild"});
    place_leave((struct place){PLACE_NOBODY + 5, 5, 77, 100, "alone"});
}

static void children_stand_below_their_parents(void **state)
{
    (void)state;
    leave_process_tree();
    setenv("LC_ALL", "C", 1);
    assert_commands(list_all(), 0, "alone\nshell -l\n|- large child\n|  `- grandchild\n`- small child\n");
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_commands(list_all(), 0, "alone\nshell -l\n├─ large child\n│  └─ grandchild\n└─ small child\n");
    unsetenv("LC_ALL");
}

static void flat_is_the_largest_first(void **state)
{
    (void)state;
    leave_process_tree();
    assert_commands(list_all("--flat"), 0, "alone\nlarge child\nsmall child\nshell -l\ngrandchild\n");
}

static void a_number_used_twice_is_two_processes(void **state)
{
    (void)state;
    place_leave((struct place){PLACE_NOBODY + 1, 10, 1, 1, "first"});
    place_leave((struct place){PLACE_NOBODY + 1, 20, 1, 2, "second"});
    place_leave((struct place){PLACE_NOBODY + 1, 40, 1, 3, "third"});
    place_leave((struct place){PLACE_NOBODY + 2, 30, PLACE_NOBODY + 1, 1, "child"});
    setenv("LC_ALL", "C", 1);
    assert_commands(list_all(), 0, "third\nsecond\n`- child\nfirst\n");
    unsetenv("LC_ALL");
}

static void nobody_is_his_own_ancestor(void **state)
{
    (void)state;
    place_leave((struct place){PLACE_NOBODY + 1, 10, PLACE_NOBODY + 2, 3, "a"});
    place_leave((struct place){PLACE_NOBODY + 2, 10, PLACE_NOBODY + 3, 2, "b"});
    place_leave((struct place){PLACE_NOBODY + 3, 10, PLACE_NOBODY + 1, 1, "c"});
    place_leave((struct place){PLACE_NOBODY + 4, 10, PLACE_NOBODY + 4, 4, "itself"});
    setenv("LC_ALL", "C", 1);
    assert_commands(list_all(), 0, "itself\na\n`- c\nb\n");
    unsetenv("LC_ALL");
}

/* ---- columns ---- */

static void living_and_dead_are_told_apart(void **state)
{
    char line[256];
    (void)state;
    place_leave((struct place){(uint32_t)getpid(), place_started(getpid()), 1, 6, "suite"});
    place_leave((struct place){(uint32_t)getpid(), 1, 1, 100, "before"});
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 300, "gone"});
    struct outcome outcome = list_all("--flat");
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

static void the_dead_are_listed_when_all_are_asked_for(void **state)
{
    (void)state;
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 300, "gone"});
    place_leave((struct place){(uint32_t)getpid(), place_started(getpid()), PLACE_NOBODY + 1, 6, "suite"});
    struct outcome outcome = list();
    assert_non_null(strstr(outcome.out, "  1 live, 1 dead\n")); /* nobody overlooks that there are some */
    assert_commands(outcome, 0, "suite\n");
    setenv("LC_ALL", "C", 1);
    assert_commands(list("--all"), 0, "gone\n`- suite\n");
    assert_commands(list("-a"), 0, "gone\n`- suite\n");
    unsetenv("LC_ALL");
    file_write(place_of(PLACE_NOBODY + 2, 1), "short", 5);
    assert_commands(list(), 0, "suite\n"); /* who looks for none of the dead need not know that one cannot be read */
}

/* Those of the usual places, and of the only one that is looked into otherwise. */
static void all_are_those_of_all_places(void **state)
{
    char other[256];
    (void)state;
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 1, "usual"});
    snprintf(other, sizeof other, "%s", in_scratch("other"));
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(setenv("TRACKMALLOC_DIR", other, 1), 0);
    const char *path = place_leave((struct place){PLACE_NOBODY + 2, 1, 1, 1, "named"});
    assert_int_equal(rename(path, in_scratch("other/5000002-1")), 0);
    struct outcome outcome = run_command("ps", "--all");
    assert_non_null(strstr(outcome.out, " usual\n"));
    assert_non_null(strstr(outcome.out, " named\n"));
    outcome_free(&outcome);
    outcome = run_command("ps", "--all", "--dir", other);
    assert_commands(outcome, 0, "named\n");
    setenv("TRACKMALLOC_DIR", segments(), 1);
}

static void another_namespaces_process_is_far(void **state)
{
    char path[256];
    (void)state;
    const char *here = place_leave((struct place){1, 10, 1, 6, "container"});
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
    const char *path = place_leave((struct place){(uint32_t)getpid(), place_started(getpid()), 1, 6, "x"});
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
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 1, "evil\033[2J|two\nlines|\302\233x\342\200\256y\377"});
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_commands(list_all(), 0, "evil?[2J two?lines ?x?y?\n");
    unsetenv("LC_ALL");
}

static void broken_files_leave_the_rest_alone(void **state)
{
    (void)state;
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 1, "fine"});
    file_write(place_of(PLACE_NOBODY + 2, 1), "short", 5);
    file_write(in_segments("notes.txt"), "mine", 4); /* no such name: nobody looks at it */
    struct outcome outcome = list_all();
    const char *end = strchr(outcome.err, '\n');
    assert_non_null(strstr(outcome.err, "5000002-1"));
    assert_true(end != NULL && end[1] == '\0');
    assert_commands(outcome, 1, "fine\n");
}

static void a_directory_that_others_may_write_to_is_not_read(void **state)
{
    (void)state;
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 1, "planted"});
    assert_int_equal(chmod(segments(), 0777), 0);
    struct outcome outcome = list_all();
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
        execl(built("trackmalloc"), "trackmalloc", "ps", "--all", "--dir", segments(), NULL);
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
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 1,
                               "a-program-of-a-long-name|with|many|words|that|never|end|at|all|it|seems"});
    place_leave(
        (struct place){PLACE_NOBODY + 2, 1, 1, 1, "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"});
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
    struct outcome outcome = list_all();
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
        cmocka_unit_test_setup(children_stand_below_their_parents, place_clear),
        cmocka_unit_test_setup(flat_is_the_largest_first, place_clear),
        cmocka_unit_test_setup(a_number_used_twice_is_two_processes, place_clear),
        cmocka_unit_test_setup(nobody_is_his_own_ancestor, place_clear),
        cmocka_unit_test_setup(living_and_dead_are_told_apart, place_clear),
        cmocka_unit_test_setup(the_dead_are_listed_when_all_are_asked_for, place_clear),
        cmocka_unit_test_setup(all_are_those_of_all_places, place_clear),
        cmocka_unit_test_setup(another_namespaces_process_is_far, place_clear),
        cmocka_unit_test_setup(who_has_published_nothing_is_shown, place_clear),
        cmocka_unit_test_setup(nobody_at_all_is_an_empty_list, place_clear),
        cmocka_unit_test_setup(a_command_cannot_steer_the_terminal, place_clear),
        cmocka_unit_test_setup(broken_files_leave_the_rest_alone, place_clear),
        cmocka_unit_test_setup(a_directory_that_others_may_write_to_is_not_read, place_clear),
        cmocka_unit_test_setup(lines_fit_the_terminal, place_clear),
        cmocka_unit_test_setup(fifty_at_once_are_all_there, place_clear),
        cmocka_unit_test_setup(who_was_killed_can_still_be_read, place_clear),
        cmocka_unit_test_setup(forked_children_stand_below, place_clear),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
