#include "series.h"

#include <string.h>

/* Whether gap / age is less than other_gap / other_age; times are far below 2^48 ms, so they are rounded, not cut. */
static bool is_nearer(uint64_t gap, uint64_t age, uint64_t other_gap, uint64_t other_age)
{
    return (double)gap * (double)other_age < (double)other_gap * (double)age;
}

/* Takes out the point whose neighbours are nearest to each other. */
static void thin_out(struct snapshot_point *points, uint32_t *count, uint64_t now)
{
    uint32_t least = 1;
    uint64_t least_gap = UINT64_MAX;
    uint64_t least_age = 1;
    for (uint32_t i = 1; i + 1 < *count; i++) {
        uint64_t before = points[i - 1].uptime_ms;
        uint64_t gap = points[i + 1].uptime_ms - before;
        uint64_t age = now - before;
        if (is_nearer(gap, age, least_gap, least_age)) {
            least = i;
            least_gap = gap;
            least_age = age;
        }
    }
    --*count;
    memmove(&points[least], &points[least + 1], (*count - least) * sizeof points[0]);
}

void series_add(struct snapshot_point points[SNAPSHOT_POINTS], uint32_t *count, const struct snapshot_point *point,
                uint64_t least_ms)
{
    if (*count != 0 && point->uptime_ms < points[*count - 1].uptime_ms + least_ms)
        return;
    if (*count == SNAPSHOT_POINTS)
        thin_out(points, count, point->uptime_ms);
    points[(*count)++] = *point;
}
