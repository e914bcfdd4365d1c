/* The snapshot's rows of stacks, with their frames and the names of these. */
#ifndef TM_COLLECT_STACKS_H
#define TM_COLLECT_STACKS_H

#include "base.h"
#include "lock.h"
#include "snapshot/snapshot.h"

enum {
    COLLECT_STACKS = 512, /* the largest by live bytes, then by what they allocated; the last one is all others */
    COLLECT_FRAMES = COLLECT_STACKS * SNAPSHOT_FRAMES,
    COLLECT_NAMES = 128 * 1024
};

struct collect_stacks {
    struct snapshot_stack stack[COLLECT_STACKS];
    struct snapshot_frame frame[COLLECT_FRAMES];
    char names[COLLECT_NAMES];
};

/* Under lock_report; the sites have their rows. Names the frames of those that a report of `top` rows may show. */
void collect_stacks(struct snapshot *head, struct collect_stacks *area, const struct snapshot_site *sites, unsigned top,
                    struct lock_owner self);

#endif
