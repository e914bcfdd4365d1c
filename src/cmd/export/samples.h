/* Where the blocks of a snapshot come from, as profiles want it: one list whose sums are the snapshot's own.
 *
 * What was allocated from where is known exactly by call site, and by stack where stacks are taken: of samples, an
 * estimate. The stacks of each site are fitted to what is known of the site (ratio estimation): so the sums are exact,
 * and so are the parts of all sites. What no stack covers stands under its site alone. */
#ifndef TM_SAMPLES_H
#define TM_SAMPLES_H

#include <stddef.h>

#include "snapshot/snapshot.h"

enum { SAMPLE_ALLOC_OBJECTS, SAMPLE_ALLOC_SPACE, SAMPLE_INUSE_OBJECTS, SAMPLE_INUSE_SPACE, SAMPLE_VALUES };

struct sample {
    const struct snapshot_stack *stack; /* NULL: none is known */
    const struct snapshot_site *site;   /* NULL: none has a row; with no stack either, it stands for all others */
    uint64_t value[SAMPLE_VALUES];      /* not all are 0 */
};

struct samples {
    struct sample *row;
    size_t rows;
};

/* Of a checked snapshot, which must outlive it. */
struct samples samples_new(const struct snapshot *snapshot);
void samples_free(struct samples *samples);

#endif
