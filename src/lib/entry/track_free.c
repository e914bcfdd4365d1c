#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "lib/thread/accounting.h"
#include "lib/thread/pointer.h"
#include "lib/thread/trace.h"
#include "track.h"

/* Takes a block out of the accounting, and marks it: nobody may take it for a live one again. */
static void unbook(struct block *block)
{
    if (LIKELY(!(block->flags & FLAG_UNCOUNTED))) {
        struct accounting accounting = accounting_open();
        count_freed(accounting.slab, block, block_size(block));
        if (UNLIKELY(block->flags & FLAG_STACK))
            trace_freed(block);
        accounting_close(&accounting);
    }
    block_wipe(block);
}

/* operator delete belongs to the C++ library then, whose free is the program's. A block of the arena stays, and so does
 * another one before there is an allocator. */
static void free_untracked(void *user, unsigned flags)
{
    if (real_from_arena(user))
        return;
    bool array = (flags & FLAGS_FAMILY) == FAMILY_NEW_ARRAY;
    if ((flags & FLAGS_FAMILY) != FAMILY_MALLOC && real._ZdlPv != NULL)
        return (array ? real._ZdaPv : real._ZdlPv)(user);
    if (real.free != NULL)
        real.free(user);
}

/* What looks like a block of ours is one only where we track. */
void track_free_slow(void *user)
{
    struct block *block = block_of(user);
    if (UNLIKELY(!state_tracks()))
        return free_untracked(user, block->flags);
    char *base = block_base(block);
    unbook(block);
    real.free(base);
}

/* The fast path's second half for blocks that have aged: no lock, no look-up, some adds more. */
void track_free_aged(void *user)
{
    struct block *block = block_of(user);
    count_freed(thread_slab, block, block->size_low);
    block_wipe(block);
    real.free(block);
}

/* Counted already. */
void track_free_peak(void *user)
{
    struct block *block = block_of(user);
    slab_push(thread_slab, block->tag);
    block_wipe(block);
    real.free(block);
}

/* A block whose stack is known, in a thread whose slab and tick are in order. */
static void free_traced(struct slab *slab, struct block *block)
{
    char *base = block_base(block);
    count_freed(slab, block, block->size_low);
    trace_freed(block);
    block_wipe(block);
    real.free(base);
}

void track_free_other(void *user, unsigned flags)
{
    struct block *block = block_of(user);
    if (UNLIKELY(state.foreign_new) && (flags & FLAGS_FAMILY) != FAMILY_MALLOC)
        return free_untracked(user, flags);
    if ((block->flags_check | BLOCK_SPACE) == BLOCK_LIVE(flags | FLAG_STACK | BLOCK_SPACE) &&
        thread_slab->tick == clock_tick())
        return free_traced(thread_slab, block);
    if (UNLIKELY(!lifecycle_up()) || UNLIKELY(!state_tracks()))
        return free_untracked(user, flags);
    if (block_is_ours(block) && block->flags & FLAG_BOOT)
        return;
    if (!block_is_ours(block))
        return real.free(pointer_unknown(user, flags));
    if (block_family(block) != (flags & FLAGS_FAMILY) && !state.own_new)
        pointer_mismatch(block, flags, CALLER);
    track_free_slow(user);
}

void track_free_page_start(void *user, unsigned flags)
{
    if (user == NULL)
        return;
    if (!pointer_has_header(user))
        return free_untracked(user, flags);
    track_free_other(user, flags);
}

size_t track_usable_size(void *user)
{
    if (user == NULL)
        return 0;
    const struct block *block = block_of(user);
    if (real_from_arena(user))
        return block_size(block);
    if (!state_tracks() || !pointer_is_ours(user))
        return real.malloc_usable_size != NULL ? real.malloc_usable_size(user) : 0;
    return real.malloc_usable_size(block_base(block)) - block_offset(block->flags);
}
