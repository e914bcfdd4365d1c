/* Where the blocks of a snapshot come from, as profiles want it: one list whose sums are the snapshot's own.
 *
 * Amounts are known exactly by call site. By stack they are known where stacks are taken, and are estimates where
 * stacks are sampled. The stacks of each site are scaled to the exact amounts of the site (ratio estimation), so that
 * the sum of each site and of all sites is exact. What no stack covers is one sample of its site, without a stack. */
#ifndef TM_SAMPLES_H
#define TM_SAMPLES_H

#include <stddef.h>

#include "snapshot/snapshot.h"

enum { SAMPLE_ALLOC_OBJECTS, SAMPLE_ALLOC_SPACE, SAMPLE_INUSE_OBJECTS, SAMPLE_INUSE_SPACE, SAMPLE_VALUES };

struct sample {
    const struct snapshot_stack *stack; /* NULL: none is known */
    const struct snapshot_site *site;   /* NULL: a site without a row; with no stack either: all of these together */
    uint64_t value[SAMPLE_VALUES];      /* at least one is not 0 */
};

struct samples {
    struct sample *row;
    size_t rows;
};

/* Of a checked snapshot, which must outlive it. */
struct samples samples_new(const struct snapshot *snapshot);
void samples_free(struct samples *samples);

#endif
