/* The tick: quarter seconds since start, kept by whoever sets it or read from the time; and the page that a forked
 * child finds wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>

#include "lib/sys/clock.h"
#include "lib/sys/sys.h"

static const uint64_t tick_ns = (uint64_t)TICK_MS * 1000000;

static int start(void **state)
{
    (void)state;
    clock_start();
    clock_own((uint32_t)getpid());
    return 0;
}

static int begin(void **state)
{
    (void)state;
    clock_own((uint32_t)getpid());
    return 0;
}

/* ---- time ---- */

static void ticks_begin_at_one(void **state)
{
    (void)state;
    clock_start();
    uint32_t tick = clock_read();
    uint64_t uptime = clock_uptime_ns();
    assert_in_range(tick, 1, 1 + uptime / tick_ns);
}

/* Read between two readings of the uptime, a tick is that of a moment between them. */
static void a_tick_is_a_quarter_second_of_uptime(void **state)
{
    (void)state;
    uint32_t last = 0;
    for (unsigned i = 0; i < 12; i++) {
        uint64_t before = clock_uptime_ns();
        uint32_t tick = clock_read();
        uint64_t after = clock_uptime_ns();
        assert_in_range(tick, 1 + before / tick_ns, 1 + after / tick_ns);
        assert_true(tick >= last);
        last = tick;
        usleep(50000);
    }
    assert_in_range(last, 3, UINT32_MAX);
}

static void until_the_next_tick(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t before = clock_uptime_ns();
        uint32_t tick = (uint32_t)(before / tick_ns) + 1;
        uint64_t wait = clock_until_next(tick);
        uint64_t later = clock_until_next(tick + 1000);
        uint64_t after = clock_uptime_ns();
        uint64_t end = tick * tick_ns;
        assert_in_range(wait, end > after ? end - after : 1, end - before);
        assert_in_range(later, end + 1000 * tick_ns - after, end + 1000 * tick_ns - before);
        usleep(7000);
    }
}

static void a_tick_that_has_passed_is_waited_for_no_longer(void **state)
{
    (void)state;
    usleep(2 * TICK_MS * 1000);
    assert_int_equal(clock_until_next(clock_read() - 2), 1);
    assert_int_equal(clock_until_next(0), 1);
}

/* Ticks of years fit, and are not cut on the way. */
static void until_a_tick_years_away(void **state)
{
    (void)state;
    uint64_t wait = clock_until_next(UINT32_MAX);
    assert_in_range(wait, (UINT32_MAX - 100000) * tick_ns, UINT32_MAX * tick_ns);
}

static void the_libcs_own_clock_agrees(void **state)
{
    (void)state;
    uint64_t before = sys_clock_ns();
    sys_clock_use(dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), "clock_gettime"));
    uint64_t found = sys_clock_ns();
    assert_in_range(found, before, before + 10 * (uint64_t)1000000000); /* the same clock, not just any */
    uint64_t uptime = clock_uptime_ns();
    uint32_t tick = clock_read();
    assert_in_range(tick, 1 + uptime / tick_ns, 1 + clock_uptime_ns() / tick_ns);
}

/* ---- who says what the tick is ---- */

static void what_was_set_stands(void **state)
{
    (void)state;
    clock_set(123456);
    assert_int_equal(clock_tick(), 123456);
    assert_int_equal(clock_now(), 123456);
    clock_set(CLOCK_SELF);
    assert_int_equal(clock_tick(), CLOCK_SELF);
    uint32_t before = clock_read();
    uint32_t now = clock_now();
    assert_in_range(now, before, clock_read());
}

static void the_present_tick_is_published(void **state)
{
    (void)state;
    uint32_t before = clock_read();
    clock_publish();
    assert_in_range(clock_tick(), before, clock_read());
}

/* Whoever read the time himself is at this tick already: it must not be published again. */
static void a_retracted_tick_does_not_come_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        uint32_t seen = clock_read();
        clock_retract();
        clock_publish();
        assert_true(clock_tick() == CLOCK_SELF || clock_tick() > seen);
        usleep(30000);
    }
    usleep(TICK_MS * 1000);
    clock_publish();
    assert_int_not_equal(clock_tick(), CLOCK_SELF);
    clock_set(CLOCK_SELF); /* the reporter ends: it may come back within the same tick */
    clock_publish();
    assert_int_not_equal(clock_tick(), CLOCK_SELF);
}

