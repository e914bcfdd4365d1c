/* Turns all slabs into one snapshot. The reporter's work, once an interval; the allocating threads go on. */
#ifndef TM_COLLECT_H
#define TM_COLLECT_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

/* What only the reporter knows. */
struct collect_request {
    enum snapshot_kind kind;
    uint32_t number;
    uint64_t cpu_us;      /* what our threads have used */
    uint32_t own_threads; /* how many of the process's are ours */
    bool for_others;      /* it goes to other processes, which cannot ask about this one */
};

/* Exact at rest; while threads allocate, as exact as the moments at which their counters are read, one after the
 * other. The snapshot is static: under lock_report. NULL: asked to stop (lock_give_way). */
const struct snapshot *collect(const struct collect_request *request, struct lock_owner self);
/* Makes the last one that of an alarm report, with its evidence. */
void collect_add_alarm(const struct snapshot_alarm *alarm);

#endif
