/* What is promised of an age that a report shows: wrong by at most one tick, or by 1/16 of itself. */
#ifndef TM_TEST_AGES_H
#define TM_TEST_AGES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/account/age.h"

enum { AGE_EDGES = AGE_ROWS - 1 };

/* The ages at which the report's rows begin, but for the first. */
static const uint32_t age_edges[AGE_EDGES] = {1 * TICKS_PER_SECOND, 10 * TICKS_PER_SECOND, 100 * TICKS_PER_SECOND,
                                              1000 * TICKS_PER_SECOND};

static inline uint32_t age_bound(uint32_t age)
{
    return age >= 16 ? age / 16 : 1;
}

/* The first and the last row in which a block of that age may be shown. */
static inline unsigned age_row_least(uint32_t age)
{
    return age_row(age > age_bound(age) ? age - age_bound(age) : 0);
}

static inline unsigned age_row_most(uint32_t age)
{
    return age_row(age + age_bound(age));
}

/* Whether blocks of both ages are shown in one row, whatever the bound does to them. */
static inline bool ages_share_a_row(uint32_t age, uint32_t older)
{
    return age_row_least(age) == age_row_most(older);
}

/* Adds what was born at one moment to the rows where a wheel would show it. Young blocks are read in this way too: a
 * slab whose thread has freed what another made holds less than nothing of that moment, and takes it away from the
 * row in which the other shows it. */
static inline void age_add_born(struct amount rows[AGE_ROWS], uint32_t birth, uint32_t now, struct amount amount)
{
    static struct age_wheel wheel;
    struct amount *cell = age_cell(&wheel, birth, birth);
    *cell = amount;
    age_sum(&wheel, birth, now, rows);
    *cell = (struct amount){0, 0};
}

#endif
