#include "resize.h"

#include <string.h>

#include "lib/alarm/watch.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "lib/thread/books.h"
#include "lib/thread/odd.h"
#include "lib/thread/site.h"
#include "lib/thread/trace.h"

/* Of another size class, a block is another context's; with its birth, where that has settled. */
static void change_context(struct slab *slab, struct block *block, size_t from, size_t to)
{
    unsigned context = site_context_resized(slab, block, size_class(to));
    cell_sub(&slab->cell[block->context].allocated.blocks, 1);
    cell_sub(&slab->cell[block->context].allocated.bytes, from);
    amount_add(&slab->cell[context].allocated, to);
    if (block->birth != slab->tick) {
        count_birth(slab, block->context, -(uint64_t)1, block->birth);
        count_birth(slab, context, 1, block->birth);
    }
    block->context = (uint16_t)context;
}

static void count_resized(struct slab *slab, struct block *block, size_t from, size_t to)
{
    if (size_class(from) == size_class(to))
        cell_add(&slab->cell[block->context].allocated.bytes, to - from);
    else
        change_context(slab, block, from, to);
    if (block->birth != slab->tick)
        count_settled(slab, block, 0, to - from);
    cell_add(&slab->tag[block->tag].resizes, 1);
    count_net(slab, block->tag, to - from);
}

void *track_resized(struct block *block, size_t from, size_t to)
{
    if (UNLIKELY(block->shape & SHAPE_UNCOUNTED))
        return block_user(block);
    struct books books = books_open();
    count_resized(books.slab, block, from, to);
    if (UNLIKELY(block->shape & SHAPE_STACK))
        trace_resized(block, from, to);
    books_close(&books);
    if (UNLIKELY(state_slow_for(to) & SLOW_WATCHED) && to > from)
        watch_block(block);
    return block_user(block);
}

/* What the program may have written: up to what malloc_usable_size told it. */
static size_t written(struct block *block)
{
    if (block->shape & SHAPE_BOOT)
        return block_size(block);
    return real.malloc_usable_size(block_base(block)) - block_offset(block->shape);
}

/* The real allocator would keep the room before a block, but no alignment, and it does not know the arena's. */
static bool fits_in_place(const struct block *block, size_t size)
{
    bool same_kind = ((block->shape & SHAPE_HUGE) != 0) == (size >= BLOCK_HUGE_SIZE);
    return same_kind && (block->shape & (SHAPE_ALIGNED | SHAPE_BOOT)) == 0;
}

/* The real block is resized where it is, and so may be mapped elsewhere without a copy. */
static void *resize_in_place(struct block *block, size_t size, uintptr_t caller)
{
    size_t old = block_size(block);
    size_t room = block_offset(block->shape);
    char *base = size <= (size_t)PTRDIFF_MAX - room ? real.realloc(block_base(block), size + room) : NULL;
    if (UNLIKELY(base == NULL))
        return track_refuse(caller);
    struct block *moved = (struct block *)(base + room - BLOCK_HEADER);
    block_fill(moved, moved->word, size, moved->birth, 0);
    return track_resized(moved, old, size);
}

/* What the block's new place looks like: without its alignment, but with room for its note. */
static unsigned shape_elsewhere(const struct block *block, size_t size, uint32_t stack)
{
    unsigned shape = block_made(block) | (block->shape & SHAPE_UNCOUNTED);
    if (UNLIKELY(block->shape & SHAPE_STACK) || UNLIKELY(stack != STACK_NONE))
        shape |= SHAPE_STACK | block_room(BLOCK_NOTED);
    return size >= BLOCK_HUGE_SIZE ? shape | BLOCK_HUGE : shape;
}

/* Its first note, as of its old size. */
static COLD void note_growth(struct block *moved, size_t old, uint32_t stack)
{
    struct books books = books_open();
    struct traced traced = {block_base(moved), moved->shape, stack};
    trace_note(books.slab, &traced, old);
    books_close(&books);
}

/* Into a new real block: for one whose base is not where realloc would look, or will not be. The stack that it is
 * sampled with from now on; or STACK_NONE. */
