/* The tags of one process as label values: each once, and not too many. */
#ifndef TM_METRICS_TAGS_H
#define TM_METRICS_TAGS_H

#include <stddef.h>

#include "snapshot/snapshot.h"

struct metrics_tag {
    char *name; /* clean */
    struct snapshot_counts counts;
};

struct metrics_tags {
    struct metrics_tag *row; /* the highest peak first: it never falls, so that few change places */
    size_t rows;
};

/* Tags whose clean names are the same are one. Beyond `most`, all that are left are one more, "(others)". */
struct metrics_tags metrics_tags_of(const struct snapshot *snapshot, size_t most);
void metrics_tags_free(struct metrics_tags *tags);

#endif
