/* The tags of one process as label values: each once, and a bounded number of them. */
#ifndef TM_METRICS_TAGS_H
#define TM_METRICS_TAGS_H

#include <stddef.h>

#include "snapshot/snapshot.h"

struct metrics_tag {
    char *name; /* clean */
    struct snapshot_counts counts;
};

struct metrics_tags {
    struct metrics_tag *row; /* sorted by peak, which never falls: so few tags enter or leave the sum of the others */
    size_t rows;
};

/* Tags with the same clean name are added up. Those beyond the first `most` are added up as one more, "(others)". */
struct metrics_tags metrics_tags_of(const struct snapshot *snapshot, size_t most);
void metrics_tags_free(struct metrics_tags *tags);

#endif
