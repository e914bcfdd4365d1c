/* The allocations that are neither malloc nor new: aligned, zeroed, copied. */
#include "track.h"

#include <errno.h>
#include <string.h>

#include "lib/config/state.h"
#include "track_rare.h"

/* A real block with room for the alignment, from memalign: malloc's room would not fit the header, or not be known. */
static void *make_far_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    if (size >= BLOCK_HUGE_SIZE)
        shape |= SHAPE_HUGE;
    return track_allocated_slow(real.memalign(alignment, size + alignment), size, caller, shape);
}

/* From malloc, and aligned inside: glibc's memalign takes longer, and leaves odd pieces of heap before each block. */
static void *make_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    unsigned asked = block_aligned_shape(alignment, shape);
    if (alignment > (size_t)PTRDIFF_MAX || size > (size_t)PTRDIFF_MAX - alignment)
        return track_fail(size, caller, asked);
    if (alignment > BLOCK_ROOM_MOST - BLOCK_HEADER || size >= BLOCK_HUGE_SIZE)
        return make_far_aligned(alignment, size, caller, asked);
    size_t header = state_is_slow(SLOW_TRACED) ? BLOCK_NOTED : BLOCK_HEADER;
    char *base = real.malloc(size + alignment + header - BLOCK_HEADER);
    if (UNLIKELY(base == NULL))
        return track_allocated_slow(NULL, size, caller, asked);
    uintptr_t user = ((uintptr_t)base + header + alignment - 1) & -alignment;
    return track_allocated(base, size, caller, shape | block_room(user - (uintptr_t)base));
}

void *track_memalign(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    if (track_is_too_early())
        return track_boot_block(alignment, size);
    if (track_is_passed_on())
        return shape == MADE_MALLOC ? real.memalign(alignment, size)
                                    : track_pass_on(size, block_aligned_shape(alignment, shape));
    if (alignment > BLOCK_ALIGNMENT)
        return make_aligned(alignment, size, caller, shape);
    return track_malloc_for(size, caller, shape);
}

void *track_memalign_rounded(size_t alignment, size_t size, uintptr_t caller)
{
    size_t rounded = BLOCK_ALIGNMENT;
    while (rounded < alignment && rounded <= SIZE_MAX / 4 + 1)
        rounded *= 2;
    if (rounded < alignment) {
        errno = EINVAL;
        return NULL;
    }
    return track_memalign(rounded, size, caller, MADE_MALLOC);
}

int track_posix_memalign(void **user, size_t alignment, size_t size, uintptr_t caller)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    bool early = track_is_too_early(); /* then where errno is may not be known yet, and it stays as it is */
    int error = early ? 0 : errno;
    void *block = early ? track_boot_block(alignment, size) : track_memalign(alignment, size, caller, MADE_MALLOC);
    if (!early)
        errno = error;
    if (block == NULL)
        return ENOMEM;
    *user = block;
    return 0;
}

void *track_pvalloc(size_t size, uintptr_t caller)
{
    size_t rounded;
    if (__builtin_add_overflow(size, PAGE_BYTES - 1, &rounded))
        return track_refuse(caller);
    return track_memalign(PAGE_BYTES, rounded & -(size_t)PAGE_BYTES, caller, MADE_MALLOC);
}

char *track_strndup(const char *string, size_t most, uintptr_t caller)
{
    if (track_is_too_early())
        return track_boot_copy(string, most);
    if (track_is_passed_on())
        return real.strndup(string, most);
    size_t length = most == SIZE_MAX ? strlen(string) : strnlen(string, most);
    char *copy = track_malloc_for(length + 1, caller, MADE_MALLOC);
    if (LIKELY(copy != NULL)) {
        memcpy(copy, string, length);
        copy[length] = '\0';
    }
    return copy;
}

void *track_calloc(size_t count, size_t size, uintptr_t caller)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return track_refuse(caller);
    if (UNLIKELY(bytes >= state_malloc_limit))
        return track_allocate_apart(bytes, caller, SHAPE_ZEROED);
    if (bytes > BLOCK_CALLOC_SMALL)
        return track_allocated(real.calloc(1, bytes + BLOCK_HEADER), bytes, caller, SHAPE_ZEROED);
    char *base = real.malloc(bytes + BLOCK_HEADER);
    if (LIKELY(base != NULL))
        memset(base, 0, bytes + BLOCK_HEADER);
    return track_allocated(base, bytes, caller, SHAPE_ZEROED);
}
