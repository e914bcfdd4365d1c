/* Fork: what is done around it, and how a child that was forked past the C library sets itself up. */
#include "lifecycle.h"
#include "lifecycle_parts.h"

#include "lib/account/context.h"
#include "lib/account/slab.h"
#include "lib/alarm/watch.h"
#include "lib/collect/growth.h"
#include "lib/collect/process.h"
#include "lib/config/log.h"
#include "lib/config/state.h"
#include "lib/report/output.h"
#include "lib/report/reporter.h"
#include "lib/report/segment.h"
#include "lib/sys/clock.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"

uint32_t lifecycle_own_pid(void)
{
    return log_is_sandboxed() ? 1 : (uint32_t)sys0(SYS_getpid);
}

/* What other threads had begun was copied in the middle: their locks are free, their numbers taken back, their slabs
 * handed on. Totals are exact all the while: they are sums of counters that only their owners write. */
static void repair(void)
{
    lock_reset(&lock_accounting);
    lock_reset(&lock_report);
    lock_reset(&lock_names);
    context_forked();
    site_forked();
    slab_forked();
}

void lifecycle_init_child(void)
{
    if (LIKELY(__atomic_load_n(&clock_area.now.pid, __ATOMIC_ACQUIRE) != 0) || !state_tracks())
        return;
    repair();
    clock_own(lifecycle_own_pid());
    thread_forked();
    reporter_forked();
    output_forked();
    growth_reset();
    segment_forked();
    process_forked();
    watch_forked();
}

/* Only the fold of a slab is kept from being copied in the middle; no lock is held (lock.h). */
void lifecycle_fork_prepare(void)
{
    slab_fork_begins(thread_self());
}

void lifecycle_fork_parent(void)
{
    slab_fork_ended();
}

/* Where the kernel does not wipe the clock's page, this does. An idle child reports as well. */
void lifecycle_fork_child(void)
{
    if (clock_area.now.pid != 0)
        clock_forked();
    lifecycle_init_child();
    reporter_start();
}

/* Called for each allocation while there is no reporter thread: sets up a child that was forked past the C library,
 * starts the thread when its time has come. */
void lifecycle_unticked(uint32_t now)
{
    lifecycle_init_child();
    reporter_start_late(now);
}
