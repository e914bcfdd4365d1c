#include "resize.h"

#include <string.h>

#include "lib/alarm/watch.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "lib/thread/accounting.h"
#include "lib/thread/pointer.h"
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
        count_aged(slab, block, 0, to - from);
    cell_add(&slab->tag[block->tag].resizes, 1);
    count_net(slab, block->tag, to - from);
}

void *track_resized(struct block *block, size_t from, size_t to)
{
    if (UNLIKELY(block->flags & FLAG_UNCOUNTED))
        return block_user(block);
    struct accounting accounting = accounting_open();
    count_resized(accounting.slab, block, from, to);
    if (UNLIKELY(block->flags & FLAG_STACK))
        trace_resized(block, from, to);
    accounting_close(&accounting);
    if (UNLIKELY(state_slow_for(to) & SLOW_WATCHED) && to > from)
        watch_block(block);
    return block_user(block);
}

/* What the program may have written: up to what malloc_usable_size told it. */
static size_t written(struct block *block)
{
    if (block->flags & FLAG_BOOT)
        return block_size(block);
    return real.malloc_usable_size(block_base(block)) - block_offset(block->flags);
}

/* The real allocator would keep the space before a block, but no alignment, and it does not know the arena's. */
static bool fits_in_place(const struct block *block, size_t size)
{
    bool same_kind = ((block->flags & FLAG_HUGE) != 0) == (size >= BLOCK_HUGE_SIZE);
    return same_kind && (block->flags & (FLAG_ALIGNED | FLAG_BOOT)) == 0;
}

/* The real block is resized where it is, and so may be mapped elsewhere without a copy. */
static void *resize_in_place(struct block *block, size_t size, uintptr_t caller)
{
    size_t old = block_size(block);
    unsigned flags = block->flags;
    size_t space = block_offset(flags);
    char *base = size <= (size_t)PTRDIFF_MAX - space ? real.realloc(block_base(block), size + space) : NULL;
    if (UNLIKELY(base == NULL))
        return track_refuse(caller);
    struct block *moved = block_at(base, flags);
    block_fill(moved, moved->template, size, moved->birth, 0);
    return track_resized(moved, old, size);
}

/* What the block's new place looks like: without its alignment, but with space for its prefix. */
static unsigned flags_elsewhere(const struct block *block, size_t size, uint32_t stack)
{
    unsigned flags = block_family(block) | (block->flags & FLAG_UNCOUNTED);
    if (UNLIKELY(block->flags & FLAG_STACK) || UNLIKELY(stack != STACK_NONE))
        flags |= FLAG_STACK | block_space(BLOCK_PREFIXED);
    return size >= BLOCK_HUGE_SIZE ? flags | BLOCK_HUGE : flags;
}

/* Its first note, as of its old size. */
static COLD void record_growth(struct block *moved, size_t old, uint32_t stack)
{
    struct accounting accounting = accounting_open();
    struct traced traced = {block_base(moved), moved->flags, stack};
    trace_record(accounting.slab, &traced, old);
    accounting_close(&accounting);
}

/* Into a new real block: for one whose base is not where realloc would look, or will not be. The stack that it is
 * sampled with from now on; or STACK_NONE. */
static void *resize_moving(struct block *block, size_t size, uintptr_t caller, uint32_t stack)
{
    size_t old = block_size(block);
    size_t kept = written(block);
    unsigned flags = flags_elsewhere(block, size, stack);
    size_t space = block_offset(flags);
    if (size > (size_t)PTRDIFF_MAX - space)
        return track_refuse(caller);
    char *base = real.malloc(size + space);
    if (base == NULL) /* without the prefix, there may be memory */
        return fits_in_place(block, size) ? resize_in_place(block, size, caller) : track_refuse(caller);
    struct block *moved = block_at(base, flags);
    memcpy(block_user(moved), block_user(block), kept < size ? kept : size);
    if (block->flags & FLAG_BOOT)
        return track_allocated_slow(base, size, caller, flags);
    block_fill(moved, block_template(block->tag, block->context), size, block->birth, flags);
    char *old_base = block_base(block);
    if (UNLIKELY(stack != STACK_NONE))
        record_growth(moved, old, stack);
    else if (UNLIKELY(flags & FLAG_STACK))
        trace_moved(block, moved);
    block_wipe(block);
    real.free(old_base);
    return track_resized(moved, old, size);
}

/* Whether a block is sampled for its growth: the stack, or STACK_NONE. */
static COLD uint32_t sample_growth(const struct block *block, size_t size, uintptr_t caller)
{
    struct accounting accounting = accounting_open();
    uintptr_t own_slot = (uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t);
    uint32_t stack = trace_growth(accounting.slab, block_size(block), size, (struct caller){caller, own_slot});
    accounting_close(&accounting);
    return stack;
}

static void *resize(struct block *block, size_t size, uintptr_t caller)
{
    uint32_t stack = STACK_NONE;
    if (UNLIKELY(state_is_slow(SLOW_STACKS)) && (block->flags & (FLAG_STACK | FLAG_BOOT | FLAG_UNCOUNTED)) == 0)
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

/* Where this program is not tracked, only the arena's blocks have a header: before others is what is none of our
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
        return track_malloc_for(size, caller, FAMILY_MALLOC);
    if (UNLIKELY(!lifecycle_up()))
        return resize_early(user, size);
    if (UNLIKELY(!state_tracks()))
        return pass_on(user, size);
    struct block *block = block_of(user);
    if (UNLIKELY(!pointer_is_ours(user)))
        return real.realloc(pointer_unknown(user, POINTER_REALLOC), size);
    if (UNLIKELY(size == 0) && real_realloc_zero_frees()) {
        track_free(user, block->flags & FLAGS_FAMILY);
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
