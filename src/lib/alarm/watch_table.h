/* The table of alarms that are set: what its files share (watch.h has what others call). */
#ifndef TM_WATCH_TABLE_H
#define TM_WATCH_TABLE_H

#include "lib/sys/base.h"
#include "watch.h"

enum watch_who { WATCH_REPORTS, WATCH_CALLS };

enum watch_state { STATE_FREE, STATE_SET, STATE_CANCELLED };

enum { SITE_CONTEXTS = 64, SLOT_BITS = 6, ROUNDS = INT32_MAX >> SLOT_BITS };

_Static_assert(1 << SLOT_BITS == ALARMS_MAX, "a number is a place and a round");

struct watch {
    enum watch_state state;
    uint32_t round; /* how often the place was taken */
    struct watch_spec spec;
    struct alarm_state seen;
    bool stale; /* what was seen is from before it was switched off */

    /* Of a call site: its contexts, as far as they have been looked for. */
    unsigned looked_for;
    unsigned contexts;
    uint16_t context[SITE_CONTEXTS];

    /* Of blocks: since it was last reported. */
    uint64_t blocks;
    uint64_t largest;
    uint32_t largest_context;
    uint64_t reported_ms;
};

struct watches {
    struct watch each[ALARMS_MAX];
    unsigned count[2];   /* of those set, by who looks at them */
    uint64_t readers;    /* threads that may be in the middle of any of them; above, how often this was forked */
    uint32_t has_caller; /* the thread that calls functions */
};

SHARED struct watches watches;

enum { WATCH_FORKS_SHIFT = 32 };

enum watch_who watch_who(const struct watch_spec *spec);
bool watch_is_set(const struct watch *watch);
bool watch_is_switched_on(const struct watch *watch);
int watch_number(const struct watch *watch); /* what the program knows it by */

/* Around each look at the table. Returns how often this was forked so far, for watch_look_ends. */
uint32_t watch_look_begins(void);
void watch_look_ends(uint32_t forks);
bool watch_has_readers(void);

/* What it looks at. */
uint64_t watch_value(struct watch *watch);

/* Calls the program's function. */
void watch_call(const struct watch *watch, const struct tm_alarm_event *event);
/* Whether there is a thread to call functions; makes it the first time. */
bool watch_have_caller(void);

/* Under the accounting lock, when an alarm was set, cancelled or switched. */
void watch_agree_on_least(void);

#endif
