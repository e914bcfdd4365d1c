/* The rows of a table, the one with the largest key first, equal keys in the order of the table: without
 * sorting it and without memory that grows with it. Each walk through the table finds the next RANK_BATCH rows. */
#ifndef TM_SNAPSHOT_RANK_H
#define TM_SNAPSHOT_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANK_BATCH = 32 };

struct rank {
    const char *keys; /* the first row's key, a uint64_t */
    size_t stride;    /* from there to the next row's */
    uint32_t rows;
    uint32_t found; /* in the batch */
    uint32_t taken; /* of it */
    uint32_t batch[RANK_BATCH];
};

void rank_start(struct rank *rank, const void *keys, size_t stride, uint32_t rows);

/* The next row; false after the last. */
bool rank_next(struct rank *rank, uint32_t *row);

#endif
