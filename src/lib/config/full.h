/* Tables that are full: what comes after is counted right, but told less of. Each is logged in one line, once.
 *
 * The table's owner notes it, under whatever lock; who has taken none yet says it, when it leaves the fast path next.
 * Tags have a line in the report instead, and a caller's own wishes (tags, scopes, alarms) an error of their own. */
#ifndef TM_FULL_H
#define TM_FULL_H

#include "lib/sys/base.h"

enum full { FULL_SITES, FULL_CONTEXTS, FULL_OBJECTS, FULL_FUNCTIONS, FULL_STACKS, FULL_SLABS, FULL_TABLES };

SHARED uint32_t full_pending; /* a bit for each */
SHARED uint32_t full_logged;

/* Any thread, any time. */
HOT void full_record(enum full table)
{
    uint32_t bit = 1u << table;
    if (UNLIKELY((word_read(&full_pending) & bit) == 0))
        __atomic_fetch_or(&full_pending, bit, __ATOMIC_RELAXED);
}

HOT bool full_is_recorded(enum full table)
{
    return word_read(&full_pending) >> table & 1;
}

/* Says what has been noted and not told yet. In a thread of the program, without a lock. */
COLD void full_log(void);

HOT void full_log_if_any(void)
{
    if (UNLIKELY(word_read(&full_pending) != word_read(&full_logged)))
        full_log();
}

#endif
