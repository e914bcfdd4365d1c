/* Subcommands without PID|FILE: they take the only tracked process that is running, or list the choice. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"

/* Each of them; a file that `save` would write is in the scratch directory. */
static const char *const calls[][5] = {
    {"show"}, {"save", "-o", "kept.tms"}, {"diff"}, {"ctl", "report"}, {"export", "-f", "json"},
};

enum { CALLS = sizeof calls / sizeof *calls };

static struct outcome call(const char *const *words, const char *directory)
{
    const char *argv[8] = {built("trackmalloc"), words[0]};
    int argc = 2;
    if (directory != NULL) {
        argv[argc++] = "--dir";
        argv[argc++] = directory;
    }
    for (int i = 1; i < 5 && words[i] != NULL; i++)
        argv[argc++] = words[i];
    return run_program(argv);
}

static int setup(void **state)
{
    return harness_setup(state) | chdir(scratch());
}

static int clear(void **state)
{
    unlink(in_scratch("kept.tms"));
    return place_clear(state);
}

static void leave_dead(void)
{
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 300, "dead"});
}

static void leave_running(pid_t pid, const char *command)
{
    place_leave((struct place){(uint32_t)pid, place_started(pid), 1, 6, command});
}

/* ---- none ---- */

static void where_none_is_running_one_line_says_so(void **state)
{
    char words[256];
    (void)state;
    leave_dead();
    snprintf(words, sizeof words, "no PID given, and no tracked process is running (looked in %s)\n", segments());
    for (int i = 0; i < CALLS; i++) {
        struct outcome outcome = call(calls[i], NULL);
        assert_refused(&outcome, 1, words);
        outcome = call(calls[i], segments());
        assert_refused(&outcome, 1, words);
    }
    assert_int_not_equal(access(in_scratch("kept.tms"), F_OK), 0);
}

/* ---- one ---- */

static void assert_prints(const char *const *words, const char *expected)
{
    struct outcome outcome = call(words, NULL);
    if (outcome.status != 0 || outcome.err[0] != '\0' || strstr(outcome.out, expected) == NULL)
        fail_msg("%s: %d, no \"%s\" in\n%.500s%.500s", words[0], outcome.status, expected, outcome.out, outcome.err);
    outcome_free(&outcome);
}

static void the_only_one_that_is_running_is_meant(void **state)
{
    char number[32];
    (void)state;
    leave_dead();
    leave_running(getpid(), "suite|--all");
    snprintf(number, sizeof number, "[%d] report ", (int)getpid());
    assert_prints(calls[0], number);
    assert_prints(calls[1], "kept.tms\n");
    struct outcome outcome = run_command("show", in_scratch("kept.tms"));
    assert_non_null(strstr(outcome.out, number));
    outcome_free(&outcome);
    snprintf(number, sizeof number, "[%d]", (int)getpid());
    assert_prints(calls[2], number);
    snprintf(number, sizeof number, "\"pid\": %d", (int)getpid());
    assert_prints(calls[4], number);
}

static void a_request_reaches_it(void **state)
{
    (void)state;
    leave_dead();
    struct target target = target_start("output=none,interval=60", ARGV(built("test/cmd/programs/holds"), "100"));
    assert_string_equal(target_line(&target), "ready");
    target_published(&target, 0);
    assert_prints((const char *const[5]){"ctl", "set", "interval", "30"}, "");
    assert_prints((const char *const[5]){"ctl", "pause"}, "");
    target_end(&target, SIGKILL);
    struct outcome outcome = run_command("ctl", "resume");
    assert_refused(&outcome, 1, "no tracked process is running");
}

/* ---- several ---- */

static void of_several_the_choice_is_listed(void **state)
{
    char own[64], parents[64];
    (void)state;
    leave_dead();
    leave_running(getpid(), "suite|--all");
    leave_running(getppid(), "shell|evil\033[2J");
    snprintf(own, sizeof own, "\n%7d  suite --all\n", (int)getpid());
    snprintf(parents, sizeof parents, "\n%7d  shell evil?[2J\n", (int)getppid());
    for (int i = 0; i < CALLS; i++) {
        struct outcome outcome = call(calls[i], NULL);
        const char *title = "trackmalloc: no PID given, and 2 tracked processes are running:\n";
        unsigned lines = 0;
        for (const char *at = outcome.err; (at = strchr(at, '\n')) != NULL; at++)
            lines++;
        if (outcome.status != 1 || outcome.out_bytes != 0 || lines != 3 ||
            strncmp(outcome.err, title, strlen(title)) != 0 || strstr(outcome.err, own) == NULL ||
            strstr(outcome.err, parents) == NULL)
            fail_msg("%s: %d\n%.500s%.500s", calls[i][0], outcome.status, outcome.out, outcome.err);
        outcome_free(&outcome);
    }
    assert_int_not_equal(access(in_scratch("kept.tms"), F_OK), 0);
}

/* ---- where ---- */

/* One is running in the directory of TRACKMALLOC_DIR, another in one that --dir names: either is the only one there. */
static void only_the_directory_that_is_named_counts(void **state)
{
    char number[32], other[256], path[512];
    (void)state;
    snprintf(other, sizeof other, "%s", in_scratch("other"));
    assert_int_equal(mkdir(other, 0700), 0);
    leave_running(getppid(), "elsewhere");
    snprintf(path, sizeof path, "%s/%s", other, place_name((uint32_t)getppid(), place_started(getppid())));
    assert_int_equal(rename(place_of((uint32_t)getppid(), place_started(getppid())), path), 0);
    leave_running(getpid(), "suite");
    snprintf(number, sizeof number, "[%d] report ", (int)getpid());
    assert_prints(calls[0], number);
    snprintf(number, sizeof number, "[%d] report ", (int)getppid());
    assert_prints((const char *const[5]){"show", "--dir", other}, number);
    setenv("TRACKMALLOC_DIR", other, 1);
    assert_prints(calls[0], number);
    setenv("TRACKMALLOC_DIR", segments(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(where_none_is_running_one_line_says_so, clear),
        cmocka_unit_test_setup(the_only_one_that_is_running_is_meant, clear),
        cmocka_unit_test_setup(a_request_reaches_it, clear),
        cmocka_unit_test_setup(of_several_the_choice_is_listed, clear),
        cmocka_unit_test_setup(only_the_directory_that_is_named_counts, clear),
    };
    return cmocka_run_group_tests(tests, setup, harness_teardown);
}
