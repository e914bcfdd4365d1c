/* The tests of a suite side by side, each in a process of its own: most of them sleep. */
#ifndef TM_TEST_SIDE_H
#define TM_TEST_SIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE_BY_SIDE = 4, SIDE_SECONDS = 100, TESTS_MAX = 64 };

/* One test in a process of its own; what it said is in `said`. */
struct side_test {
    const struct CMUnitTest *test;
    pid_t process;
    FILE *said;
    bool ended;
    int status;
};

static struct side_test side_tests[TESTS_MAX];
static unsigned side_begun, side_count;
static CMFixtureFunction side_setup, side_teardown;

static inline void side_begin(struct side_test *side)
{
    side->said = tmpfile();
    fflush(NULL);
    side->process = fork();
    if (side->process != 0)
        return;
    dup2(fileno(side->said), 1);
    dup2(fileno(side->said), 2);
    alarm(SIDE_SECONDS);
    int failed = _cmocka_run_group_tests(side->test->name, side->test, 1, side_setup, side_teardown);
    fflush(NULL);
    _exit(failed);
}

/* Begins as many as there is room for, and waits until one of them has ended. */
static inline void side_wait(void)
{
    unsigned running = 0;
    int status;
    for (unsigned i = 0; i < side_begun; i++)
        running += !side_tests[i].ended;
    for (; running < SIDE_BY_SIDE && side_begun < side_count; running++)
        side_begin(&side_tests[side_begun++]);
    pid_t process = wait(&status);
    for (unsigned i = 0; i < side_begun; i++)
        if (!side_tests[i].ended && side_tests[i].process == process) {
            side_tests[i].ended = true;
            side_tests[i].status = status;
        }
}

/* The test as this process shows it: passed, failed or skipped as its own process said. */
static inline void side_result(void **state)
{
    struct side_test *side = *state;
    char line[4096];
    bool skipped = false;
    while (!side->ended)
        side_wait();
    rewind(side->said);
    while (fgets(line, sizeof(line), side->said) != NULL) {
        skipped |= strstr(line, "[  SKIPPED ]") != NULL;
        if (side->status != 0 || strncmp(line, "skipped: ", 9) == 0)
            printf("  | %s", line); /* run-suites counts our own lines only */
    }
    fclose(side->said);
    assert_int_equal(side->status, 0);
    if (skipped)
        skip();
}

/* Like cmocka_run_group_tests; setup and teardown (NULL: none) run once for each test, in its own process. */
static inline int side_by_side(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                               CMFixtureFunction teardown)
{
    static struct CMUnitTest shown[TESTS_MAX];
    assert_true(count <= TESTS_MAX);
    side_setup = setup;
    side_teardown = teardown;
    for (side_count = 0; side_count < count; side_count++) {
        side_tests[side_count].test = &tests[side_count];
        shown[side_count] =
            (struct CMUnitTest){tests[side_count].name, side_result, NULL, NULL, &side_tests[side_count]};
    }
    return _cmocka_run_group_tests("side by side", shown, count, NULL, NULL);
}

#endif
