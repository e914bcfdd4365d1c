/* What a resize means to the accounting: birth, tag and site stay, the difference is booked. */
#ifndef TM_RESIZE_H
#define TM_RESIZE_H

#include "track.h"

/* Counts what the real allocator did to a block of ours; returns what the program gets. */
void *track_resized(struct block *block, size_t from, size_t to);
void *track_realloc_other(void *user, size_t size, uintptr_t caller);
/* realloc for an array: NULL and ENOMEM where count * size overflows. */
void *track_reallocarray(void *user, size_t count, size_t size, uintptr_t caller);

/* The usual case: a plain block of this tick's, and of the same size class before and after. In an entry point. */
HOT void *track_realloc(void *user, size_t size)
{
    if (UNLIKELY(((uintptr_t)user & (PAGE_BYTES - 1)) == 0) || UNLIKELY(size - 1 >= state_realloc_limit) ||
        UNLIKELY(block_of(user)->flags_check != BLOCK_LIVE(FAMILY_MALLOC)))
        return track_realloc_other(user, size, CALLER);
    size_t old = block_of(user)->size_low;
    struct block *block = real.realloc(block_of(user), size + BLOCK_HEADER);
    if (UNLIKELY(block == NULL))
        return track_refuse(CALLER);
    block->size_low = (uint32_t)size;
    struct slab *slab = thread_slab;
    uint32_t tick = clock_tick();
    if (slab->tick != tick || block->birth != tick || size_class(old) != size_class(size))
        return track_resized(block, old, size);

    struct slab_tag *tag = slab_tag(slab, block);
    cell_add(&slab_cell(slab, block)->allocated.bytes, size - old);
    cell_add(&tag->resizes, 1);
    cell_add(&tag->net, size - old);
    if (UNLIKELY(tag->net > (uint64_t)slab->net_most)) /* or below 0 */
        return track_allocated_peak(slab, tag, block_user(block));
    return block_user(block);
}

#endif