static void *resize_moving(struct block *block, size_t size, uintptr_t caller, uint32_t stack)
{
    size_t old = block_size(block);
    size_t kept = written(block);
    unsigned shape = shape_elsewhere(block, size, stack);
    size_t room = block_offset(shape);
    if (size > (size_t)PTRDIFF_MAX - room)
        return track_refuse(caller);
    char *base = real.malloc(size + room);
    if (base == NULL) /* without the note, there may be memory */
        return fits_in_place(block, size) ? resize_in_place(block, size, caller) : track_refuse(caller);
    struct block *moved = (struct block *)(base + room - BLOCK_HEADER);
    memcpy(block_user(moved), block_user(block), kept < size ? kept : size);
    if (block->shape & SHAPE_BOOT)
        return track_allocated_slow(base, size, caller, shape);
    block_fill(moved, block_word(block->tag, block->context), size, block->birth, shape);
    char *old_base = block_base(block);
    if (UNLIKELY(stack != STACK_NONE))
        note_growth(moved, old, stack);
    else if (UNLIKELY(shape & SHAPE_STACK))
        trace_moved(block, moved);
    block_wipe(block);
    real.free(old_base);
    return track_resized(moved, old, size);
}

/* Whether a block is sampled for its growth: the stack, or STACK_NONE. */
static COLD uint32_t sample_growth(const struct block *block, size_t size, uintptr_t caller)
{
    struct books books = books_open();
    uintptr_t own_slot = (uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t);
    uint32_t stack = trace_growth(books.slab, block_size(block), size, (struct caller){caller, own_slot});
    books_close(&books);
    return stack;
}

static void *resize(struct block *block, size_t size, uintptr_t caller)
{
    uint32_t stack = STACK_NONE;
    if (UNLIKELY(state_is_slow(SLOW_STACKS)) && (block->shape & (SHAPE_STACK | SHAPE_BOOT | SHAPE_UNCOUNTED)) == 0)
        stack = sample_growth(block, size, caller);
    if (stack == STACK_NONE && fits_in_place(block, size))
        return resize_in_place(block, size, caller);
    return resize_moving(block, size, caller, stack);
}

/* Before there is an allocator, all blocks are the arena's. No library's memcpy may be there yet (track.c). */
static void *resize_early(const void *user, size_t size)
{
    if (!real_from_arena(user))
        return NULL;
    const volatile char *from = user;
    volatile char *moved = track_boot_block(BLOCK_ALIGNMENT, size);
    size_t old = block_size(block_of(user));
    for (size_t i = 0; moved != NULL && i < old && i < size; i++)
        moved[i] = from[i];
    return (void *)moved;
}

/* Where this program is not tracked, only the arena's blocks have a header: before others stands what is none of our
 * business. */
static void *pass_on(void *user, size_t size)
{
    if (!real_from_arena(user))
        return real.realloc(user, size);
    void *moved = real.malloc(size);
    size_t old = block_size(block_of(user));
    if (moved != NULL)
        memcpy(moved, user, old < size ? old : size);
    return moved;
}

void *track_realloc_other(void *user, size_t size, uintptr_t caller)
{
    if (user == NULL)
        return track_malloc_for(size, caller, MADE_MALLOC);
    if (UNLIKELY(!lifecycle_up()))
        return resize_early(user, size);
    if (UNLIKELY(!state_tracks()))
        return pass_on(user, size);
    struct block *block = block_of(user);
    if (UNLIKELY(!odd_is_ours(user)))
        return real.realloc(odd_pointer(user, ODD_REALLOC), size);
    if (UNLIKELY(size == 0) && real_realloc_zero_frees()) {
        track_free(user, block->shape & SHAPE_MADE);
        return NULL;
    }
    return resize(block, size, caller);
}

void *track_reallocarray(void *user, size_t count, size_t size, uintptr_t caller)
{
    size_t bytes;
    if (UNLIKELY(state.own_realloc))
        return real.reallocarray(user, count, size);
    if (UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return track_refuse(caller);
    return track_realloc_other(user, bytes, caller);
}
