/* Alarms: how they are written, and when they ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/alarm/alarm.h"

enum { SECOND = 1000, MIB = 1 << 20 };

static struct alarm_spec spec;
static struct alarm_state state;
static struct alarm_event event;

static void set(const char *text)
{
    memset(&state, 0, sizeof state);
    if (!alarm_parse(text, strlen(text), &spec))
        fail_msg("'%s' is refused", text);
}

static bool look(uint64_t value, uint64_t now_ms)
{
    return alarm_look(&spec, &state, value, now_ms, &event);
}

/* ---- as written ---- */

static void levels_are_read(void **unused)
{
    (void)unused;
    set("cache>500MiB<450MiB");
    assert_int_equal(spec.what, ALARM_LEVEL);
    assert_int_equal(spec.of, ALARM_OF_TAG);
    assert_string_equal(spec.name, "cache");
    assert_int_equal(spec.bytes, 500 * MIB);
    assert_int_equal(spec.until, 450 * MIB);
    set("process>2G");
    assert_int_equal(spec.of, ALARM_OF_PROCESS);
    assert_int_equal(spec.until, spec.bytes);
    set("libc.so.6>1");
    set("a+b>c>10K");
    assert_string_equal(spec.name, "a+b>c");
}

static void changes_are_read(void **unused)
{
    (void)unused;
    set("db/cache+10MiB/60");
    assert_int_equal(spec.what, ALARM_CHANGE);
    assert_string_equal(spec.name, "db/cache");
    assert_int_equal(spec.within_ms, 60 * SECOND);
    set("process+1K/5m");
    assert_int_equal(spec.within_ms, 300 * SECOND);
    set("libstdc++.so.6+64K/2h");
    assert_string_equal(spec.name, "libstdc++.so.6");
    assert_int_equal(spec.within_ms, 7200 * SECOND);
    set("cache+1M");
    assert_int_equal(spec.within_ms, 0);
}

static void blocks_are_read(void **unused)
{
    (void)unused;
    set("block>1MiB");
    assert_int_equal(spec.what, ALARM_BLOCK);
    assert_int_equal(spec.bytes, MIB);
}

static void the_rest_is_refused(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "",
        "cache",
        ">10",
        "+10/5",
        "cache>",
        "cache>x",
        "cache>0",
        "cache>10<20",
        "c>1<0",
        "c>10<",
        "c+10/",
        "c+10/0",
        "c+10/x",
        "c+/5",
        "block+10/5",
        "block>10<5",
        "c>-1",
        "c+10/5d",
        "c>1e9",
        "c+10/5s5",
        "c+10/m",
        "c+99999999999999999999/5",
        "c+0/5",
        "c>1 ",
        "c+10/99999999999999999999",
        "0123456789012345678901234567890123456789012345678901234567890123>10",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (alarm_parse(bad[i], strlen(bad[i]), &spec))
            fail_msg("'%s' is taken", bad[i]);
}

/* ---- levels ---- */

static void a_level_rings_once_until_it_is_over(void **unused)
{
    (void)unused;
    set("cache>500<450");
    assert_false(look(0, 1000));
    assert_false(look(499, 2000));
    assert_true(look(500, 3000));
    assert_int_equal(event.value, 500);
    assert_int_equal(event.change, 500);
    assert_int_equal(event.since_ms, 2000);
    assert_false(event.over);
    assert_false(look(900, 4000));
    assert_false(look(450, 5000));
    assert_true(look(449, 6000));
    assert_true(event.over);
    assert_int_equal(event.change, -51);
    assert_int_equal(event.since_ms, 3000);
    assert_false(look(499, 7000));
    assert_true(look(501, 8000));
}

static void a_level_that_is_passed_already_rings_at_once(void **unused)
{
    (void)unused;
    set("cache>500");
    assert_true(look(10000, 5));
    assert_int_equal(event.change, 0);
    assert_int_equal(event.since_ms, 0);
}

/* ---- changes ---- */

static void a_change_since_it_was_told(void **unused)
{
    (void)unused;
    set("cache+100");
    assert_false(look(1000, 0));
    assert_false(look(1099, 1000));
    assert_true(look(1100, 9000));
    assert_int_equal(event.change, 100);
    assert_int_equal(event.since_ms, 9000);
    assert_false(look(1001, 10000));
    assert_true(look(1000, 11000));
    assert_int_equal(event.change, -100);
    assert_int_equal(event.since_ms, 2000);
}

static void slow_growth_is_no_change_within_a_time(void **unused)
{
    (void)unused;
    set("cache+100/16");
    for (uint64_t second = 0; second < 1000; second++)
        assert_false(look(second * 6, second * SECOND)); /* 96 in the window */
}

static void fast_growth_is(void **unused)
{
    (void)unused;
    set("cache+100/16");
    unsigned told = 0;
    for (uint64_t second = 0; second < 160; second++)
        told += look(second * 10, second * SECOND);
    assert_in_range(told, 15, 16); /* every 10 s: each told anew from there */
    assert_int_equal(event.change, 100);
}

static void a_step_is_told_at_once_and_not_again(void **unused)
{
    (void)unused;
    set("cache+100/60");
    for (uint64_t second = 0; second < 500; second++) {
        bool firing = look(second < 250 ? 1000 : 5000, second * SECOND);
        assert_int_equal(firing, second == 250);
    }
    assert_int_equal(event.change, 4000);
    assert_true(look(0, 500 * SECOND));
    assert_int_equal(event.change, -5000);
}

/* What happened before a long sleep of the one who looks is not in the window. */
static void old_slots_do_not_count(void **unused)
{
    (void)unused;
    set("cache+100/16");
    assert_false(look(0, 1 * SECOND));
    assert_false(look(500, 100 * SECOND));
    assert_true(look(600, 101 * SECOND));
}

static void a_window_shorter_than_its_slots(void **unused)
{
    (void)unused;
    set("cache+100/1");
    spec.within_ms = 3;
    assert_false(look(0, 0));
    assert_true(look(100, 1));
    assert_false(look(150, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_read),
        cmocka_unit_test(changes_are_read),
        cmocka_unit_test(blocks_are_read),
        cmocka_unit_test(the_rest_is_refused),
        cmocka_unit_test(a_level_rings_once_until_it_is_over),
        cmocka_unit_test(a_level_that_is_passed_already_rings_at_once),
        cmocka_unit_test(a_change_since_it_was_told),
        cmocka_unit_test(slow_growth_is_no_change_within_a_time),
        cmocka_unit_test(fast_growth_is),
        cmocka_unit_test(a_step_is_told_at_once_and_not_again),
        cmocka_unit_test(old_slots_do_not_count),
        cmocka_unit_test(a_window_shorter_than_its_slots),
    };
    return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
