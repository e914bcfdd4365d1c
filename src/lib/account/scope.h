/* Scopes: the tag that a thread asks for, for as long as it asks.
 *
 * A stack in the thread's own slab; what is on top is kept ready as a part of a key, so an allocation in a scope
 * costs no more than one outside. At the bottom stands the thread's base: the tag by its name, or none. A scope that
 * asks for no tag asks for the base as it is when the scope begins.
 *
 * The depth is a difference: a push that had to wait for the pop before it, which waits for its push, would take half
 * as long again (each a store and a load of the same word).
 *
 * Only the owner changes its stack. A signal handler may push and pop at any instruction, in balance: the depth is
 * moved in one instruction, before the place that it protects is written. */
#ifndef TM_SCOPE_H
#define TM_SCOPE_H

#include "lib/sys/base.h"
#include "slab.h"

/* Read anew where a handler has pushed and popped in between. (One load of both words would have to wait for the store
 * of one.) */
HOT uint32_t scope_depth(const struct slab *slab)
{
    uint32_t pushed, depth;
    do {
        pushed = __atomic_load_n(&slab->pushed, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        depth = pushed - __atomic_load_n(&slab->popped, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    } while (UNLIKELY(__atomic_load_n(&slab->pushed, __ATOMIC_RELAXED) != pushed));
    return depth;
}

HOT void scope_set(struct slab *slab, unsigned tag)
{
    __atomic_store_n(&slab->scope, tag, __ATOMIC_RELAXED);
}

/* As the innermost scope of that depth asks for. */
HOT void scope_apply(struct slab *slab, uint32_t depth)
{
    scope_set(slab, slab->scopes[depth < SCOPES_MAX ? depth : SCOPES_MAX]);
}

/* Where there is space: `depth`, the present one, is below SCOPES_MAX. */
HOT void scope_push(struct slab *slab, uint32_t depth, unsigned tag)
{
    word_increment(&slab->pushed);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    slab->scopes[depth + 1] = (uint16_t)tag;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    scope_set(slab, tag);
}

/* Where it is known to be one of those, and not 0. */
HOT void scope_pop(struct slab *slab, uint32_t depth)
{
    word_increment(&slab->popped);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    scope_set(slab, slab->scopes[depth - 1]);
}

/* The same at any depth: deeper than SCOPES_MAX, the tag that was asked for last remains. */
static inline void scope_push_deep(struct slab *slab, unsigned tag)
{
    if (scope_depth(slab) < SCOPES_MAX)
        scope_push(slab, scope_depth(slab), tag != TAG_UNTAGGED ? tag : slab->scopes[0]);
    else
        word_increment(&slab->pushed);
}

/* Back to a depth that the thread has been in. */
HOT void scope_restore(struct slab *slab, uint32_t depth)
{
    slab->popped = slab->pushed - depth;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    scope_apply(slab, depth);
}

/* What another thread sees of the depth. */
static inline bool scope_seems_empty(const struct slab *slab)
{
    return __atomic_load_n(&slab->pushed, __ATOMIC_RELAXED) == __atomic_load_n(&slab->popped, __ATOMIC_RELAXED);
}

/* What the thread asks for outside of all scopes. Also by another thread, under the accounting lock: a scope that the
 * owner is in at the moment is left alone. */
static inline void scope_base(struct slab *slab, unsigned tag)
{
    uint64_t before = slab->scopes[0];
    slab->base_before = (uint16_t)before;
    __atomic_store_n(&slab->scopes[0], (uint16_t)tag, __ATOMIC_RELAXED);
    if (scope_seems_empty(slab))
        __atomic_compare_exchange_n(&slab->scope, &before, tag, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* The owner may just have read the old base then, to store it a moment later as it left its outermost scope: so others
 * look again, some time later, under the accounting lock. */
static inline void scope_base_again(struct slab *slab)
{
    uint64_t before = slab->base_before;
    uint64_t base = slab->scopes[0];
    if (before == base || !scope_seems_empty(slab))
        return;
    __atomic_compare_exchange_n(&slab->scope, &before, base, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    slab->base_before = (uint16_t)base;
}

#endif
