/* Live bytes over time: the points in the snapshot, and those of the snapshots seen since. No input or output. */
#ifndef TM_HISTORY_H
#define TM_HISTORY_H

#include "snapshot/snapshot.h"

enum { HISTORY_POINTS = 2 * SNAPSHOT_POINTS };

/* Oldest first. */
struct history {
    struct snapshot_point point[HISTORY_POINTS];
    int points;
};

/* Takes the snapshot's points over, keeps own points that are later than these, and adds the snapshot itself. */
void history_take(struct history *history, const struct snapshot *snapshot);

#endif
