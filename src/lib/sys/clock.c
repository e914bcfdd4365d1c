#include "clock.h"

#include <sys/mman.h>

#include "sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

_Alignas(PAGE_BYTES) union clock_area clock_area;

static uint64_t start_ns;
static uint64_t process_start_ns; /* uptime when this process began */

enum { TICK_NS = TICK_MS * 1000000 };

void clock_start(void)
{
    start_ns = sys_clock_ns();
    sys_advise(&clock_area, sizeof clock_area, MADV_WIPEONFORK);
}

void clock_forked(void)
{
    clock_set(CLOCK_SELF);
    __atomic_store_n(&clock_area.now.pid, 0, __ATOMIC_RELEASE);
}

void clock_own(uint32_t pid)
{
    process_start_ns = clock_uptime_ns();
    clock_set(CLOCK_SELF);
    __atomic_store_n(&clock_area.now.pid, pid, __ATOMIC_RELEASE);
}

void clock_publish(void)
{
    /* The word before the time: if it is retracted in between, it is another one. */
    union clock_word word = {.both = __atomic_load_n(&clock_area.now.word.both, __ATOMIC_ACQUIRE)};
    union clock_word next = {.tick = clock_read(), .least = word.least};
    if (next.tick != word.tick && next.tick >= word.least)
        __atomic_compare_exchange_n(&clock_area.now.word.both, &word.both, next.both, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED);
}

void clock_retract(void)
{
    union clock_word word = {.both = __atomic_load_n(&clock_area.now.word.both, __ATOMIC_RELAXED)};
    union clock_word next;
    do {
        next = (union clock_word){.tick = CLOCK_SELF, .least = clock_read() + 1};
    } while (!__atomic_compare_exchange_n(&clock_area.now.word.both, &word.both, next.both, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
}

uint64_t clock_uptime_ns(void)
{
    return sys_clock_ns() - start_ns;
}

uint64_t clock_process_ns(void)
{
    return clock_uptime_ns() - process_start_ns;
}

uint64_t clock_uptime_ms(void)
{
    return clock_uptime_ns() / 1000000;
}

uint32_t clock_read(void)
{
    return (uint32_t)(clock_uptime_ns() / TICK_NS) + 1;
}

uint64_t clock_until_next(uint32_t tick)
{
    uint64_t next = (uint64_t)tick * TICK_NS;
    uint64_t now = clock_uptime_ns();
    return next > now ? next - now : 1;
}
