/* Yardstick: an interposer that only passes on. What it costs is the price of LD_PRELOAD itself. */
#include "next.h"

EXPORT void *malloc(size_t size)
{
    return next_malloc(size);
}

EXPORT void free(void *p)
{
    next_free(p);
}

EXPORT void *calloc(size_t count, size_t size)
{
    return next_calloc(count, size);
}

EXPORT void *realloc(void *p, size_t size)
{
    return next_realloc(p, size);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    return next_memalign(alignment, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return next_aligned_alloc(alignment, size);
}

EXPORT int posix_memalign(void **result, size_t alignment, size_t size)
{
    return next_posix_memalign(result, alignment, size);
}

EXPORT size_t malloc_usable_size(void *p)
{
    return next_malloc_usable_size(p);
}

void *operator_new(size_t size)
{
    void *p = next_malloc(size);
    return UNLIKELY(!p) ? next_operator_new(size, "_Znwm") : p;
}

void *operator_new_array(size_t size)
{
    void *p = next_malloc(size);
    return UNLIKELY(!p) ? next_operator_new(size, "_Znam") : p;
}

void operator_delete(void *p)
{
    next_free(p);
}

void operator_delete_array(void *p)
{
    next_free(p);
}

void operator_delete_sized(void *p, size_t size)
{
    (void)size;
    next_free(p);
}

void operator_delete_array_sized(void *p, size_t size)
{
    (void)size;
    next_free(p);
}
