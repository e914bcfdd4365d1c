/* top where there is no terminal: one page, on a pipe. */
#include "harness.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "story.h"

static void write_shop(const char *path)
{
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
}

static void a_pipe_is_given_one_page(void **state)
{
    (void)state;
    write_shop(in_scratch("shop.tms"));
    setenv("LC_ALL", "C", 1);
    struct outcome outcome = run_command("top", "--view", "stacks", in_scratch("shop.tms"));
    unsetenv("LC_ALL");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    assert_non_null(strstr(outcome.out, "CALLED FROM"));
    assert_non_null(strstr(outcome.out, "- libc.so.6+0x271ca"));
    for (const char *byte = outcome.out; *byte != '\0'; byte++)
        assert_true(*byte == '\n' || (*byte >= ' ' && *byte < 0x7F));
    outcome_free(&outcome);
}

static void a_page_is_as_wide_as_columns_says(void **state)
{
    (void)state;
    write_shop(in_scratch("shop.tms"));
    setenv("COLUMNS", "40", 1);
    struct outcome outcome = run_command("top", "--once", in_scratch("shop.tms"));
    unsetenv("COLUMNS");
    assert_int_equal(outcome.status, 0);
    for (char *line = strtok(outcome.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(mbstowcs(NULL, line, 0) <= 40);
    outcome_free(&outcome);
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const char *const wrong[][2] = {
        {"--delay=0", "invalid value '0' for option '--delay' (allowed: 0.1 to 3600)"},
        {"--delay=nan", "invalid value 'nan' for option '--delay' (allowed: "},
        {"--delay=1x", "invalid value '1x' for option '--delay' (allowed: "},
        {"--view=trees", "invalid value 'trees' for option '--view' (allowed: tags, sites, "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct outcome outcome = run_command("top", wrong[i][0]);
        assert_int_equal(outcome.status, 2);
        assert_string_equal(outcome.out, "");
        assert_non_null(strstr(outcome.err, wrong[i][1]));
        outcome_free(&outcome);
    }
    struct outcome outcome = run_command("top", "1", "2");
    assert_int_equal(outcome.status, 2);
    outcome_free(&outcome);
}

static void where_nothing_is_tracked_one_line_says_so(void **state)
{
    (void)state;
    struct outcome outcome = run_command("top", "--dir", scratch());
    assert_refused(&outcome, 1, "no tracked process");
    outcome = run_command("top", "nowhere/at/all");
    assert_refused(&outcome, 1, "nowhere/at/all: No such file or directory");
    file_write(in_scratch("other"), "hello", 5);
    outcome = run_command("top", in_scratch("other"));
    assert_refused(&outcome, 1, "it is ");
}

static void the_only_dead_process_is_shown_and_of_two_a_list(void **state)
{
    (void)state;
    write_shop(place_of(4242, 123456));
    struct outcome outcome = run_command("top", "--dir", segments());
    assert_non_null(strstr(outcome.out, "shop[4242]  is gone; its last snapshot"));
    outcome_free(&outcome);
    write_shop(place_of(4243, 123456));
    outcome = run_command("top", "--dir", segments());
    assert_non_null(strstr(outcome.out, "2 tracked processes\n"));
    assert_non_null(strstr(outcome.out, "/usr/bin/shop --port 8080"));
    outcome_free(&outcome);
    outcome = run_command("top", "--dir", segments(), "4243");
    assert_non_null(strstr(outcome.out, "shop[4242]  is gone"));
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_is_given_one_page),
        cmocka_unit_test(a_page_is_as_wide_as_columns_says),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(where_nothing_is_tracked_one_line_says_so),
        cmocka_unit_test(the_only_dead_process_is_shown_and_of_two_a_list),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
