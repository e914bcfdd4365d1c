/* What an allocation and a free mean to the accounting: the fast path.
 *
 * A malloc here is the real one plus: load the slab and the tick, compare; hash the call site, compare; two
 * stores into the header; two adds into the context's cell, one into the tag's. A free compares the header, does
 * the same three adds backwards, and wipes. Whatever is rare - a new thread, a new tick, a new site, a foreign
 * pointer, a peak - is a tail call into track.c, so that this path saves no registers for its sake. */
#ifndef TM_TRACK_H
#define TM_TRACK_H

#include "lib/account/block.h"
#include "lib/account/context.h"
#include "lib/account/slab.h"
#include "lib/config/state.h"
#include "lib/next/real.h"
#include "lib/sys/base.h"
#include "lib/sys/clock.h"
#include "lib/thread/thread.h"

COLD void *track_allocated_slow(char *base, size_t size, uintptr_t caller, unsigned flags);
void *track_allocated_missed(char *base, size_t size, uintptr_t caller, unsigned flags);
COLD void *track_allocated_peak(struct slab *slab, struct slab_tag *tag, void *user);
COLD void *track_allocate_rare(size_t size, uintptr_t caller, unsigned flags);
COLD void *track_new_rare(size_t size, uintptr_t caller, unsigned flags);
COLD void track_free_page_start(void *user, unsigned flags);
COLD void track_free_other(void *user, unsigned flags);
COLD void track_free_slow(void *user);
void track_free_aged(void *user);
COLD void track_free_peak(void *user);

/* Counts a block under its site's entry (a copy of it), and returns what the program gets. */
HOT void *track_booked(struct slab *slab, struct slab_site site, char *base, size_t size, uint32_t tick, unsigned flags)
{
    struct block *block = block_at(base, flags);
    block->birth = tick;
    block->size_low = (uint32_t)size;
    block->template = site.template | (uint64_t)flags << 32;
    amount_add(&site.cell->allocated, size);
    cell_add(&site.tag->net, size);
    if (UNLIKELY((int64_t)site.tag->net > slab->net_most))
        return track_allocated_peak(slab, site.tag, block_user(block));
    return block_user(block);
}

/* Counts what the real allocator just made (base; NULL: it refused). `flags` say how it was made: a constant of the
 * entry point, but for aligned blocks. */
HOT void *track_allocated(char *base, size_t size, uintptr_t caller, unsigned flags)
{
    struct slab *slab = thread_slab;
    uint32_t tick = clock_tick();
    if (UNLIKELY(base == NULL) || UNLIKELY(slab->tick != tick))
        return track_allocated_slow(base, size, caller, flags);
    uint64_t key = slab_key(slab, caller, size_class_plain(size));
    const struct slab_site *at = slab_site(slab, key);
    /* The key is compared last: a signal handler that replaces the entry in between is noticed. */
    struct slab_site site = {.template = at->template, .cell = at->cell, .tag = at->tag};
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (UNLIKELY(at->key != key))
        return track_allocated_missed(base, size, caller, flags);
    return track_booked(slab, site, base, size, tick, flags & ~(unsigned)FLAG_ZEROED);
}

HOT void *track_malloc_for(size_t size, uintptr_t caller, unsigned flags)
{
    if (UNLIKELY(size >= state_malloc_limit))
        return track_allocate_rare(size, caller, flags);
    return track_allocated(real.malloc(size + BLOCK_HEADER), size, caller, flags);
}

/* In an entry point: the caller's address is read after the real malloc, and needs no register across it. */
HOT void *track_malloc(size_t size, unsigned flags)
{
    if (UNLIKELY(size >= state_malloc_limit))
        return track_allocate_rare(size, CALLER, flags);
    char *base = real.malloc(size + BLOCK_HEADER);
    return track_allocated(base, size, CALLER, flags);
}

/* The same for operator new. */
HOT void *track_new(size_t size, unsigned flags)
{
    if (UNLIKELY(size >= state_new_limit))
        return track_new_rare(size, CALLER, flags);
    char *base = real.malloc(size + BLOCK_HEADER);
    return track_allocated(base, size, CALLER, flags);
}

/* `flags` say how the block must have been made for this way of freeing it. */
HOT void track_free(void *user, unsigned flags)
{
    /* NULL, or a pointer before which nothing may be mapped. */
    if (UNLIKELY(((uintptr_t)user & (PAGE_BYTES - 1)) == 0))
        return track_free_page_start(user, flags);
    struct block *block = block_of(user);
    if (UNLIKELY(block->flags_check != BLOCK_LIVE(flags)))
        return track_free_other(user, flags);
    struct slab *slab = thread_slab;
    uint32_t tick = clock_tick();
    if (UNLIKELY(slab->tick != tick))
        return track_free_slow(user);
    if (block->birth != tick)
        return track_free_aged(user);

    struct slab_cell *cell = slab_cell(slab, block);
    struct slab_tag *tag = slab_tag(slab, block);
    uint64_t size = block->size_low;
    amount_add(&cell->freed, size);
    if (UNLIKELY(cell_sub_below_zero(&tag->net, size)))
        return track_free_peak(user);
    block_wipe(block);
    real.free(block);
}

/* Counts a live block under another tag, as if that had allocated it; age and site stay. false: no space. */
bool track_hand_over(struct block *block, unsigned tag);

/* The rest has no need of a fast path of its own. */
void *track_calloc(size_t count, size_t size, uintptr_t caller);
/* Alignment: a power of two. */
void *track_memalign(size_t alignment, size_t size, uintptr_t caller, unsigned flags);
/* Any alignment, as memalign and aligned_alloc take it. */
void *track_memalign_rounded(size_t alignment, size_t size, uintptr_t caller);
int track_posix_memalign(void **user, size_t alignment, size_t size, uintptr_t caller);
void *track_pvalloc(size_t size, uintptr_t caller);
/* At most so many characters of it. */
char *track_strndup(const char *string, size_t most, uintptr_t caller);
void *track_new_nothrow(size_t size, size_t alignment, uintptr_t caller, unsigned flags, const void *nothrow);
size_t track_usable_size(void *user);
/* Counts a failure, where this program is tracked; NULL and ENOMEM. */
void *track_refuse(uintptr_t caller);
/* A block for who asks before there is an allocator, zeroed. */
void *track_boot_block(size_t alignment, size_t size);

#endif
