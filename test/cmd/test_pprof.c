/* export --format=pprof of made-up snapshots: a profile that others can read, whose sums are the report's to the byte.
 */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "story.h"
#include "trackmalloc.h"

/* ---- made-up snapshots ---- */

static void the_head_says_what_and_when(void **state)
{
    (void)state;
    struct story *story = story_new();
    Pprof__Profile *profile = profile_of_story(story);
    assert_int_equal(profile->time_nanos, story->head.wall_seconds * 1000000000);
    assert_int_equal(profile->duration_nanos, (int64_t)story->head.uptime_ms * 1000000);
    assert_int_equal(profile->period, 524288);
    assert_int_equal(profile->n_comment, 1);
    assert_string_equal(text_at(profile, profile->comment[0]),
                        "trackmalloc " TRACKMALLOC_VERSION ": shop[4242], report 720");
    assert_string_equal(text_at(profile, profile->mapping[0]->filename), "/usr/bin/shop");
    assert_int_equal(profile->mapping[0]->memory_start, story->objects[0].begin);
    assert_int_equal(profile->mapping[0]->memory_limit, story->objects[0].end);
    profile_free(profile);
    free(story);
}

static void estimates_are_fitted_to_their_sites(void **state)
{
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    Pprof__Profile *profile = profile_of_story(story);
    assert_totals(profile, snapshot);
    const Pprof__Sample *serve = sample_of(profile, "order_new<serve<main<libc.so.6+0x271ca");
    const Pprof__Sample *import = sample_of(profile, "order_new<import<main");
    assert_int_equal(serve->value[INUSE_SPACE] + import->value[INUSE_SPACE], story->sites[0].live.bytes);
    assert_int_equal(serve->value[ALLOC_OBJECTS] + import->value[ALLOC_OBJECTS], story->sites[0].allocated.blocks);
    assert_int_equal(serve->value[INUSE_SPACE], 30 << 20);
    assert_int_equal(sample_of(profile, "cart_add")->value[INUSE_SPACE], 1 << 20);
    profile_free(profile);
    free(snapshot);
    free(story);
}

static void what_no_stack_covers_stands_under_its_site(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->head.stack_period = 0; /* these are exact */
    story->stacks[1].live.bytes -= 4096;
    story->stacks[1].live.blocks -= 3;
    story->stacks[2].live.bytes += 100000; /* more than its site has: torn apart by the moment between */
    struct snapshot *snapshot = story_lay_out(story);
    Pprof__Profile *profile = profile_of_story(story);
    assert_totals(profile, snapshot);
    assert_int_equal(sample_of(profile, "order_new<import<main")->value[INUSE_SPACE], (9 << 20) - 4096);
    assert_int_equal(sample_of(profile, "order_new")->value[INUSE_SPACE], 4096);
    assert_int_equal(sample_of(profile, "order_new")->value[INUSE_OBJECTS], 3);
    assert_int_equal(profile->period, 1);
    profile_free(profile);
    free(snapshot);
    free(story);
}

/* The row of all other stacks says nothing of whose they are; the rows of the sites do. */
static void stacks_left_out_are_their_sites(void **state)
{
    (void)state;
    struct story *story = story_new();
    story_stack(story, SNAPSHOT_NONE, (struct snapshot_amount){1000, 100 << 20});
    story->stacks[1].live.bytes = 1 << 20;
    struct snapshot *snapshot = story_lay_out(story);
    Pprof__Profile *profile = profile_of_story(story);
    assert_totals(profile, snapshot);
    assert_int_equal(sample_of(profile, "order_new<import<main")->value[INUSE_SPACE], 1 << 20);
    assert_int_equal(sample_of(profile, "order_new")->value[INUSE_SPACE], 8 << 20);
    profile_free(profile);
    free(snapshot);
    free(story);
}

static void all_others_are_one_sample(void **state)
{
    (void)state;
    struct story *story = story_new();
    uint64_t others = story->head.total.live.bytes;
    for (uint32_t i = 0; i < story->head.sites; i++)
        others -= story->sites[i].address != 0 ? story->sites[i].live.bytes : 0;
    Pprof__Profile *profile = profile_of_story(story);
    assert_true(others > 0);
    assert_int_equal(sample_of(profile, "(others)")->value[INUSE_SPACE], others);
    profile_free(profile);
    story->head.sites = story->head.suspects = story->head.stacks = 0;
    profile = profile_of_story(story);
    assert_int_equal(profile->n_sample, 1);
    assert_int_equal(sample_of(profile, "(others)")->value[INUSE_SPACE], story->head.total.live.bytes);
    profile_free(profile);
    free(story);
}

