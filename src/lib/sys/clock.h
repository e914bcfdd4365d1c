/* The tick: a count of quarter seconds since start that everybody just loads.
 *
 * The reporter thread advances it. While there is none it is at CLOCK_SELF, which no slab's own tick ever
 * equals: then every allocation leaves the fast path and reads the time itself.
 *
 * It lives in a page that the kernel wipes in a forked child (MADV_WIPEONFORK, Linux 4.14): however the child was
 * made - fork, _Fork, a raw clone - its first allocation finds CLOCK_SELF and no pid, and sets itself up anew. A
 * child that shares our memory (vfork, CLONE_VM) sees the parent's page, and leaves the parent's books alone. */
#ifndef TM_CLOCK_H
#define TM_CLOCK_H

#include "base.h"

enum { CLOCK_SELF = 0, TICK_MS = 250, TICKS_PER_SECOND = 1000 / TICK_MS };

/* In one word, as they change together. */
union clock_word {
    struct {
        uint32_t tick;
        uint32_t least; /* no earlier tick may be published */
    };
    uint64_t both;
};

struct clock_page {
    union {
        union clock_word word;
        uint32_t tick;
    };
    uint32_t pid; /* 0 in a forked child that has not been set up yet */
};

union clock_area {
    struct clock_page now;
    char page[PAGE_BYTES];
};

SHARED union clock_area clock_area;

void clock_start(void);       /* once: the moment from which ticks and the uptime count */
void clock_own(uint32_t pid); /* this process's page from now on; the tick is at CLOCK_SELF */
void clock_forked(void);      /* in a forked child: as the kernel leaves the page, where it does not know how to */

/* Reads the time: ticks since start, from 1. */
uint32_t clock_read(void);
uint64_t clock_uptime_ns(void);
uint64_t clock_uptime_ms(void);
uint64_t clock_process_ns(void); /* the same of this process: a forked child's begins anew */
/* Nanoseconds until the tick after `tick` begins; at least 1. */
uint64_t clock_until_next(uint32_t tick);

/* By the reporter: publishes the present tick, unless it was retracted. */
void clock_publish(void);
/* Sends everybody off the fast path: the tick is CLOCK_SELF from now on, and the next that is published is later than
 * any that a slab can have met before. Any thread. */
void clock_retract(void);

/* What the reporter last published. */
HOT uint32_t clock_tick(void)
{
    return word_read(&clock_area.now.tick);
}

HOT void clock_set(uint32_t tick)
{
    __atomic_store_n(&clock_area.now.tick, tick, __ATOMIC_RELAXED);
}

/* The tick to book under: the reporter's, or the time itself. */
HOT uint32_t clock_now(void)
{
    uint32_t tick = clock_tick();
    return tick != CLOCK_SELF ? tick : clock_read();
}

#endif
