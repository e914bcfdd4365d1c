/* ps --gc: what may be removed, and what must never be. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/segment/find.h"
#include "cmd/segment/gc.h"
#include "place.h"

/* Elsewhere this machine's own processes may be. */
#define collect() run_command("ps", "--dir", segments(), "--gc")

static void assert_there(const char *path, bool there)
{
    if ((access(path, F_OK) == 0) != there)
        fail_msg("%s is %sthere", path, there ? "not " : "");
}

static void only_the_segments_of_the_dead_go(void **state)
{
    char dead[256], living[256], diary[256], stranger[256], unborn[256];
    (void)state;
    snprintf(dead, sizeof dead, "%s", place_leave((struct place){PLACE_NOBODY + 1, 10, 1, 1, "dead"}));
    snprintf(living, sizeof living, "%s",
             place_leave((struct place){(uint32_t)getpid(), place_started(getpid()), 1, 1, "suite"}));
    snprintf(diary, sizeof diary, "%s", place_of(2024, 10));
    file_write(diary, "dear diary", 10);
    snprintf(stranger, sizeof stranger, "%s", place_of(PLACE_NOBODY + 3, 30));
    assert_int_equal(rename(place_leave((struct place){PLACE_NOBODY + 2, 10, 1, 1, "renamed"}), stranger), 0);
    snprintf(unborn, sizeof unborn, "%s", place_of(PLACE_NOBODY + 4, 40));
    file_write(unborn, "", 0);
    assert_int_equal(truncate(unborn, 6 << 20), 0);
    struct stat status;
    assert_int_equal(stat(dead, &status), 0);
    struct outcome outcome = collect();
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
    const char *path = place_leave((struct place){(uint32_t)child, place_started(child), 1, 1, "zombie"});
    (void)state;
    struct outcome outcome = collect();
    assert_there(path, true);
    outcome_free(&outcome);
    kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    outcome = collect();
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
        snprintf(path, sizeof path, "%s",
                 place_leave((struct place){(uint32_t)child, place_started(child), 1, 1, "mayfly"}));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_the_segments_of_the_dead_go, place_clear),
        cmocka_unit_test_setup(who_is_dead_and_not_waited_for_is_dead, place_clear),
        cmocka_unit_test_setup(none_that_lives_is_removed_in_a_race, place_clear),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
