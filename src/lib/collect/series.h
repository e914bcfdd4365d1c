/* What the process held in the course of time, as many points as fit: the older, the farther apart.
 *
 * Where there is no space, the point goes whose neighbours are nearest to each other, measured by their age. So gaps
 * grow in proportion to age, and after any time the whole life is there: a week of reports every five seconds leaves
 * gaps of about 3 % of their age. The first point stays. */
#ifndef TM_SERIES_H
#define TM_SERIES_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

/* Adds a point to the `*count` there are, unless less than `least_ms` have passed since the last one. */
void series_add(struct snapshot_point points[SNAPSHOT_POINTS], uint32_t *count, const struct snapshot_point *point,
                uint64_t least_ms);

#endif
