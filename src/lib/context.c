#include "context.h"

#include <string.h>

enum { SLOTS_FIRST = 1024, SLOTS_LAST = 2 * CONTEXTS_MAX, INDEXES = 8 };
_Static_assert(SLOTS_FIRST << (INDEXES - 1) == SLOTS_LAST, "an index for each doubling");

/* An open-addressed hash of numbers. It grows into the next area, twice as large; a reader that still looks into
 * the area before misses the newest numbers only, and then asks again under the lock. */
struct index {
    uint32_t mask;
    uint16_t *slot;
};

static struct {
    const struct index *index;
    uint32_t count;   /* numbers given; number 0 is none */
    unsigned indexes; /* areas in use so far */
    struct index each[INDEXES];
    uint64_t key[CONTEXTS_MAX];     /* as it was looked up */
    uint16_t tag[CONTEXTS_MAX];     /* as it was booked */
    uint16_t slots[2 * SLOTS_LAST]; /* the areas, one behind the other: at 1024 the first, of 1024 slots, ... */
} contexts;

static uint64_t hash(uint64_t key)
{
    key *= 0x9E3779B97F4A7C15u; /* Knuth's multiplicative hash, 2^64 / golden ratio */
    return key ^ key >> 32;
}

static const struct index *index_next(void)
{
    uint32_t slots = (uint32_t)SLOTS_FIRST << contexts.indexes;
    struct index *index = &contexts.each[contexts.indexes++];
    *index = (struct index){slots - 1, &contexts.slots[slots]};
    return index;
}

static void index_insert(const struct index *index, unsigned context)
{
    uint32_t at = (uint32_t)hash(contexts.key[context]) & index->mask;
    while (index->slot[at] != 0)
        at = (at + 1) & index->mask;
    __atomic_store_n(&index->slot[at], (uint16_t)context, __ATOMIC_RELEASE); /* pairs with context_find */
}

static void index_grow(void)
{
    const struct index *wider = index_next();
    for (unsigned context = 1; context < contexts.count; context++)
        index_insert(wider, context);
    __atomic_store_n(&contexts.index, wider, __ATOMIC_RELEASE); /* pairs with context_find */
}

static unsigned context_add(uint64_t key, unsigned tag)
{
    unsigned context = contexts.count;
    if (2 * context > contexts.index->mask && contexts.indexes < INDEXES)
        index_grow();
    contexts.key[context] = key;
    contexts.tag[context] = (uint16_t)tag;
    __atomic_store_n(&contexts.count, context + 1, __ATOMIC_RELEASE); /* pairs with context_count */
    index_insert(contexts.index, context);
    return context;
}

void context_start(void)
{
    contexts.index = index_next();
    contexts.count = 1;
    for (unsigned last = 1; last < SIZE_CLASSES; last++)
        context_add(context_key(0, last, TAG_OTHER), TAG_OTHER);
}

unsigned context_last_resort(unsigned size_class)
{
    return size_class;
}

unsigned context_find(uint64_t key)
{
    const struct index *index = __atomic_load_n(&contexts.index, __ATOMIC_ACQUIRE);
    for (uint32_t at = (uint32_t)hash(key);; at++) {
        unsigned context = __atomic_load_n(&index->slot[at & index->mask], __ATOMIC_ACQUIRE);
        if (context == 0 || contexts.key[context] == key)
            return context;
    }
}

unsigned context_intern(uint64_t key, unsigned tag)
{
    unsigned context = context_find(key);
    if (context != 0)
        return context;
    if (contexts.count < CONTEXTS_WITH_SITE)
        return context_add(key, tag);
    uint64_t siteless = context_key(0, key_class(key), tag);
    context = context_find(siteless);
    if (context != 0)
        return context;
    return contexts.count < CONTEXTS_MAX ? context_add(siteless, tag) : context_last_resort(key_class(key));
}

unsigned context_count(void)
{
    return __atomic_load_n(&contexts.count, __ATOMIC_ACQUIRE);
}

unsigned context_tag(unsigned context)
{
    return contexts.tag[context];
}

uintptr_t context_site(unsigned context)
{
    return key_site(contexts.key[context]);
}

unsigned context_class(unsigned context)
{
    return key_class(contexts.key[context]);
}
