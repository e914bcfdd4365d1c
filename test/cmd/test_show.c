/* show: what it prints, what it refuses. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "story.h"

static void it_prints_the_report_of_a_file(void **state)
{
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch("kept.tms"), snapshot);
    struct outcome outcome = run_command("show", in_scratch("kept.tms"));
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    assert_non_null(strstr(outcome.out, "trackmalloc: shop[4242] report 720 (periodic), up 3,600.0 s\n"));
    assert_non_null(strstr(outcome.out, "shop!order_new+0x1f"));
    outcome_free(&outcome);
    free(snapshot);
    free(story);
}

static void what_is_not_there_is_one_line(void **state)
{
    struct outcome outcome = run_command("show", "nowhere/at/all");
    (void)state;
    assert_refused(&outcome, 1, "nowhere/at/all: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_prints_the_report_of_a_file),
        cmocka_unit_test(what_is_not_there_is_one_line),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
