/* The project's own commands, as a stranger meets them: each script of project/ is one test. */
#define _GNU_SOURCE
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../preload/harness.h"

/* Runs project/NAME.sh in an empty folder; what it says on failure is the test's message. */
static void script_succeeds(const char *name)
{
    char script[PATH_MAX], folder[] = "/tmp/trackmalloc-XXXXXX", command[2 * PATH_MAX];
    const char *const env[] = {"TOP=" REAL_TOP, "BUILD=" REAL_BUILD, "PROJECT=" REAL_TOP "/test/real/project",
                               "LC_ALL=C", NULL};
    const struct run_spec spec = {.bare = true, .seconds = 120, .env = env};
    assert_non_null(mkdtemp(folder));
    snprintf(script, sizeof(script), REAL_TOP "/test/real/project/%s.sh", name);
    snprintf(command, sizeof(command), "cd %s && . %s", folder, script);
    struct run run = run_program(&spec, (const char *const[]){"/bin/sh", "-c", command, NULL});
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    if (run.status != 0 || run.timed_out)
        fail_msg("%s: status %#x%s\n%s%s", name, run.status, run.timed_out ? ", timed out" : "", run.out, run.err);
    run_free(&run);
}

static void demo(void **state)
{
    (void)state;
    script_succeeds("demo");
}

static void install(void **state)
{
    (void)state;
    script_succeeds("install");
}

static void help(void **state)
{
    (void)state;
    script_succeeds("help");
}

static void broken_compiler(void **state)
{
    (void)state;
    script_succeeds("broken_compiler");
}

static void setup(void **state)
{
    (void)state;
    script_succeeds("setup");
}

static void real(void **state)
{
    (void)state;
    script_succeeds("real");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(demo),  cmocka_unit_test(install),
                                       cmocka_unit_test(help),  cmocka_unit_test(broken_compiler),
                                       cmocka_unit_test(setup), cmocka_unit_test(real)};
    return cmocka_run_group_tests_name("project", tests, NULL, NULL);
}