static void *publishes(void *stop)
{
    while (!__atomic_load_n((bool *)stop, __ATOMIC_ACQUIRE))
        clock_publish();
    return NULL;
}

/* What is published after a retraction is later than what was read before it. */
static void retracting_wins_over_publishing(void **state)
{
    (void)state;
    bool stop = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, publishes, &stop), 0);
    uint64_t end = clock_uptime_ns() + 6 * tick_ns;
    unsigned wrong = 0;
    while (clock_uptime_ns() < end) {
        uint32_t seen = clock_read();
        clock_retract();
        uint32_t tick = clock_tick();
        wrong += tick != CLOCK_SELF && tick <= seen;
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    assert_int_equal(wrong, 0);
}

static void an_owned_page_has_a_pid_and_no_tick(void **state)
{
    (void)state;
    clock_set(7);
    clock_own(42);
    assert_int_equal(clock_tick(), CLOCK_SELF);
    assert_int_equal(clock_area.now.pid, 42);
}

/* ---- the page ---- */

static void the_page_is_a_page(void **state)
{
    (void)state;
    assert_int_equal((uintptr_t)&clock_area % PAGE_BYTES, 0);
    assert_int_equal(sizeof clock_area, PAGE_BYTES);
}

enum { CHILD_WIPED = 1, CHILD_OWNS = 2, CHILD_TIME = 4, CHILD_ALL = 7 };

/* What a forked child finds, and whether it can make the page its own. */
static int look_as_child(uint32_t tick_before)
{
    int seen = 0;
    if (clock_tick() == CLOCK_SELF && clock_area.now.pid == 0)
        seen |= CHILD_WIPED;
    if (clock_now() >= tick_before)
        seen |= CHILD_TIME; /* its time goes on from the parent's start */
    clock_own((uint32_t)getpid());
    clock_set(99);
    if (clock_tick() == 99 && clock_area.now.pid == (uint32_t)getpid())
        seen |= CHILD_OWNS;
    return seen;
}

static int wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_forked_child_finds_it_wiped(void **state)
{
    (void)state;
    uint32_t before = clock_read();
    clock_set(before);
    pid_t child = fork();
    if (child == 0)
        _exit(look_as_child(before));
    assert_int_equal(wait_for(child), CHILD_ALL);
    assert_int_equal(clock_tick(), before);
    assert_int_equal(clock_area.now.pid, getpid());
}

static void so_does_a_childs_child(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        clock_own((uint32_t)getpid());
        clock_set(5);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(look_as_child(0));
        int status = 0;
        waitpid(grandchild, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    }
    assert_int_equal(wait_for(child), CHILD_ALL);
}

/* It shares our memory until it exits. */
static void a_vfork_child_sees_its_parents(void **state)
{
    (void)state;
    clock_set(77);
    pid_t child = vfork();
    if (child == 0)
        _exit(clock_tick() == 77 && clock_area.now.pid == (uint32_t)getppid());
    assert_int_equal(wait_for(child), 1);
    assert_int_equal(clock_tick(), 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ticks_begin_at_one, begin),
        cmocka_unit_test_setup(a_tick_is_a_quarter_second_of_uptime, begin),
        cmocka_unit_test_setup(until_the_next_tick, begin),
        cmocka_unit_test_setup(a_tick_that_has_passed_is_waited_for_no_longer, begin),
        cmocka_unit_test_setup(until_a_tick_years_away, begin),
        cmocka_unit_test_setup(the_libcs_own_clock_agrees, begin),
        cmocka_unit_test_setup(what_was_set_stands, begin),
        cmocka_unit_test_setup(the_present_tick_is_published, begin),
        cmocka_unit_test_setup(a_retracted_tick_does_not_come_back, begin),
        cmocka_unit_test_setup(retracting_wins_over_publishing, begin),
        cmocka_unit_test_setup(an_owned_page_has_a_pid_and_no_tick, begin),
        cmocka_unit_test_setup(the_page_is_a_page, begin),
        cmocka_unit_test_setup(a_forked_child_finds_it_wiped, begin),
        cmocka_unit_test_setup(so_does_a_childs_child, begin),
        cmocka_unit_test_setup(a_vfork_child_sees_its_parents, begin),
    };
    return cmocka_run_group_tests_name("clock", tests, start, NULL);
}
