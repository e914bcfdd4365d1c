/* diff: what is one place in two snapshots, what is told of it, and in which order. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "section.h"
#include "story.h"

/* ---- two days of the shop ---- */

/* The same programs in another process, all of them elsewhere in memory. */
static struct story *next_run(void)
{
    struct story *story = story_new();
    story->head.pid = 5555;
    story->head.started_ticks = 999999;
    for (uint32_t i = 0; i < story->head.objects; i++)
        story->objects[i].base += 0x10000000;
    for (uint32_t i = 0; i < story->head.sites; i++)
        if (story->sites[i].object != SNAPSHOT_NONE)
            story->sites[i].address += 0x10000000;
    for (uint32_t i = 0; i < story->head.frames; i++)
        if (story->frames[i].object != SNAPSHOT_NONE)
            story->frames[i].address += 0x10000000;
    return story;
}

static const char *kept(const char *name, struct story *story)
{
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch(name), snapshot);
    free(snapshot);
    free(story);
    return in_scratch(name);
}

static char *diff_of(struct story *before, struct story *after)
{
    const char *first = kept("before.tms", before), *second = kept("after.tms", after);
    struct outcome outcome = run_command("diff", first, second);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    free(outcome.err);
    return outcome.out;
}

/* ---- what is told ---- */

static void nothing_grew_between_two_runs_alike(void **state)
{
    char *text = diff_of(story_new(), next_run());
    (void)state;
    assert_non_null(strstr(text, "after:  shop[5555], Sat Nov 21 09:36:26 UTC 2026, up 1.0h (another process)\n"));
    assert_null(strstr(text, "Grew"));
    assert_null(strstr(text, "Shrank"));
    assert_null(strstr(text, "builds"));
    free(text);
}

static void totals_are_told(void **state)
{
    struct story *after = story_new();
    after->tags[0].counts.live.bytes += 1 << 20;
    after->tags[0].counts.live.blocks += 1234;
    story_sum(after);
    after->head.uptime_ms += 60000;
    after->head.memory.resident -= 1 << 20;
    char *text = diff_of(story_new(), after);
    (void)state;
    assert_non_null(strstr(text, "up 1.0h (the same process, 1.0min later)\n"));
    assert_line(text, " before", "live size 64.0MiB 65.0MiB +1.0MiB\n");
    assert_line(text, " before", "live blocks 1,900 3,134 +1,234\n");
    assert_line(text, " before", "resident 90.0MiB 89.0MiB -1.0MiB\n");
    assert_line(text, " before", "frees 5,700 5,700 0\n");
    free(text);
}

static void tags_by_growth_new_and_gone(void **state)
{
    struct story *before = story_new(), *after = next_run();
    (void)state;
    after->tags[0].counts.live = (struct snapshot_amount){900, 41 << 20}; /* 1 MiB more in fewer blocks */
    after->tags[1].counts.live = (struct snapshot_amount){500, 25 << 20}; /* 5 MiB more */
    after->tags[2].counts.live = (struct snapshot_amount){300, 1 << 20};  /* 2 MiB less */
    strcpy(after->tags[3].name, "libengine.so.3");
    char *text = diff_of(before, after);
    assert_string_equal(section(text, "Grew, by tag"), "Grew, by tag:\n"
                                                       "tag growth before after live blocks allocations change\n"
                                                       "cache/pages +5.0MiB 20.0MiB 25.0MiB +100 0 grew\n"
                                                       "libengine.so.3 +1.0MiB 0.0B 1.0MiB +200 +800 new\n"
                                                       "shop +1.0MiB 40.0MiB 41.0MiB -100 0 grew");
    assert_string_equal(section(text, "Shrank, by tag"), "Shrank, by tag:\n"
                                                         "tag growth before after live blocks allocations change\n"
                                                         "cache/index -2.0MiB 3.0MiB 1.0MiB 0 0 shrank\n"
                                                         "libengine.so.2 -1.0MiB 1.0MiB 0.0B -200 -800 gone");
    free(text);
}

static void sites_are_one_wherever_they_were_loaded(void **state)
{
    struct story *after = next_run();
    (void)state;
    after->sites[2].live.bytes += 3 << 20;
    after->sites[3].live.bytes += 2 << 20; /* no function known */
    after->sites[4].live.bytes += 1 << 20; /* in no object: the same address */
    after->sites[5].live.bytes += 1 << 19; /* all others */
    char *text = diff_of(story_new(), after);
    assert_line(text, "Grew, by call site",
                "libengine.so.2!page_get+0x80 +3.0MiB 20.0MiB 23.0MiB 0 0 grew cache/pages\n");
    assert_line(text, "Grew, by call site", "libengine.so.2+0x4410 +2.0MiB 3.0MiB 5.0MiB 0 0 grew cache/index\n");
    assert_line(text, "Grew, by call site", "0x7f12abcd +1.0MiB 512.0KiB 1.5MiB 0 0 grew libengine.so.2\n");
    assert_line(text, "Grew, by call site", "(others) +512.0KiB 512.0KiB 1.0MiB 0 0 grew -");
    assert_null(strstr(text, "Shrank"));
    free(text);
}

