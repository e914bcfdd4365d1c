/* The snapshot's rows of stacks, with their frames and the names of these. */
#ifndef TM_COLLECT_STACKS_H
#define TM_COLLECT_STACKS_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

/* Under lock_report; the sites have their rows. The largest stacks by live bytes, then by what they allocated; the last
 * row is all others. Names the frames of those that a report of `top` rows may show. */
void collect_stacks(struct snapshot *head, unsigned top, struct lock_owner self);

#endif
