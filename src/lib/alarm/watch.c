#include "watch.h"

#include <string.h>

#include "lib/sys/clock.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"
#include "lib/thread/thread.h"
#include "watch_table.h"

/* One that was cancelled, too, when nobody can have seen it set: who looks from now on sees that it is not. */
static struct watch *free_place(void)
{
    bool nobody_looks = !watch_has_readers();
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        enum watch_state is = watches.each[i].state;
        if (is == STATE_FREE || (is == STATE_CANCELLED && nobody_looks))
            return &watches.each[i];
    }
    return NULL;
}

/* Under the accounting lock. */
static int watch_put(const struct watch_spec *spec)
{
    struct watch *watch = free_place();
    if (watch == NULL)
        return 0;
    uint32_t round = watch->round + 1;
    memset(watch, 0, sizeof *watch);
    watch->round = round;
    watch->spec = *spec;
    watch->reported_ms = clock_uptime_ms();
    watch->stale = !watch_is_switched_on(watch);
    if (spec->alarm.what != ALARM_BLOCK)
        alarm_begin(&spec->alarm, &watch->seen, watch_value(watch), watch->reported_ms);
    __atomic_store_n(&watch->state, STATE_SET, __ATOMIC_RELEASE);
    __atomic_fetch_add(&watches.count[watch_who(spec)], 1, __ATOMIC_RELAXED);
    watch_agree_on_least();
    return watch_number(watch);
}

int watch_set(const struct watch_spec *spec)
{
    if (spec->call != NULL && !spec->at_once && !watch_have_caller())
        return 0;
    /* Cancelled ones are free once nobody looks, which takes microseconds; a function of the program's, longer. */
    enum { TRIES = 10, PAUSE_NS = 1000000 };
    uint32_t never = 0;
    int number = 0;
    for (unsigned i = 0; i < TRIES && number == 0; i++) {
        if (i != 0)
            sys_futex_wait(&never, 0, PAUSE_NS);
        if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
            return 0;
        number = watch_put(spec);
        lock_release(&lock_accounting);
    }
    return number;
}

static bool take_out(int number)
{
    struct watch *watch = &watches.each[(unsigned)(number - 1) % ALARMS_MAX];
    if (number <= 0 || watch->state != STATE_SET || watch_number(watch) != number)
        return false;
    __atomic_store_n(&watch->state, STATE_CANCELLED, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&watches.count[watch_who(&watch->spec)], 1, __ATOMIC_RELAXED);
    watch_agree_on_least();
    return true;
}

bool watch_cancel(int number)
{
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return false;
    bool done = take_out(number);
    lock_release(&lock_accounting);
    return done;
}

void watch_start(void)
{
    for (unsigned i = 0; i < alarm_count(); i++) {
        struct watch_spec spec = {.alarm = *alarm_option(i), .number = TAG_UNTAGGED};
        watch_put(&spec);
    }
}

void watch_forked(void)
{
    watches.has_caller = 0;
    watches.readers = ((watches.readers >> WATCH_FORKS_SHIFT) + 1) << WATCH_FORKS_SHIFT;
}