static void a_site_is_another_under_another_tag(void **state)
{
    struct story *after = next_run();
    (void)state;
    after->sites[1].tag = 2;
    char *text = diff_of(story_new(), after);
    assert_line(text, "Grew, by call site", "shop!cart_add+0x44 +1.0MiB 0.0B 1.0MiB +100 +400 new? cache/index");
    assert_line(text, "Shrank, by call site", "shop!cart_add+0x44 -1.0MiB 1.0MiB 0.0B -100 -400 gone? shop");
    free(text);
}

/* A row that is missing may have been among the others; where there are none, it was not. */
static void new_is_said_where_it_is_known(void **state)
{
    struct story *before = story_new(), *after = next_run();
    (void)state;
    before->head.sites--; /* the others */
    story_site(after, "shop!import+0x10", 0, 0x7777, 0, (struct snapshot_amount){5, 1 << 20});
    char *text = diff_of(before, after);
    assert_line(text, "Grew, by call site", "shop!import+0x10 +1.0MiB 0.0B 1.0MiB +5 +20 new shop\n");
    free(text);
}

static void a_name_is_taken_from_who_knows_it(void **state)
{
    struct story *after = next_run();
    (void)state;
    strcpy(after->sites[0].name, "shop+0x1230");
    after->sites[0].live.bytes += 1 << 20;
    char *text = diff_of(story_new(), after);
    assert_line(text, "Grew, by call site", "shop!order_new+0x1f +1.0MiB");
    free(text);
}

static void another_build_is_compared_by_function(void **state)
{
    struct story *after = next_run();
    (void)state;
    after->objects[0].build_id[0] ^= 1;
    for (uint32_t i = 0; i < 2; i++)
        after->sites[i].address += 0x100;
    strcpy(after->sites[0].name, "shop!order_new+0x33");
    story_site(after, "shop!order_new+0x88", 0, 0x1a00, 0, (struct snapshot_amount){50, 2 << 20});
    char *text = diff_of(story_new(), after);
    assert_non_null(strstr(text, "\nOther builds, compared by function: shop\n"));
    assert_line(text, "Grew, by call site", "shop!order_new +2.0MiB 39.0MiB 41.0MiB +50 +200 grew shop");
    assert_null(strstr(text, "Shrank, by call site"));
    free(text);
}

static void a_build_is_the_same_under_another_name(void **state)
{
    struct story *after = next_run();
    (void)state;
    strcpy(after->objects[0].path, "/opt/shop-2");
    char *text = diff_of(story_new(), after);
    assert_null(strstr(text, "by call site"));
    free(text);
}

static void without_build_ids_names_tell(void **state)
{
    struct story *before = story_new(), *after = next_run();
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        before->objects[i].build_id_bytes = after->objects[i].build_id_bytes = 0;
    strcpy(after->objects[0].path, "/elsewhere/shop");
    after->sites[0].live.bytes += 1 << 20;
    char *text = diff_of(before, after);
    assert_line(text, "Grew, by call site", "shop!order_new+0x1f +1.0MiB 39.0MiB 40.0MiB 0 0 grew shop");
    assert_null(strstr(text, "Shrank"));
    free(text);
}

static void stacks_are_one_wherever_they_were(void **state)
{
    struct story *after = next_run();
    (void)state;
    after->stacks[0].live = (struct snapshot_amount){701, 31 << 20};
    after->stacks[1].frames = 2; /* another path */
    char *text = diff_of(story_new(), after);
    assert_string_equal(section(text, "Grew, by stack"),
                        "Grew, by stack: (estimated from samples)\n"
                        "+9.0MiB live (0.0B in 0 blocks, now 9.0MiB in 200), new:\n"
                        " shop!order_new+0x1f\n shop!import+0x33\n"
                        "+1.0MiB live (30.0MiB in 700 blocks, now 31.0MiB in 701), grew:\n"
                        " shop!order_new+0x1f\n shop!serve+0x90\n shop!main+0x12\n"
                        " libc.so.6+0x271ca");
    assert_line(text, "Shrank, by stack", "-9.0MiB live (9.0MiB in 200 blocks, now 0.0B in 0), gone:\n");
    free(text);
}

/* ---- how much is told ---- */

