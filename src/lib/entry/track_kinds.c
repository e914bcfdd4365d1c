/* The allocations that are neither malloc nor new: aligned, zeroed, copied. */
#include "track.h"

#include <errno.h>
#include <string.h>

#include "lib/config/state.h"
#include "track_rare.h"

/* A real block with space for the alignment, from memalign: malloc's room would not fit the header, or not be known. */
static void *make_far_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned flags)
{
    if (size >= BLOCK_HUGE_SIZE)
        flags |= FLAG_HUGE;
    return track_allocated_slow(real.memalign(alignment, size + alignment), size, caller, flags);
}

/* From malloc, and aligned inside: glibc's memalign takes longer, and leaves odd pieces of heap before each block. */
static void *make_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned flags)
{
    unsigned asked = block_aligned_flags(alignment, flags);
    if (alignment > (size_t)PTRDIFF_MAX || size > (size_t)PTRDIFF_MAX - alignment)
        return track_fail(size, caller, asked);
    if (alignment > BLOCK_SPACE_MOST - BLOCK_HEADER || size >= BLOCK_HUGE_SIZE)
        return make_far_aligned(alignment, size, caller, asked);
    size_t header = state_is_slow(SLOW_TRACED) ? BLOCK_PREFIXED : BLOCK_HEADER;
    char *base = real.malloc(size + alignment + header - BLOCK_HEADER);
    if (UNLIKELY(base == NULL))
        return track_allocated_slow(NULL, size, caller, asked);
    uintptr_t user = ((uintptr_t)base + header + alignment - 1) & -alignment;
    return track_allocated(base, size, caller, flags | block_space(user - (uintptr_t)base));
}

void *track_memalign(size_t alignment, size_t size, uintptr_t caller, unsigned flags)
{
    if (track_is_too_early())
        return track_boot_block(alignment, size);
    if (track_is_disabled())
        return flags == FAMILY_MALLOC ? real.memalign(alignment, size)
                                      : track_untracked(size, block_aligned_flags(alignment, flags));
    if (alignment > BLOCK_ALIGNMENT)
        return make_aligned(alignment, size, caller, flags);
    return track_malloc_for(size, caller, flags);
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
    return track_memalign(rounded, size, caller, FAMILY_MALLOC);
}

int track_posix_memalign(void **user, size_t alignment, size_t size, uintptr_t caller)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    bool early = track_is_too_early(); /* then where errno is may not be known yet, and it stays as it is */
    int error = early ? 0 : errno;
    void *block = early ? track_boot_block(alignment, size) : track_memalign(alignment, size, caller, FAMILY_MALLOC);
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
    return track_memalign(PAGE_BYTES, rounded & -(size_t)PAGE_BYTES, caller, FAMILY_MALLOC);
}

char *track_strndup(const char *string, size_t most, uintptr_t caller)
{
    if (track_is_too_early())
        return track_boot_copy(string, most);
    if (track_is_disabled())
        return real.strndup(string, most);
    size_t length = most == SIZE_MAX ? strlen(string) : strnlen(string, most);
    char *copy = track_malloc_for(length + 1, caller, FAMILY_MALLOC);
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
        return track_allocate_rare(bytes, caller, FLAG_ZEROED);
    if (bytes > BLOCK_CALLOC_SMALL)
        return track_allocated(real.calloc(1, bytes + BLOCK_HEADER), bytes, caller, FLAG_ZEROED);
    char *base = real.malloc(bytes + BLOCK_HEADER);
    if (LIKELY(base != NULL))
        memset(base, 0, bytes + BLOCK_HEADER);
    return track_allocated(base, bytes, caller, FLAG_ZEROED);
}
