/* The histories behind growth.h, as its two halves see them: growth.c keeps them, suspect.c judges by them. */
#ifndef TM_HISTORY_H
#define TM_HISTORY_H

#include "growth.h"

/* One subject in one unit of time. */
struct entry {
    uint64_t first; /* live bytes at the unit's first round */
    uint64_t low;   /* the least of its rounds */
    uint64_t high;  /* the highest low-water mark of the level before: what was kept for a while */
    uint64_t made;
    uint64_t freed;
};

/* What a place of the table says of its subject. */
struct place {
    uint64_t number;
    uint64_t joined;  /* what the histories hold of earlier moments is not this subject's */
    uint64_t round;   /* the last one that told of it */
    struct entry now; /* first and low: the live bytes */
    uint32_t subject;
    uint32_t row;
    uint32_t tag;  /* row of a site's */
    uint16_t next; /* in its bucket; place + 1, 0 at the end */
};

/* A subject's history in one level, the oldest unit first. */
struct history {
    unsigned count;
    uint64_t begin; /* the moment of its first round */
    const struct entry *oldest;
    uint64_t mark[GROWTH_UNITS]; /* low-water marks */
};

/* The subject at a place, from 0 on; NULL: this round has not told of it. */
const struct place *history_place(unsigned at);
unsigned history_places(void);
uint64_t history_now(void);

struct history history_of(unsigned at, unsigned level);

/* Whether that history can have risen at all: two reads, for the many that hold what they held. */
bool history_may_rise(unsigned at, unsigned level);

/* The highest mark that the levels after this one remember from before a moment. */
uint64_t history_kept_before(unsigned at, unsigned level, uint64_t moment);

#endif
