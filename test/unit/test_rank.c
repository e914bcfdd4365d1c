/* The order that rank finds is the one of sorting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "snapshot/rank.h"

struct row {
    uint32_t index;
    uint32_t padding[3];
    uint64_t key;
};

static int largest_first(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    if (x->key != y->key)
        return x->key < y->key ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

/* All rows, then no more of them. `rows` is sorted on return. */
static void assert_order(struct row *rows, uint32_t count)
{
    uint32_t *found = malloc((count + 1) * sizeof *found);
    struct rank rank;
    assert_non_null(found);
    rank_start(&rank, &rows[0].key, sizeof *rows, count);
    for (uint32_t i = 0; i < count; i++)
        assert_true(rank_next(&rank, &found[i]));
    assert_false(rank_next(&rank, &found[count]));
    assert_false(rank_next(&rank, &found[count]));

    qsort(rows, count, sizeof *rows, largest_first);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(found[i], rows[i].index);
    free(found);
}

static struct row rows[1000];

static const uint32_t counts[] = {0, 1, 2, RANK_BATCH - 1, RANK_BATCH, RANK_BATCH + 1, 2 * RANK_BATCH, 1000};

#define FOR_EACH_COUNT(count) \
    for (uint32_t which = 0, count; which < sizeof counts / sizeof *counts && (count = counts[which], 1); which++)

static void fill(uint32_t count, uint64_t (*key)(uint32_t index))
{
    for (uint32_t i = 0; i < count; i++)
        rows[i] = (struct row){.index = i, .key = key(i)};
}

static uint64_t rising(uint32_t index)
{
    return index;
}

static uint64_t falling(uint32_t index)
{
    return UINT64_MAX - index;
}

static uint64_t zero(uint32_t index)
{
    (void)index;
    return 0;
}

static uint64_t greatest(uint32_t index)
{
    (void)index;
    return UINT64_MAX;
}

static uint64_t few_values(uint32_t index)
{
    return index * 2654435761u >> 13 & 7;
}

static uint64_t many_values(uint32_t index)
{
    return index * 0x9e3779b97f4a7c15;
}

static void every_shape_of_table(void **state)
{
    (void)state;
    uint64_t (*const shapes[])(uint32_t) = {rising, falling, zero, greatest, few_values, many_values};
    for (size_t flags = 0; flags < sizeof shapes / sizeof *shapes; flags++)
        FOR_EACH_COUNT(count)
        {
            fill(count, shapes[flags]);
            assert_order(rows, count);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_shape_of_table)};
    return cmocka_run_group_tests_name("rank", tests, NULL, NULL);
}
