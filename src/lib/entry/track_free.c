#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "lib/thread/books.h"
#include "lib/thread/odd.h"
#include "lib/thread/trace.h"
#include "track.h"

/* Takes a block out of the books, and marks it: nobody may take it for a live one again. */
static void unbook(struct block *block)
{
    if (LIKELY(!(block->shape & SHAPE_UNCOUNTED))) {
        struct books books = books_open();
        count_freed(books.slab, block, block_size(block));
        if (UNLIKELY(block->shape & SHAPE_STACK))
            trace_freed(block);
        books_close(&books);
    }
    block_wipe(block);
}

/* operator delete belongs to the C++ library then, whose free is the program's. A block of the arena stays, and so does
 * another one before there is an allocator. */
static void free_untracked(void *user, unsigned shape)
{
    if (real_from_arena(user))
        return;
    bool array = (shape & SHAPE_MADE) == MADE_NEW_ARRAY;
    if ((shape & SHAPE_MADE) != MADE_MALLOC && real._ZdlPv != NULL)
        return (array ? real._ZdaPv : real._ZdlPv)(user);
    if (real.free != NULL)
        real.free(user);
}

/* What looks like a block of ours is one only where we track. */
void track_free_slow(void *user)
{
    struct block *block = block_of(user);
    if (UNLIKELY(!state_tracks()))
        return free_untracked(user, block->shape);
    char *base = block_base(block);
    unbook(block);
    real.free(base);
}

/* The fast path's second half for blocks that have aged: no lock, no look-up, some adds more. */
void track_free_settled(void *user)
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

void track_free_other(void *user, unsigned shape)
{
    struct block *block = block_of(user);
    if (UNLIKELY(state.foreign_new) && (shape & SHAPE_MADE) != MADE_MALLOC)
        return free_untracked(user, shape);
    if ((block->shape_check | BLOCK_ROOM) == BLOCK_LIVE(shape | SHAPE_STACK | BLOCK_ROOM) &&
        thread_slab->tick == clock_tick())
        return free_traced(thread_slab, block);
    if (UNLIKELY(!lifecycle_up()) || UNLIKELY(!state_tracks()))
        return free_untracked(user, shape);
    if (block_is_ours(block) && block->shape & SHAPE_BOOT)
        return;
    if (!block_is_ours(block))
        return real.free(odd_pointer(user, shape));
    if (block_made(block) != (shape & SHAPE_MADE) && !state.own_new)
        odd_mismatch(block, shape, CALLER);
    track_free_slow(user);
}

void track_free_page_start(void *user, unsigned shape)
{
    if (user == NULL)
        return;
    if (!odd_has_header(user))
        return free_untracked(user, shape);
    track_free_other(user, shape);
}

size_t track_usable_size(void *user)
{
    if (user == NULL)
        return 0;
    const struct block *block = block_of(user);
    if (real_from_arena(user))
        return block_size(block);
    if (!state_tracks() || !odd_is_ours(user))
        return real.malloc_usable_size != NULL ? real.malloc_usable_size(user) : 0;
    return real.malloc_usable_size(block_base(block)) - block_offset(block->shape);
}
