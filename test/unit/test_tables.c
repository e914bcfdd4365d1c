/* The list of a snapshot's tables: it is version 6's, and each table is found where it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot/snapshot.h"

/* A table as the list describes it, and as snapshots of version 6 lie in files. */
struct place {
    const char *name;
    size_t rows_at;  /* of the head: how many rows */
    size_t first_at; /* of the head: where the first one is */
    size_t row_bytes;
};

static void the_form_of_version_6_is_fixed(void **state)
{
    static const struct place in_files[] = {
        {"tags", 896, 900, 296},   {"threads", 908, 912, 104}, {"sites", 924, 928, 240},   {"suspects", 932, 936, 48},
        {"stacks", 940, 944, 64},  {"frames", 948, 952, 16},   {"objects", 964, 968, 424}, {"notes", 1324, 1328, 272},
        {"points", 972, 1208, 32}, {"names", 956, 960, 1},     {"command", 1212, 1216, 1},
    };
#define PLACE(table, row, rows, most) \
    {#table, offsetof(struct snapshot, rows), offsetof(struct snapshot, table##_at), sizeof(row)},
    static const struct place listed[] = {SNAPSHOT_TABLES(PLACE)};
#undef PLACE
    (void)state;
    assert_int_equal(SNAPSHOT_VERSION, 6);
    assert_int_equal(sizeof(struct snapshot), 1336);
    assert_int_equal(sizeof listed, sizeof in_files);
    assert_int_equal(SNAPSHOT_TABLE_COUNT, sizeof listed / sizeof *listed);
    for (size_t i = 0; i < sizeof in_files / sizeof *in_files; i++) {
        assert_string_equal(listed[i].name, in_files[i].name);
        assert_int_equal(listed[i].rows_at, in_files[i].rows_at);
        assert_int_equal(listed[i].first_at, in_files[i].first_at);
        assert_int_equal(listed[i].row_bytes, in_files[i].row_bytes);
    }
}

/* Where each table lies directly behind the one before, all rows are aligned. */
static void no_table_needs_bytes_before_it(void **state)
{
    size_t at = sizeof(struct snapshot);
    (void)state;
#define ALIGNED(table, row, rows, most)      \
    assert_int_equal(at % _Alignof(row), 0); \
    at += sizeof(row);
    SNAPSHOT_TABLES(ALIGNED)
#undef ALIGNED
}

/* Each accessor leads to its own table, for reading and for writing. */
static void accessors_find_their_tables(void **state)
{
    enum { EACH = 1024 };
    uint32_t at = sizeof(struct snapshot);
    struct snapshot *snapshot = calloc(1, sizeof *snapshot + SNAPSHOT_TABLE_COUNT * EACH);
    (void)state;
    assert_non_null(snapshot);
#define PLACE(table, row, rows, most)                                                      \
    snapshot->table##_at = at;                                                             \
    assert_ptr_equal(snapshot_##table(snapshot), (const char *)snapshot + at);             \
    memset(snapshot_writable_##table(snapshot), (int)(at / EACH), sizeof(row));            \
    assert_int_equal(*(const unsigned char *)snapshot_##table(snapshot), at / EACH % 256); \
    at += EACH;
    SNAPSHOT_TABLES(PLACE)
#undef PLACE
    free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_of_version_6_is_fixed),
        cmocka_unit_test(no_table_needs_bytes_before_it),
        cmocka_unit_test(accessors_find_their_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
