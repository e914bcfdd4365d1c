#include "series.h"

#include <string.h>

/* Whether gap / age is less than other_gap / other_age; times are far below 2^48 ms, so they are rounded, not cut. */
static bool is_nearer(uint64_t gap, uint64_t age, uint64_t other_gap, uint64_t other_age)
{
    return (double)gap * (double)other_age < (double)other_gap * (double)age;
}

static void make_room(struct series *series, uint64_t now)
{
    uint32_t least = 1;
    uint64_t least_gap = UINT64_MAX;
    uint64_t least_age = 1;
    for (uint32_t i = 1; i + 1 < series->points; i++) {
        uint64_t before = series->point[i - 1].uptime_ms;
        uint64_t gap = series->point[i + 1].uptime_ms - before;
        uint64_t age = now - before;
        if (is_nearer(gap, age, least_gap, least_age)) {
            least = i;
            least_gap = gap;
            least_age = age;
        }
    }
    series->points--;
    memmove(&series->point[least], &series->point[least + 1], (series->points - least) * sizeof series->point[0]);
}

void series_add(struct series *series, const struct snapshot_point *point, uint64_t apart_ms)
{
    if (series->points != 0 && point->uptime_ms < series->point[series->points - 1].uptime_ms + apart_ms)
        return;
    if (series->points == SNAPSHOT_POINTS)
        make_room(series, point->uptime_ms);
    series->point[series->points++] = *point;
}
