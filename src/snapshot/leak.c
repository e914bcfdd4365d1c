#include "leak.h"

enum { WHOLE = 1024 };

/* Of the uptime, in 1/1024. A forked child's blocks may be older than itself. */
static uint64_t part_of_uptime(uint64_t age_ms, uint64_t uptime_ms)
{
    if (age_ms >= uptime_ms)
        return WHOLE;
    while (age_ms > UINT64_MAX / WHOLE) {
        age_ms /= 2;
        uptime_ms /= 2;
    }
    return age_ms * WHOLE / uptime_ms;
}

static uint64_t weight(uint64_t age_ms, uint64_t uptime_ms)
{
    if (age_ms == SNAPSHOT_UNKNOWN)
        return WHOLE / 2;
    const uint64_t part = part_of_uptime(age_ms, uptime_ms);
    return 4 * part * (WHOLE - part) / WHOLE;
}

uint64_t leak_score(uint64_t live_bytes, uint64_t age_ms, uint64_t uptime_ms)
{
    const uint64_t least = live_bytes / WHOLE + (live_bytes % WHOLE != 0);
    const uint64_t by = weight(age_ms, uptime_ms);
    const uint64_t score = live_bytes / WHOLE * by + live_bytes % WHOLE * by / WHOLE;
    return score > least ? score : least;
}
