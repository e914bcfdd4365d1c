/* snapshot_check: every field of a place, a count or a length is made wrong. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/check.h"
#include "story.h"

static struct snapshot *shop(void)
{
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    free(story);
    return snapshot;
}

#define ROW(table, index) (&snapshot_writable_##table##s(snapshot)[index])

static void a_whole_snapshot_is_good(void **state)
{
    struct snapshot *snapshot = shop();
    (void)state;
    assert_null(snapshot_check(snapshot, snapshot->bytes));
    assert_null(snapshot_check(snapshot, snapshot->bytes + 100)); /* a buffer is longer */
    free(snapshot);
}

static void a_snapshot_cut_anywhere_is_refused(void **state)
{
    struct snapshot *snapshot = shop();
    (void)state;
    for (size_t length = 0; length < snapshot->bytes; length++) {
        char *exactly = malloc(length + !length); /* a sanitizer sees who reads beyond it */
        memcpy(exactly, snapshot, length);
        assert_string_equal(snapshot_check(exactly, length), "it is cut short");
        free(exactly);
    }
    free(snapshot);
}

/* One change at a time to a snapshot that was good. */
#define ASSERT_BAD(change, words)                                           \
    do {                                                                    \
        struct snapshot *snapshot = shop();                                 \
        size_t length = snapshot->bytes;                                    \
        change;                                                             \
        const char *why = snapshot_check(snapshot, length);                 \
        if (why == NULL || strstr(why, words) == NULL)                      \
            fail_msg("%s: %s", #change, why != NULL ? why : "not noticed"); \
        free(snapshot);                                                     \
    } while (0)

#define OUTSIDE "lies outside"
#define NO_ROW  "no such row"
#define MANY    "more rows"

static void versions_are_distinguished(void **state)
{
    (void)state;
    ASSERT_BAD(snapshot->version = 0, "there is no snapshot in it");
    ASSERT_BAD(snapshot->version = 1, "older");
    ASSERT_BAD(snapshot->version = SNAPSHOT_VERSION + 1, "newer");
    ASSERT_BAD(snapshot->version = UINT32_MAX, "newer");
    ASSERT_BAD(snapshot->bytes = UINT32_MAX, "cut short");
    ASSERT_BAD(snapshot->bytes = 0, OUTSIDE);
    ASSERT_BAD(snapshot->bytes = sizeof *snapshot - 1, OUTSIDE);
    ASSERT_BAD(snapshot->bytes = sizeof *snapshot, OUTSIDE);
}

/* Of each table: how many rows it has, and where. */
#define ASSERT_TABLE(table, row, rows, most)                                                          \
    ASSERT_BAD(snapshot->rows = UINT32_MAX, OUTSIDE);                                                 \
    ASSERT_BAD(snapshot->rows = (snapshot->bytes - snapshot->table##_at) / sizeof(row) + 1, OUTSIDE); \
    ASSERT_BAD(snapshot->table##_at = 0, OUTSIDE);                                                    \
    ASSERT_BAD(snapshot->table##_at = sizeof *snapshot - 8, OUTSIDE);                                 \
    ASSERT_BAD(snapshot->table##_at = snapshot->bytes, OUTSIDE);                                      \
    ASSERT_BAD(snapshot->table##_at = snapshot->bytes - 8, OUTSIDE);                                  \
    ASSERT_BAD(snapshot->table##_at = snapshot->bytes + 8, OUTSIDE);                                  \
    ASSERT_BAD(snapshot->table##_at = UINT32_MAX - 7, OUTSIDE);

/* Of those whose rows are more than a character. */
#define ASSERT_ROWS(table)                                                                      \
    ASSERT_BAD(snapshot->table = UINT32_MAX / sizeof *snapshot_##table(snapshot) + 2, OUTSIDE); \
    ASSERT_BAD(snapshot->table##_at += 4, OUTSIDE);

static void tables_must_be_inside(void **state)
{
    (void)state;
    SNAPSHOT_TABLES(ASSERT_TABLE)
    ASSERT_ROWS(tags)
    ASSERT_ROWS(threads)
    ASSERT_ROWS(sites)
    ASSERT_ROWS(suspects)
    ASSERT_ROWS(stacks)
    ASSERT_ROWS(frames)
    ASSERT_ROWS(objects)
    ASSERT_ROWS(points)
    ASSERT_ROWS(notes)
}

static void rows_that_are_named_must_be_there(void **state)
{
    (void)state;
    ASSERT_BAD(ROW(site, 0)->tag = snapshot->tags, NO_ROW);
    ASSERT_BAD(ROW(site, 1)->tag = SNAPSHOT_NONE - 1, NO_ROW);
    ASSERT_BAD(ROW(site, 2)->object = snapshot->objects, NO_ROW);
    ASSERT_BAD(ROW(suspect, 0)->row = snapshot->sites, NO_ROW);
    ASSERT_BAD(ROW(suspect, 0)->row = SNAPSHOT_NONE, NO_ROW);
    ASSERT_BAD((ROW(suspect, 0)->subject = SNAPSHOT_TAG, ROW(suspect, 0)->row = snapshot->tags), NO_ROW);
    ASSERT_BAD(ROW(suspect, 0)->subject = SNAPSHOT_TOTAL, NO_ROW);
    ASSERT_BAD(ROW(suspect, 0)->subject = 77, NO_ROW);
    ASSERT_BAD(ROW(note, 0)->kind = SNAPSHOT_NOTE_KINDS, NO_ROW);
    ASSERT_BAD(memset(ROW(note, 0)->name, 'x', SNAPSHOT_PATH), NO_ROW);
    ASSERT_BAD(ROW(stack, 0)->site = snapshot->sites, NO_ROW);
    ASSERT_BAD(ROW(stack, 0)->frame = snapshot->frames, NO_ROW);
    ASSERT_BAD(ROW(stack, 0)->frame = UINT32_MAX, NO_ROW);
    ASSERT_BAD(ROW(stack, 0)->frame = UINT32_MAX - 1, NO_ROW);
    ASSERT_BAD(ROW(stack, 0)->frames = snapshot->frames + 1, NO_ROW);
    ASSERT_BAD(ROW(stack, 0)->frames = UINT32_MAX, NO_ROW);
    ASSERT_BAD(ROW(frame, 0)->object = snapshot->objects, NO_ROW);
    ASSERT_BAD(ROW(frame, 0)->name_at = snapshot->names_bytes, NO_ROW);
    ASSERT_BAD(ROW(frame, 0)->name_at = UINT32_MAX, NO_ROW);
}

static void texts_must_end(void **state)
{
    char *names;
    (void)state;
#define NAMES (names = (char *)snapshot + snapshot->names_at)
    ASSERT_BAD(memset(snapshot->program, 'x', sizeof snapshot->program), NO_ROW);
    ASSERT_BAD(memset(snapshot->alarm.name, 'x', sizeof snapshot->alarm.name), NO_ROW);
    ASSERT_BAD(memset(snapshot->alarm.tag, 'x', sizeof snapshot->alarm.tag), NO_ROW);
    ASSERT_BAD(memset(ROW(tag, 0)->name, 'x', SNAPSHOT_NAME), NO_ROW);
    ASSERT_BAD(memset(ROW(thread, 1)->name, 'x', SNAPSHOT_NAME), NO_ROW);
    ASSERT_BAD(memset(ROW(site, 0)->name, 'x', SNAPSHOT_SITE_NAME), NO_ROW);
    ASSERT_BAD(memset(ROW(object, 0)->path, 'x', SNAPSHOT_PATH), NO_ROW);
    ASSERT_BAD(NAMES[snapshot->names_bytes - 1] = 'x', NO_ROW);
    ASSERT_BAD(NAMES[0] = 'x', NO_ROW);
    ASSERT_BAD(memset(NAMES + 1, 'x', SNAPSHOT_SITE_NAME), NO_ROW); /* longer than any name */
    ASSERT_BAD(((char *)snapshot)[snapshot->command_at + snapshot->command_bytes - 1] = 'x', NO_ROW);
}

static void kinds_and_lengths_must_be_known(void **state)
{
    (void)state;
    ASSERT_BAD(snapshot->kind = SNAPSHOT_ALARM + 1, NO_ROW);
    ASSERT_BAD(snapshot->alarm.what = SNAPSHOT_ALARM_BLOCK + 1, NO_ROW);
    ASSERT_BAD(snapshot->alarm.of = SNAPSHOT_SITE + 1, NO_ROW);
    ASSERT_BAD(ROW(object, 0)->build_id_bytes = SNAPSHOT_BUILD_ID + 1, NO_ROW);
    ASSERT_BAD(ROW(object, 2)->build_id_bytes = UINT32_MAX, NO_ROW);
    ASSERT_BAD(ROW(object, 0)->codes = SNAPSHOT_CODES + 1, NO_ROW);
    ASSERT_BAD(ROW(object, 1)->codes = UINT32_MAX, NO_ROW);
    ASSERT_BAD(ROW(stack, 1)->frames = SNAPSHOT_FRAMES + 1, NO_ROW);
}

static const char *why_not(uint32_t *rows, uint32_t count, struct snapshot *snapshot)
{
    *rows = count;
    const char *why = snapshot_check(snapshot, snapshot->bytes);
    return why != NULL ? why : "";
}

/* With all rows there: as many as ever, and one more. */
#define ASSERT_MOST(table, row, rows, most)                                            \
    do {                                                                               \
        struct snapshot *snapshot = realloc(shop(), 4 << 20);                          \
        memset((char *)snapshot + (2 << 20), 0, 2 << 20);                              \
        snapshot->bytes = 4 << 20;                                                     \
        snapshot->table##_at = 2 << 20;                                                \
        assert_null(strstr(why_not(&snapshot->rows, (most), snapshot), MANY));         \
        assert_non_null(strstr(why_not(&snapshot->rows, (most) + 1, snapshot), MANY)); \
        free(snapshot);                                                                \
    } while (0);

static void no_table_is_longer_than_a_process_makes(void **state)
{
    (void)state;
    SNAPSHOT_TABLES(ASSERT_MOST)
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_snapshot_is_good),          cmocka_unit_test(a_snapshot_cut_anywhere_is_refused),
        cmocka_unit_test(versions_are_distinguished),        cmocka_unit_test(tables_must_be_inside),
        cmocka_unit_test(rows_that_are_named_must_be_there), cmocka_unit_test(texts_must_end),
        cmocka_unit_test(kinds_and_lengths_must_be_known),   cmocka_unit_test(no_table_is_longer_than_a_process_makes),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
