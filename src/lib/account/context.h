/* A context is what is counted: a call site, a tag, and a size class, interned as a number of 16 bits.
 *
 * Whatever a report shows - per site, per tag, by size, in all - is a sum over contexts, made by whoever reads;
 * an allocation adds to its context alone. Numbers are never taken back: contexts are bounded, and what comes
 * after the table is full is counted without its site. */
#ifndef TM_CONTEXT_H
#define TM_CONTEXT_H

#include "lib/sys/base.h"
#include "tag.h"

enum {
    CONTEXTS_MAX = 65536,
    CONTEXTS_WITH_SITE = 57344, /* the rest is kept for (no site, tag, class) */
    CONTEXT_SITE_BITS = 47,     /* x86-64 user space */
    CONTEXT_CLASS_BITS = 5,
    CONTEXT_SITE_SHIFT = CONTEXT_CLASS_BITS + TAG_BITS,
    SIZE_CLASSES = 1 << CONTEXT_CLASS_BITS
};

/* Class n is [2^n, 2^(n+1)), the last one open; class 1 is [0,4), and class 0 is none. */
HOT unsigned size_class(size_t size)
{
    unsigned log = log2_floor(size | 2);
    return log < SIZE_CLASSES ? log : SIZE_CLASSES - 1;
}

/* The same of a size below 4 GiB. */
HOT unsigned size_class_plain(size_t size)
{
    return 31u - (unsigned)__builtin_clz((uint32_t)size | 2);
}

_Static_assert((int)SIZE_CLASSES == 32, "a size of 32 bits has a class of its own");
_Static_assert(CONTEXT_SITE_BITS + CONTEXT_CLASS_BITS + TAG_BITS == 64, "a key is one word");

/* A key: site, class, and the tag that the thread asks for (TAG_UNTAGGED: the tag is found by the site). The tag
 * is lowest and the site highest, so that one multiplication mixes all three (slab_site). */
HOT uint64_t context_key(uintptr_t site, unsigned size_class, unsigned tag)
{
    return (uint64_t)site << CONTEXT_SITE_SHIFT | (uint64_t)size_class << TAG_BITS | tag;
}

HOT unsigned key_class(uint64_t key)
{
    return (unsigned)(key >> TAG_BITS) % SIZE_CLASSES;
}

HOT uintptr_t key_site(uint64_t key)
{
    return (uintptr_t)(key >> CONTEXT_SITE_SHIFT);
}

void context_start(void);  /* once, before the first look-up */
void context_forked(void); /* in a forked child: what another thread had begun in the parent is taken back */

/* The number of a key, or 0: not known yet. Takes no lock. */
unsigned context_find(uint64_t key);

/* The number of a key, made if it is new, under that tag. Under the accounting lock. Never fails: a full table gives
 * the number of (no site, tag, class), a last one that of (no site, (other), class). */
unsigned context_intern(uint64_t key, unsigned tag);
unsigned context_last_resort(unsigned size_class); /* needs no lock */

unsigned context_count(void); /* numbers run from 1 to count - 1 */
unsigned context_tag(unsigned context);
uintptr_t context_site(unsigned context);
unsigned context_class(unsigned context);

#endif