static void what_is_left_out_is_summed_up(void **state)
{
    struct story *after = next_run();
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        after->tags[i].counts.live.bytes += (4 - i) << 20;
    for (unsigned i = 0; i < 3; i++)
        after->stacks[i].live.bytes += (3 - i) << 20;
    const char *before = kept("before.tms", story_new()), *later = kept("after.tms", after);
    struct outcome outcome = run_command("diff", "--top", "1", before, later);
    assert_line(outcome.out, "Grew, by tag", "shop +4.0MiB");
    assert_line(outcome.out, "Grew, by tag", "(3-more-tags) +6.0MiB 24.0MiB 30.0MiB 0 0 -");
    assert_line(outcome.out, "Grew, by stack", "+3.0MiB live by 2 more stacks");
    outcome_free(&outcome);
    outcome = run_command("diff", "--by", "site", "-b", "tag", before, later);
    assert_non_null(strstr(outcome.out, "by tag"));
    assert_null(strstr(outcome.out, "by stack"));
    outcome_free(&outcome);
}

static void wrong_words_are_usage(void **state)
{
    (void)state;
    const char *file = kept("one.tms", story_new());
    const char *const *const calls[] = {
        ARGV(built("trackmalloc"), "diff", "--by", "stack"),
        ARGV(built("trackmalloc"), "diff", file, file, file),
        ARGV(built("trackmalloc"), "diff", "--by", "size", file),
        ARGV(built("trackmalloc"), "diff", "--by", "stack", file),
        ARGV(built("trackmalloc"), "diff", "--top", "0", file, file),
        ARGV(built("trackmalloc"), "diff", "--top", "-1", file, file),
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct outcome outcome = run_program(calls[i]);
        assert_int_equal(outcome.status, 2);
        assert_int_equal(outcome.out_bytes, 0);
        outcome_free(&outcome);
    }
    struct outcome outcome = run_command("diff", file, "no/such/file");
    assert_refused(&outcome, 1, "no/such/file: No such file");
}

static void no_name_steers_the_terminal(void **state)
{
    static const char hostile[] = "\x1b[2J\xc2\x9b\xe2\x80\xae \n";
    struct story *before = story_new(), *after = next_run();
    (void)state;
    strcpy(after->head.program, hostile);
    strcpy(after->tags[0].name, hostile);
    strcpy(after->sites[0].name, hostile);
    strcpy(after->objects[0].path, hostile);
    strcpy(after->objects[2].path, hostile);
    memcpy(before->objects[0].path, hostile, sizeof hostile);
    after->objects[0].build_id[0]++;
    memcpy(after->names + 1, hostile, sizeof hostile - 1);
    char *text = diff_of(before, after);
    for (const char *c = text; *c != '\0'; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7F));
    free(text);
}

/* ---- its own past ---- */

static void one_snapshot_tells_its_past(void **state)
{
    struct story *story = story_new();
    (void)state;
    story->sites[1].past = (struct snapshot_past){.known = 7, .live_bytes = {2 << 20, 3 << 20, 4 << 20}};
    struct outcome outcome = run_command("diff", kept("past.tms", story));
    assert_int_equal(outcome.status, 0);
    assert_line(outcome.out, "Grew since 1 hour ago, by call site",
                "site live size 1 min 10 min 1 hour 1 day tag\n"
                "shop!order_new+0x1f 39.0MiB +1.0MiB +9.0MiB +34.0MiB - shop");
    assert_line(outcome.out, "Shrank since 1 hour ago, by call site",
                "shop!cart_add+0x44 1.0MiB -1.0MiB -2.0MiB -3.0MiB - shop");
    assert_line(outcome.out, "Grew since 1 hour ago, by tag", "cache/pages 20.0MiB 0.0B +13.3MiB +16.0MiB -");
    assert_line(outcome.out, "Live size over time", " 59.0min ago 1.1MiB 1.5MiB #\n");
    assert_line(outcome.out, "Live size over time",
                " 0.0s ago 64.0MiB 90.0MiB ########################################");
    outcome_free(&outcome);
}

static void the_young_have_no_past(void **state)
{
    struct story *story = story_new();
    (void)state;
    story->head.total_past.known = 0;
    story->head.points = 1;
    struct outcome outcome = run_command("diff", kept("young.tms", story));
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "Its growth is not known yet"));
    assert_null(strstr(outcome.out, "over time"));
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_grew_between_two_runs_alike),
        cmocka_unit_test(totals_are_told),
        cmocka_unit_test(tags_by_growth_new_and_gone),
        cmocka_unit_test(sites_are_one_wherever_they_were_loaded),
        cmocka_unit_test(a_site_is_another_under_another_tag),
        cmocka_unit_test(new_is_said_where_it_is_known),
        cmocka_unit_test(a_name_is_taken_from_who_knows_it),
        cmocka_unit_test(another_build_is_compared_by_function),
        cmocka_unit_test(a_build_is_the_same_under_another_name),
        cmocka_unit_test(without_build_ids_names_tell),
        cmocka_unit_test(stacks_are_one_wherever_they_were),
        cmocka_unit_test(what_is_left_out_is_summed_up),
        cmocka_unit_test(wrong_words_are_usage),
        cmocka_unit_test(no_name_steers_the_terminal),
        cmocka_unit_test(one_snapshot_tells_its_past),
        cmocka_unit_test(the_young_have_no_past),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