static void samples_have_tag_and_age(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->sites[2].age_ms = 125999;
    story->sites[1].age_ms = SNAPSHOT_UNKNOWN;
    Pprof__Profile *profile = profile_of_story(story);
    const Pprof__Sample *page = sample_of(profile, "page_get<(no module)+0x7f0000001234<(truncated)");
    assert_string_equal(text_at(profile, label_of(profile, page, "tag")->str), "cache/pages");
    assert_int_equal(label_of(profile, page, "age_seconds")->num, 125);
    assert_string_equal(text_at(profile, label_of(profile, page, "age_seconds")->num_unit), "seconds");
    assert_null(label_of(profile, sample_of(profile, "cart_add"), "age_seconds"));
    assert_null(label_of(profile, sample_of(profile, "(others)"), "tag"));
    profile_free(profile);
    free(story);
}

static void texts_are_clean(void **state)
{
    (void)state;
    struct story *story = story_new();
    strcpy(story->tags[0].name, "sh\x1b[31mop");
    strcpy(story->objects[0].path, "/usr/\xff/shop");
    strcpy(story->head.program, "sh\nop");
    strcpy(story->sites[1].name, "shop!cart\x80_add+0x44");
    Pprof__Profile *profile = profile_of_story(story);
    for (size_t i = 0; i < profile->n_string_table; i++)
        for (const char *at = profile->string_table[i]; *at != '\0'; at++)
            assert_in_range((unsigned char)*at, ' ', '~');
    sample_of(profile, "cart?_add");
    profile_free(profile);
    free(story);
}

/* Sums that do not hold, numbers beyond all reason: still a profile, with no number below 0. */
static void numbers_out_of_reason_are_cut(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->head.total.live.bytes = UINT64_MAX;
    story->head.uptime_ms = UINT64_MAX;
    story->head.wall_seconds = INT64_MAX;
    for (uint32_t i = 0; i < story->head.stacks; i++)
        story->stacks[i].live.bytes = story->stacks[i].allocated.blocks = UINT64_MAX - i;
    story->sites[0].live.bytes = UINT64_MAX;
    story->sites[0].age_ms = UINT64_MAX - 1;
    profile_free(profile_of_story(story));
    story->head.total.live.bytes = 0;
    profile_free(profile_of_story(story));
    story->head.wall_seconds = INT64_MIN;
    profile_free(profile_of_story(story));
    free(story);
}

/* ---- by hand ---- */

static uint64_t varint(const unsigned char **at, const unsigned char *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    fail();
    return 0;
}

/* The next field: its number, and its bytes; of a number, its value. */
static uint64_t next_field(const unsigned char **at, const unsigned char *end, const unsigned char **bytes,
                           uint64_t *value)
{
    uint64_t key = varint(at, end);
    assert_true((key & 7) == 0 || (key & 7) == 2);
    *value = varint(at, end);
    *bytes = *at;
    if ((key & 7) == 2) {
        assert_true(*value <= (uint64_t)(end - *at));
        *at += *value;
    }
    return key >> 3;
}

/* Without profile.proto, which might be wrong on both sides: samples are field 2, their values field 2 of these, the
 * texts field 6, the type that is shown first field 14. */
static void fields_have_the_numbers_that_pprof_knows(void **state)
{
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    size_t unpacked;
    uint64_t sums[VALUES] = {0}, texts = 0, first = 0, value;
    profile_free(profile_of_story(story));
    struct outcome outcome = run_command("export", "--format=pprof", in_scratch("story.tms"));
    unsigned char *message = unpack_gzip(outcome.out, outcome.out_bytes, &unpacked);
    const unsigned char *bytes, *end = message + unpacked, *wanted = NULL;
    for (const unsigned char *at = message; at < end;) {
        uint64_t field = next_field(&at, end, &bytes, &value);
        if (field == 14)
            first = value;
        else if (field == 6)
            texts++;
        for (const unsigned char *in = bytes, *behind = at; field == 2 && in < behind;)
            if (next_field(&in, behind, &bytes, &value) == 2)
                for (size_t v = 0; v < VALUES; v++)
                    sums[v] += varint(&bytes, in);
    }
    for (const unsigned char *at = message; at < end && wanted == NULL;) {
        uint64_t field = next_field(&at, end, &bytes, &value);
        if (field == 6 && first-- == 0)
            wanted = bytes;
    }
    assert_true(texts > 10 && wanted != NULL);
    assert_memory_equal(wanted, "inuse_space", 11);
    assert_int_equal(sums[ALLOC_OBJECTS], snapshot->total.allocated.blocks);
    assert_int_equal(sums[INUSE_SPACE], snapshot->total.live.bytes);
    free(message);
    outcome_free(&outcome);
    free(snapshot);
    free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_says_what_and_when),
        cmocka_unit_test(estimates_are_fitted_to_their_sites),
        cmocka_unit_test(what_no_stack_covers_stands_under_its_site),
        cmocka_unit_test(stacks_left_out_are_their_sites),
        cmocka_unit_test(all_others_are_one_sample),
        cmocka_unit_test(samples_have_tag_and_age),
        cmocka_unit_test(texts_are_clean),
        cmocka_unit_test(numbers_out_of_reason_are_cut),
        cmocka_unit_test(fields_have_the_numbers_that_pprof_knows),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
