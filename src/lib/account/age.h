/* How old memory is. A block is counted in the cell of its birth time, and a free takes it out of that cell.
 *
 * A wheel has levels: cells of level 0 are one tick wide, those of each further level twice as wide as the level
 * before. A birth is in the lowest level where it is fewer than AGE_CELLS cells old, so the place depends on
 * birth and `now` alone: two wheels that were brought to the same `now` agree, and a block that one thread books
 * in and another books out cancels exactly. A cell of level k holds ages above (AGE_CELLS - 1) * 2^(k-1) ticks:
 * read as the middle of its cell, an age is off by less than 1/16 of itself (or one tick). Idea: hashed
 * and hierarchical timing wheels (Varghese, Lauck 1987), turned round: entries sink instead of expiring.
 *
 * Pure: no globals, no libc. Amounts are signed sums modulo 2^64. */
#ifndef TM_AGE_H
#define TM_AGE_H

#include "lib/sys/base.h"
#include "lib/sys/clock.h"

enum {
    AGE_CELLS = 32,
    AGE_CELLS_LOG = 5,
    AGE_LEVELS = 24, /* 2^28 ticks: two years; older blocks stay in the last level's oldest cell */
    AGE_ROWS = 5
};

struct age_wheel {
    struct amount cell[AGE_LEVELS][AGE_CELLS];
};

struct age_place {
    unsigned level;
    unsigned slot;
};

/* The last level's oldest cell: all that is older still ends there. */
HOT struct age_place age_place_oldest(uint32_t now)
{
    return (struct age_place){AGE_LEVELS - 1, ((now >> (AGE_LEVELS - 1)) + 1) % AGE_CELLS};
}

/* Where a birth is at `now`. A birth after `now` (a clock of another thread's) counts as now. */
HOT struct age_place age_place(uint32_t birth, uint32_t now)
{
    if (UNLIKELY(birth > now))
        birth = now;
    uint32_t age = now - birth;
    unsigned level = 0;
    if (age >= AGE_CELLS) {
        level = log2_floor(age) - (AGE_CELLS_LOG - 1);
        level += (now >> level) - (birth >> level) >= AGE_CELLS;
        if (UNLIKELY(level >= AGE_LEVELS))
            return age_place_oldest(now);
    }
    return (struct age_place){level, (birth >> level) % AGE_CELLS};
}

HOT struct amount *age_cell(struct age_wheel *wheel, uint32_t birth, uint32_t now)
{
    struct age_place place = age_place(birth, now);
    return &wheel->cell[place.level][place.slot];
}

/* The report's row of an age in ticks: < 1 s, < 10 s, < 100 s, < 1000 s, older. */
HOT unsigned age_row(uint32_t ticks)
{
    return (ticks >= 1 * TICKS_PER_SECOND) + (ticks >= 10 * TICKS_PER_SECOND) + (ticks >= 100 * TICKS_PER_SECOND) +
           (ticks >= 1000 * TICKS_PER_SECOND);
}

/* The row in which a wheel shows a birth at `now`: by the middle of its cell, so that all wheels agree. */
unsigned age_row_shown(uint32_t birth, uint32_t now);

/* Brings a wheel from the moment it is at to a later one: cells sink to the levels of their new age. */
void age_advance(struct age_wheel *wheel, uint32_t from, uint32_t to);

/* Adds what the wheel, standing at `from`, holds to the rows that it has at `now` (>= from), and returns the sum of
 * what was added: read meanwhile, the wheel may hold another a moment later. */
struct amount age_sum(const struct age_wheel *wheel, uint32_t from, uint32_t now, struct amount rows[AGE_ROWS]);

/* Rows that were summed over wheels which threads change meanwhile, or whose owner a signal handler interrupted between
 * a tick and its adds, may be less than nothing in one and too much in a neighbour. Each such row takes what it lacks
 * from the next younger one, then from the next older: none is negative then, and their sum is what it was (or 0). */
void age_balance(struct amount rows[AGE_ROWS]);

#endif
