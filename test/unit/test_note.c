/* Notes: the same thing is one row, whoever takes it when; what finds no space is counted. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/config/note.h"

enum { THREADS = 4, TIMES = 10000 };

static struct snapshot_note rows[SNAPSHOT_NOTES];

static uint64_t count_of(uint32_t kind, const char *name)
{
    uint64_t count = 0;
    unsigned found = 0;
    uint32_t most = note_copy(rows);
    for (uint32_t i = 0; i < most; i++)
        if (rows[i].kind == kind && strcmp(rows[i].name, name) == 0) {
            count += rows[i].count;
            found++;
        }
    assert_in_range(found, 0, 1);
    return count;
}

static void nothing_at_first(void **state)
{
    (void)state;
    assert_int_equal(note_copy(rows), 0);
}

static void the_same_is_one_row(void **state)
{
    (void)state;
    note_take(SNAPSHOT_NOTE_DEEPBIND, "a.so");
    note_take(SNAPSHOT_NOTE_DEEPBIND, NULL);
    note_take(SNAPSHOT_NOTE_DEEPBIND, "a.so");
    assert_int_equal(count_of(SNAPSHOT_NOTE_DEEPBIND, "a.so"), 2);
    assert_int_equal(count_of(SNAPSHOT_NOTE_DEEPBIND, ""), 1);
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    char name[2 * SNAPSHOT_PATH];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    note_take(SNAPSHOT_NOTE_DEEPBIND, name);
    name[SNAPSHOT_PATH - 1] = '\0';
    assert_int_equal(count_of(SNAPSHOT_NOTE_DEEPBIND, name), 1);
}

static void *take_many(void *unused)
{
    for (int i = 0; i < TIMES; i++)
        note_take(SNAPSHOT_NOTE_DEEPBIND, i % 2 ? "b.so" : "c.so");
    return unused;
}

static void by_threads_at_once(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, take_many, NULL), 0);
    for (int i = 0; i < 1000; i++)
        note_copy(rows);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(count_of(SNAPSHOT_NOTE_DEEPBIND, "b.so"), THREADS * TIMES / 2);
    assert_int_equal(count_of(SNAPSHOT_NOTE_DEEPBIND, "c.so"), THREADS * TIMES / 2);
}

static void what_finds_no_room_is_counted(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 3 * SNAPSHOT_NOTES; i++) {
        snprintf(name, sizeof name, "%d.so", i);
        note_take(SNAPSHOT_NOTE_DEEPBIND, name);
    }
    uint32_t count = note_copy(rows);
    assert_in_range(count, 2, SNAPSHOT_NOTES);
    assert_int_equal(rows[count - 1].kind, SNAPSHOT_NOTE_OTHERS);
    assert_in_range(rows[count - 1].count, 2 * SNAPSHOT_NOTES, 3 * SNAPSHOT_NOTES);
    uint64_t before = rows[count - 1].count;
    note_take(SNAPSHOT_NOTE_DEEPBIND, "a.so"); /* has its row */
    assert_int_equal(count_of(SNAPSHOT_NOTE_DEEPBIND, "a.so"), 3);
    assert_int_equal(count_of(SNAPSHOT_NOTE_OTHERS, ""), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_first),
        cmocka_unit_test(the_same_is_one_row),
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(by_threads_at_once),
        cmocka_unit_test(what_finds_no_room_is_counted),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
