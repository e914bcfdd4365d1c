/* Turns all slabs into one snapshot. The reporter's work, once an interval; the allocating threads go on. */
#ifndef TM_COLLECT_H
#define TM_COLLECT_H

#include "base.h"
#include "snapshot/snapshot.h"

/* Exact at rest; while threads allocate, as exact as the moments at which their counters are read, one after the
 * other. The snapshot is static: under lock_report. `self` is the caller to a lock. */
const struct snapshot *collect(enum snapshot_kind kind, uint32_t number, uintptr_t self);
/* The same of an alarm report, with its evidence. */
const struct snapshot *collect_alarm(const struct snapshot_alarm *alarm, uint32_t number, uintptr_t self);

#endif
