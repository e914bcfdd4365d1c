/* The fuzz target on all that is kept, and briefly on what it makes up itself. The same inputs in every run. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static void assert_clean(struct outcome outcome)
{
    if (outcome.status != 0) {
        fprintf(stderr, "%.6000s\n", outcome.err);
        fail_msg("status %d", outcome.status);
    }
    outcome_free(&outcome);
}

static void all_that_is_kept_is_harmless(void **state)
{
    (void)state;
    assert_clean(run_program(ARGV(built("test/fuzz/fuzz_segment"), "-runs=0", built("test/fuzz/seeds"), FUZZ_CORPUS)));
}

static void what_is_made_up_is_harmless(void **state)
{
    char prefix[128];
    (void)state;
    snprintf(prefix, sizeof prefix, "-artifact_prefix=%s/", scratch());
    assert_clean(
        run_program(ARGV(built("test/fuzz/fuzz_segment"), "-runs=3000", "-seed=42", prefix, built("test/fuzz/seeds"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_kept_is_harmless),
        cmocka_unit_test(what_is_made_up_is_harmless),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
