/* Interning: a number of 16 bits for a key of 64, given once and for good.
 *
 * An open-addressed hash of numbers, found without a lock. It grows into the next area, twice as large; a reader that
 * still looks into the area before misses the newest numbers only, and then asks again under the lock. */
#ifndef TM_INTERN_H
#define TM_INTERN_H

#include "lib/sys/base.h"

enum {
    INTERN_MAX = 65536, /* numbers, with number 0, which is none */
    INTERN_SLOTS_FIRST = 1024,
    INTERN_SLOTS_LAST = 2 * INTERN_MAX,
    INTERN_INDEXES = 8
};

struct intern_index {
    uint32_t mask;
    uint16_t *slot;
};

struct intern {
    const struct intern_index *index;
    uint32_t count;   /* numbers given, number 0 among them */
    unsigned indexes; /* areas in use so far */
    struct intern_index each[INTERN_INDEXES];
    uint64_t key[INTERN_MAX];
    uint16_t slots[2 * INTERN_SLOTS_LAST]; /* the areas, one behind the other: at 1024 the first, of 1024 slots, ... */
};

void intern_start(struct intern *intern); /* once, before the first look-up */

/* The number of a key, or 0: not known yet. Takes no lock. */
unsigned intern_find(const struct intern *intern, uint64_t key);

/* Numbers run from 1 to count - 1. */
unsigned intern_count(const struct intern *intern);

/* A number for a key that has none. Under the accounting lock; while there is space: count < INTERN_MAX. */
unsigned intern_add(struct intern *intern, uint64_t key);

/* In a forked child: takes back what another thread had begun in the parent. A number that it had given to a key, and
 * not yet entered, stays given; the key gets another one. */
void intern_forked(struct intern *intern);

#endif
