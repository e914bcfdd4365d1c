/* show: what it prints, what it refuses. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "section.h"
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

/* As the library names what is exported. */
static const char *mangled_story(void)
{
    struct story *story = story_new();
    strcpy(story->sites[0].name, "shop!_ZN4shop5ShelfIdE5stockEi+0x1f");
    strcpy(story->sites[1].name, "shop!_D4shop5Shelf5stockMFiZv+0x33");
    strcpy(story->sites[2].name, "shop!_RNvMs_NtCs1234_7mycrate3fooNtB4_3Bar3new+0x2");
    story->sites[1].past = story->sites[2].past = (struct snapshot_past){.known = 7}; /* so that they grew */
    story->head.kind = SNAPSHOT_ALARM;
    story->head.alarm = (struct snapshot_alarm){
        .what = SNAPSHOT_ALARM_LEVEL, .of = SNAPSHOT_SITE, .limit = 1, .value = 2, .name = "shop!_ZN4shop4sellEi+0x12"};
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch("mangled.tms"), snapshot);
    free(snapshot);
    free(story);
    return in_scratch("mangled.tms");
}

static void names_are_as_they_were_written(void **state)
{
    (void)state;
    const char *path = mangled_story();
    const char *const *const calls[] = {
        ARGV(built("trackmalloc"), "show", path),
        ARGV(built("trackmalloc"), "diff", path),
        ARGV(built("trackmalloc"), "top", "--view", "sites", path),
        ARGV(built("trackmalloc"), "export", "-f", "folded", "-b", "sites", path),
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct outcome outcome = run_program(calls[i]);
        assert_int_equal(outcome.status, 0);
        assert_non_null(strstr(outcome.out, "shop::Shelf<double>::stock(int)"));
        assert_non_null(strstr(outcome.out, "shop.Shelf.stock(int)"));
        assert_non_null(strstr(outcome.out, "<mycrate::foo::Bar>::new"));
        assert_null(strstr(outcome.out, "_ZN"));
        outcome_free(&outcome);
    }
}

static void what_is_not_there_is_one_line(void **state)
{
    struct outcome outcome = run_command("show", "nowhere/at/all");
    (void)state;
    assert_refused(&outcome, 1, "cannot open nowhere/at/all: No such file or directory");
}

static void what_is_not_written_is_told(void **state)
{
    static char command[8192];
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch("kept.tms"), snapshot);
    snprintf(command, sizeof command, "exec %s show %s > /dev/full", built("trackmalloc"), in_scratch("kept.tms"));
    struct outcome outcome = run_program(ARGV("/bin/sh", "-c", command));
    assert_refused(&outcome, 1, "cannot write all of it to standard output");
    free(snapshot);
    free(story);
}

static void tables_are_as_long_as_is_wanted(void **state)
{
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch("kept.tms"), snapshot);
    struct outcome outcome = run_command("show", "--top", "1", in_scratch("kept.tms"));
    assert_int_equal(outcome.status, 0);
    assert_line(outcome.out, "Current allocations by tag:", "(3-more-tags) 900 24.0MiB");
    outcome_free(&outcome);
    free(snapshot);
    free(story);
}

static void wrong_words_are_usage(void **state)
{
    const char *const *const calls[] = {
        ARGV(built("trackmalloc")),
        ARGV(built("trackmalloc"), "nonsense"),
        ARGV(built("trackmalloc"), "show", "1", "2"),
        ARGV(built("trackmalloc"), "show", "--top", "4097", "1"),
        ARGV(built("trackmalloc"), "show", "--top", " 7", "1"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct outcome outcome = run_program(calls[i]);
        assert_int_equal(outcome.status, 2);
        assert_int_equal(outcome.out_bytes, 0);
        assert_string_not_equal(outcome.err, "");
        outcome_free(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_prints_the_report_of_a_file),  cmocka_unit_test(what_is_not_there_is_one_line),
        cmocka_unit_test(names_are_as_they_were_written),  cmocka_unit_test(what_is_not_written_is_told),
        cmocka_unit_test(tables_are_as_long_as_is_wanted), cmocka_unit_test(wrong_words_are_usage),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
