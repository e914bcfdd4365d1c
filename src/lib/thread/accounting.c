#include "accounting.h"

#include "lib/code/name.h"
#include "lib/config/full.h"
#include "lib/config/state.h"
#include "lib/sys/clock.h"
#include "thread.h"

static void advance_tick(struct slab *slab, uint32_t tick)
{
    if (lock_take(&lock_accounting, thread_self()) == LOCK_TAKEN) {
        slab_fold(slab, tick);
        lock_release(&lock_accounting);
    }
    if (UNLIKELY(name_waiting))
        name_catch_up(thread_self());
}

struct accounting accounting_open(void)
{
    uint32_t now = clock_now();
    full_log_if_any();
    if (UNLIKELY(clock_tick() == CLOCK_SELF))
        state_events.unticked(now);
    if (UNLIKELY(!thread_has_slab()))
        thread_take_slab(now);
    if (LIKELY(thread_has_slab())) {
        if (thread_slab->tick != now)
            advance_tick(thread_slab, now);
        slab_refresh_sites(thread_slab);
        return (struct accounting){thread_slab, LOCK_BUSY};
    }
    struct accounting accounting = {&slab_shared, lock_take(&lock_accounting, thread_self())};
    if (slab_shared.tick != now && accounting.lock == LOCK_TAKEN)
        slab_fold(&slab_shared, now);
    if (accounting.lock == LOCK_TAKEN)
        slab_refresh_sites(&slab_shared);
    else
        thread_nested++;
    return accounting;
}

void accounting_close(const struct accounting *accounting)
{
    if (accounting->lock == LOCK_TAKEN)
        lock_release(&lock_accounting);
    else if (accounting->lock == LOCK_NESTED)
        thread_nested--;
}

bool accounting_lock(const struct slab *slab, struct accounting *accounting)
{
    accounting->lock = LOCK_BUSY; /* of accounting_open's: accounting_close leaves it alone */
    if (slab == &slab_shared)
        return thread_nested == 0;
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return false;
    accounting->lock = LOCK_TAKEN;
    return true;
}

struct age_wheel *accounting_wheel(struct slab *slab, unsigned tag)
{
    if (LIKELY(slab->tag[tag].wheel != NULL))
        return slab->tag[tag].wheel;
    struct accounting accounting;
    if (!accounting_lock(slab, &accounting))
        return NULL;
    struct age_wheel *wheel = slab_wheel(slab, tag);
    accounting_close(&accounting);
    return wheel;
}
