/* The histories behind growth.h, as its two halves see them: growth.c keeps them, suspect.c judges by them. */
#ifndef TM_HISTORY_H
#define TM_HISTORY_H

#include "growth.h"

enum { HISTORY_LEAST = 9 /* marks: fewer prove no rise, however well they rise (suspect.c) */ };

/* What a place of the table says of its subject. */
struct place {
    uint64_t number;
    uint64_t joined; /* what the histories hold of earlier moments is not this subject's */
    uint64_t round;  /* the last one that told of it */
    uint64_t live;   /* bytes */
    uint64_t made;   /* blocks since start */
    uint64_t freed;
    uint64_t suspected; /* when a history last made it a suspect; 0: never */
    uint32_t subject;
    uint32_t row;
    uint32_t tag;  /* row of a site's */
    uint16_t next; /* in its bucket; place + 1, 0 at the end */
    uint16_t by;   /* the level of that history */
};

/* A subject's history in one level, the oldest unit first. */
struct history {
    unsigned count;
    uint64_t begin; /* the moment of its first round, */
    uint64_t made;  /* and the blocks made and freed until then */
    uint64_t freed;
    uint64_t mark[GROWTH_UNITS]; /* low-water marks */
};

/* The subject at a place, from 0 on; NULL: this round has not told of it. */
const struct place *history_place(unsigned at);
unsigned history_places(void);
uint64_t history_now(void);

/* How long a unit of a level is. */
HOT uint64_t history_unit_ms(unsigned level)
{
    return (uint64_t)GROWTH_UNIT_MS << (GROWTH_STEP_LOG * level);
}

struct history history_of(unsigned at, unsigned level);

/* Whether it has HISTORY_LEAST marks and the last stands a quarter above the first: two reads, for the many subjects
 * that hold what they held. */
bool history_may_rise(unsigned at, unsigned level);

/* The subject is a suspect now, by the history of that level. */
void history_suspect(unsigned at, unsigned level);

/* The highest mark that the levels after this one remember from before a moment. */
uint64_t history_kept_before(unsigned at, unsigned level, uint64_t moment);

#endif
