#include "intern.h"

#include <string.h>

_Static_assert(INTERN_SLOTS_FIRST << (INTERN_INDEXES - 1) == INTERN_SLOTS_LAST, "an index for each doubling");

static uint64_t hash(uint64_t key)
{
    key *= 0x9E3779B97F4A7C15u; /* Knuth's multiplicative hash, 2^64 / golden ratio */
    return key ^ key >> 32;
}

static const struct intern_index *index_next(struct intern *intern)
{
    uint32_t slots = (uint32_t)INTERN_SLOTS_FIRST << intern->indexes;
    struct intern_index *index = &intern->each[intern->indexes++];
    *index = (struct intern_index){slots - 1, &intern->slots[slots]};
    return index;
}

static void index_insert(const struct intern *intern, const struct intern_index *index, unsigned number)
{
    uint32_t at = (uint32_t)hash(intern->key[number]) & index->mask;
    while (index->slot[at] != 0)
        at = (at + 1) & index->mask;
    __atomic_store_n(&index->slot[at], (uint16_t)number, __ATOMIC_RELEASE); /* pairs with intern_find */
}

static void index_grow(struct intern *intern)
{
    const struct intern_index *wider = index_next(intern);
    for (unsigned number = 1; number < intern->count; number++)
        index_insert(intern, wider, number);
    __atomic_store_n(&intern->index, wider, __ATOMIC_RELEASE); /* pairs with intern_find */
}

void intern_start(struct intern *intern)
{
    intern->index = index_next(intern);
    intern->count = 1;
}

unsigned intern_find(const struct intern *intern, uint64_t key)
{
    const struct intern_index *index = __atomic_load_n(&intern->index, __ATOMIC_ACQUIRE);
    for (uint32_t at = (uint32_t)hash(key);; at++) {
        unsigned number = __atomic_load_n(&index->slot[at & index->mask], __ATOMIC_ACQUIRE);
        if (number == 0 || intern->key[number] == key)
            return number;
    }
}

unsigned intern_count(const struct intern *intern)
{
    return __atomic_load_n(&intern->count, __ATOMIC_ACQUIRE); /* pairs with intern_add */
}

unsigned intern_add(struct intern *intern, uint64_t key)
{
    unsigned number = intern->count;
    if (2 * number > intern->index->mask && intern->indexes < INTERN_INDEXES)
        index_grow(intern);
    intern->key[number] = key;
    __atomic_store_n(&intern->count, number + 1, __ATOMIC_RELEASE);
    index_insert(intern, intern->index, number);
    return number;
}

/* Filled before it was told to readers: it is filled anew when its time comes. */
void intern_forked(struct intern *intern)
{
    unsigned known = (unsigned)(intern->index - intern->each) + 1;
    if (intern->indexes == known)
        return;
    uint32_t slots = (uint32_t)INTERN_SLOTS_FIRST << known;
    memset(&intern->slots[slots], 0, slots * sizeof intern->slots[0]);
    intern->indexes = known;
}
