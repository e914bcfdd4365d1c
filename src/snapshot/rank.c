#include "rank.h"

#include <string.h>

static uint64_t key_of(const struct rank *rank, uint32_t row)
{
    uint64_t value;
    memcpy(&value, rank->keys + row * rank->stride, sizeof value);
    return value;
}

static bool precedes(uint64_t a_key, uint32_t a, uint64_t b_key, uint32_t b)
{
    return a_key > b_key || (a_key == b_key && a < b);
}

/* Into the batch at its place; the last of a full batch gives way. */
static void insert_row(struct rank *rank, uint64_t row_key, uint32_t row)
{
    if (rank->found < RANK_BATCH)
        rank->found++;
    uint32_t place = rank->found - 1;
    while (place > 0 && precedes(row_key, row, key_of(rank, rank->batch[place - 1]), rank->batch[place - 1])) {
        rank->batch[place] = rank->batch[place - 1];
        place--;
    }
    rank->batch[place] = row;
}

/* The best rows among those that come after `last`. */
static void refill(struct rank *rank, bool first, uint64_t last_key, uint32_t last)
{
    uint64_t worst_key = 0;
    rank->found = 0;
    rank->taken = 0;
    for (uint32_t row = 0; row < rank->rows; row++) {
        const uint64_t row_key = key_of(rank, row);
        if (!first && !precedes(last_key, last, row_key, row))
            continue;
        /* Rows come by rising index, so that one with an equal key comes after the worst. */
        if (rank->found == RANK_BATCH && row_key <= worst_key)
            continue;
        insert_row(rank, row_key, row);
        worst_key = key_of(rank, rank->batch[rank->found - 1]);
    }
}

void rank_start(struct rank *rank, const void *keys, size_t stride, uint32_t rows)
{
    rank->keys = keys;
    rank->stride = stride;
    rank->rows = rows;
    refill(rank, true, 0, 0);
}

bool rank_next(struct rank *rank, uint32_t *row)
{
    if (rank->taken == rank->found) {
        if (rank->found < RANK_BATCH)
            return false;
        const uint32_t last = rank->batch[RANK_BATCH - 1];
        refill(rank, false, key_of(rank, last), last);
        if (rank->found == 0)
            return false;
    }
    *row = rank->batch[rank->taken++];
    return true;
}
