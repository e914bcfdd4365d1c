#include "history.h"

#include <stdbool.h>

static void append_point(struct history *history, const struct snapshot_point *point)
{
    bool later = history->points == 0 || point->uptime_ms > history->point[history->points - 1].uptime_ms;
    if (!later)
        return;
    if (history->points == HISTORY_POINTS) { /* full: keep every second one */
        for (int i = 0; i < HISTORY_POINTS; i += 2)
            history->point[i / 2] = history->point[i];
        history->points /= 2;
    }
    history->point[history->points++] = *point;
}

void history_take(struct history *history, const struct snapshot *snapshot)
{
    static struct history before;
    struct snapshot_point now = {.uptime_ms = snapshot->uptime_ms,
                                 .live_bytes = snapshot->total.live.bytes,
                                 .live_blocks = snapshot->total.live.blocks};
    before = *history;
    history->points = 0;
    for (uint32_t i = 0; i < snapshot->points; i++)
        if (snapshot_points(snapshot)[i].uptime_ms < now.uptime_ms)
            append_point(history, &snapshot_points(snapshot)[i]);
    for (int i = 0; i < before.points; i++)
        if (before.point[i].uptime_ms < now.uptime_ms)
            append_point(history, &before.point[i]);
    append_point(history, &now);
}
