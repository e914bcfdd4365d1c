/* Beside the fast path: before there is an allocator, where this program is not tracked, and huge blocks. */
#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "track.h"
#include "track_rare.h"

/* Never counted: the program did not ask for it. Here and in what follows nothing is called that another library has,
 * nor what a compiler would make such a call of: our own relocations may still be to come. */
void *track_boot_block(size_t alignment, size_t size)
{
    unsigned flags = alignment > BLOCK_ALIGNMENT ? block_aligned_flags(alignment, FLAG_BOOT) : FLAG_BOOT;
    char *base = size < BLOCK_HUGE_SIZE ? real_arena_take(alignment, size + block_offset(flags)) : NULL;
    if (base == NULL)
        return NULL;
    struct block *block = block_at(base, flags);
    block_fill(block, block_template(TAG_UNTAGGED, 0), size, 0, flags);
    return block_user(block);
}

char *track_boot_copy(const volatile char *string, size_t most)
{
    size_t length = 0;
    while (length < most && string[length] != '\0')
        length++;
    volatile char *copy = track_boot_block(BLOCK_ALIGNMENT, length + 1);
    for (size_t i = 0; copy != NULL && i < length; i++)
        copy[i] = string[i];
    return (char *)copy;
}

bool track_is_too_early(void)
{
    return UNLIKELY(state_malloc_limit == 0) && !lifecycle_up();
}

bool track_is_disabled(void)
{
    return UNLIKELY(state_malloc_limit == 0) && !state_tracks();
}

/* operator new belongs to the C++ library then, whose forms call each other, and a malloc that may not be ours. */
void *track_untracked(size_t size, unsigned flags)
{
    if ((flags & FLAGS_FAMILY) != FAMILY_MALLOC)
        return track_new_by_library(size, flags, true, NULL);
    return flags & FLAG_ZEROED ? real.calloc(1, size) : real.malloc(size);
}

/* 16 bytes of alignment will do; the flags only say where the header is. */
static void *allocate_huge(size_t size, uintptr_t caller, unsigned flags)
{
    enum { SPACE = 2 * BLOCK_HEADER };
    if (size > (size_t)PTRDIFF_MAX - SPACE)
        return track_fail(size, caller, flags & ~(unsigned)FLAG_ZEROED);
    char *base = flags & FLAG_ZEROED ? real.calloc(1, size + SPACE) : real.malloc(size + SPACE);
    return track_allocated_slow(base, size, caller, (flags & ~(unsigned)FLAG_ZEROED) | BLOCK_HUGE);
}

void *track_allocate_rare(size_t size, uintptr_t caller, unsigned flags)
{
    if (track_is_too_early())
        return track_boot_block(BLOCK_ALIGNMENT, size);
    if (track_is_disabled())
        return track_untracked(size, flags);
    if (size >= BLOCK_HUGE_SIZE)
        return allocate_huge(size, caller, flags);
    /* The library has just come up. */
    char *base = flags & FLAG_ZEROED ? real.calloc(1, size + BLOCK_HEADER) : real.malloc(size + BLOCK_HEADER);
    return track_allocated(base, size, caller, flags);
}
