/* The public API: reports on request, pauses, a new baseline. */
#include "api.h"

#include "collect_sites.h"
#include "growth.h"
#include "lock.h"
#include "reporter.h"
#include "slab.h"
#include "thread.h"
#include "track.h"

PUBLIC int tm_report(int descriptor)
{
    if (descriptor < 0 || !api_tracks())
        return TM_ABSENT;
    return reporter_report_to(descriptor, SNAPSHOT_REQUEST, thread_self()) ? TM_OK : -1;
}

PUBLIC long tm_report_buffer(char *text, size_t capacity)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (text == NULL && capacity != 0)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    size_t length;
    return reporter_report_into(text, capacity, &length, thread_self()) ? (long)length : TM_BUSY;
}

/* The first pause sends everybody off the fast path: told before the caches forget (track.c, book). */
PUBLIC int tm_pause(void)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (__atomic_fetch_add(&track_pauses, 1, __ATOMIC_SEQ_CST) == 0)
        slab_forget_sites();
    return TM_OK;
}

PUBLIC int tm_resume(void)
{
    if (!api_tracks())
        return TM_ABSENT;
    uint32_t pauses = __atomic_load_n(&track_pauses, __ATOMIC_RELAXED);
    do {
        if (pauses == 0)
            return api_misuse(MISUSE_RESUME, TM_UNBALANCED);
    } while (
        !__atomic_compare_exchange_n(&track_pauses, &pauses, pauses - 1, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return TM_OK;
}

PUBLIC int tm_baseline(void)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (lock_take(&lock_report, thread_self()) != LOCK_TAKEN)
        return TM_BUSY;
    growth_reset();
    collect_forget_peaks();
    tags_forget_peaks();
    lock_release(&lock_report);
    return TM_OK;
}
