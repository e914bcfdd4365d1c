/* The entry points of the C library's allocator: a table of contents. */
#include "resize.h"
#include "track.h"

PUBLIC void *malloc(size_t size)
{
    return track_malloc(size, FAMILY_MALLOC);
}

PUBLIC void free(void *user)
{
    track_free(user, FAMILY_MALLOC);
}

PUBLIC void cfree(void *user)
{
    track_free(user, FAMILY_MALLOC);
}

PUBLIC void free_sized(void *user, size_t size)
{
    (void)size;
    track_free(user, FAMILY_MALLOC);
}

PUBLIC void free_aligned_sized(void *user, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    track_free(user, FAMILY_MALLOC);
}

PUBLIC void *calloc(size_t count, size_t size)
{
    return track_calloc(count, size, CALLER);
}

PUBLIC void *realloc(void *user, size_t size)
{
    return track_realloc(user, size);
}

PUBLIC void *reallocarray(void *user, size_t count, size_t size)
{
    return track_reallocarray(user, count, size, CALLER);
}

PUBLIC void *memalign(size_t alignment, size_t size)
{
    return track_memalign_rounded(alignment, size, CALLER);
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
    return track_memalign_rounded(alignment, size, CALLER);
}

PUBLIC int posix_memalign(void **user, size_t alignment, size_t size)
{
    return track_posix_memalign(user, alignment, size, CALLER);
}

PUBLIC void *valloc(size_t size)
{
    return track_memalign(PAGE_BYTES, size, CALLER, FAMILY_MALLOC);
}

PUBLIC void *pvalloc(size_t size)
{
    return track_pvalloc(size, CALLER);
}

PUBLIC size_t malloc_usable_size(void *user)
{
    return track_usable_size(user);
}

PUBLIC char *strdup(const char *string)
{
    return track_strndup(string, SIZE_MAX, CALLER);
}

PUBLIC char *strndup(const char *string, size_t most)
{
    return track_strndup(string, most, CALLER);
}
