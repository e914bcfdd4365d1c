/* What the live bytes were: the snapshot's own moments, and those seen since its last one. Pure. */
#ifndef TM_HISTORY_H
#define TM_HISTORY_H

#include "snapshot/snapshot.h"

enum { HISTORY_POINTS = 2 * SNAPSHOT_POINTS };

/* The oldest first. */
struct history {
    struct snapshot_point point[HISTORY_POINTS];
    int points;
};

/* The snapshot's moments, those of before that are later, and its own. */
void history_take(struct history *history, const struct snapshot *snapshot);

#endif
