/* The public API: reports on request, pauses, a new baseline, switches. */
#include "api.h"

#include "lib/alarm/watch.h"
#include "lib/collect/allocator.h"
#include "lib/config/feature.h"
#include "lib/report/control.h"
#include "lib/report/report.h"
#include "lib/sys/lock.h"
#include "lib/thread/thread.h"

/* Whether a signal handler asks that has interrupted a report of this thread. */
static bool is_in_a_report(void)
{
    enum lock_state lock = lock_try(&lock_report, thread_self());
    if (lock == LOCK_TAKEN)
        lock_release(&lock_report);
    return lock == LOCK_NESTED;
}

PUBLIC int tm_report(int descriptor)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (descriptor < 0)
        return api_misuse(MISUSE_DESCRIPTOR, TM_INVALID);
    if (report_write_to(descriptor, SNAPSHOT_REQUEST, thread_self()))
        return TM_OK;
    return is_in_a_report() ? TM_BUSY : TM_UNWRITTEN;
}

PUBLIC long tm_report_buffer(char *text, size_t capacity)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (text == NULL && capacity != 0)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    size_t length;
    return report_write_into(text, capacity, &length, thread_self()) ? (long)length : TM_BUSY;
}

PUBLIC int tm_pause(void)
{
    if (!api_tracks())
        return TM_ABSENT;
    control_pause();
    return TM_OK;
}

PUBLIC int tm_resume(void)
{
    if (!api_tracks())
        return TM_ABSENT;
    return control_resume() ? TM_OK : api_misuse(MISUSE_RESUME, TM_UNBALANCED);
}

PUBLIC int tm_baseline(void)
{
    if (!api_tracks())
        return TM_ABSENT;
    return control_baseline(thread_self()) ? TM_OK : TM_BUSY;
}

PUBLIC int tm_features(unsigned on, unsigned off)
{
    if (!api_tracks())
        return TM_ABSENT;
    if ((on | off) & ~(unsigned)FEATURES)
        return api_misuse(MISUSE_FLAGS, TM_INVALID);
    on &= ~allocator_find(on & ~off);
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return TM_BUSY;
    unsigned now = feature_switch(on, off);
    watch_features();
    lock_release(&lock_accounting);
    return (int)now;
}
