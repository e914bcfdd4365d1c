/* The time series: bounded, whole, and with gaps in proportion to age. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/collect/series.h"

static struct {
    uint32_t points;
    struct snapshot_point point[SNAPSHOT_POINTS];
} series;

static void add(uint64_t uptime_ms, uint64_t least_ms)
{
    struct snapshot_point point = {.uptime_ms = uptime_ms, .live_bytes = 3 * uptime_ms};
    series_add(series.point, &series.points, &point, least_ms);
}

static int begin(void **state)
{
    (void)state;
    memset(&series, 0, sizeof series);
    return 0;
}

static void points_that_fit_all_stay(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SNAPSHOT_POINTS; i++)
        add(1000 * i, 1000);
    assert_int_equal(series.points, SNAPSHOT_POINTS);
    for (uint64_t i = 0; i < SNAPSHOT_POINTS; i++)
        assert_int_equal(series.point[i].uptime_ms, 1000 * i);
}

static void points_that_come_too_soon_are_left_out(void **state)
{
    (void)state;
    add(500, 1000);
    add(1499, 1000);
    add(1500, 1000);
    assert_int_equal(series.points, 2);
    assert_int_equal(series.point[1].uptime_ms, 1500);
}

/* Weeks, at reports of `step` each: order, bounds, both ends, and every gap within 6 % of its age or four steps. */
static void check_life(uint64_t step, uint64_t reports)
{
    memset(&series, 0, sizeof series);
    for (uint64_t i = 0; i < reports; i++)
        add(step * i, step);
    uint64_t now = step * (reports - 1);
    assert_int_equal(series.points, SNAPSHOT_POINTS);
    assert_int_equal(series.point[0].uptime_ms, 0);
    assert_int_equal(series.point[SNAPSHOT_POINTS - 1].uptime_ms, now);
    for (uint32_t i = 1; i < series.points; i++) {
        uint64_t gap = series.point[i].uptime_ms - series.point[i - 1].uptime_ms;
        uint64_t age = now - series.point[i - 1].uptime_ms;
        assert_true(series.point[i].uptime_ms > series.point[i - 1].uptime_ms);
        assert_int_equal(series.point[i].live_bytes, 3 * series.point[i].uptime_ms);
        assert_true(gap <= 4 * step || gap * 100 <= age * 6);
    }
}

static void a_life_is_told_whole_however_long(void **state)
{
    (void)state;
    check_life(5000, 600);
    check_life(5000, 17280);  /* a day */
    check_life(5000, 241920); /* two weeks */
    check_life(1000, 200000);
}

static void a_clock_that_stands_does_no_harm(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3 * SNAPSHOT_POINTS; i++)
        add(7, 0);
    assert_int_equal(series.points, SNAPSHOT_POINTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(points_that_fit_all_stay, begin),
        cmocka_unit_test_setup(points_that_come_too_soon_are_left_out, begin),
        cmocka_unit_test_setup(a_life_is_told_whole_however_long, begin),
        cmocka_unit_test_setup(a_clock_that_stands_does_no_harm, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
