/* An allocator of the program's own: it hands out one region piece by piece, and never takes anything back. */
#ifndef TM_TEST_OWN_MALLOC_H
#define TM_TEST_OWN_MALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
#define NOEXCEPT noexcept
extern "C" {
#else
#define NOEXCEPT
#endif

static char own_region[32 << 20] __attribute__((aligned(16)));
static size_t own_used;
static unsigned own_frees, own_strangers;

static bool is_own(const void *p)
{
    return (const char *)p >= own_region && (const char *)p < own_region + sizeof(own_region);
}

void *malloc(size_t size) NOEXCEPT
{
    size_t at = __atomic_fetch_add(&own_used, (size + 31) & ~(size_t)15, __ATOMIC_RELAXED);
    if (at + size + 32 > sizeof(own_region))
        return NULL;
    *(size_t *)(void *)(own_region + at) = size;
    return own_region + at + 16;
}

void free(void *p) NOEXCEPT
{
    if (p != NULL && !is_own(p))
        own_strangers++;
    own_frees++;
}

void *calloc(size_t count, size_t size) NOEXCEPT
{
    void *p = malloc(count * size);
    if (p != NULL)
        memset(p, 0, count * size);
    return p;
}

void *realloc(void *p, size_t size) NOEXCEPT
{
    void *q = malloc(size);
    if (p != NULL && !is_own(p))
        own_strangers++;
    else if (p != NULL && q != NULL)
        memcpy(q, p, ((size_t *)p)[-2] < size ? ((size_t *)p)[-2] : size);
    return q;
}

#ifdef __cplusplus
}
#endif
#endif
