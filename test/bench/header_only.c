/* Yardstick: an interposer that puts a 16-byte header before every block and takes it off again, and counts nothing.
 * It is the physical limit of a tracker that knows its blocks by a header: two stores for an allocation, one comparison
 * and one store for a free, and the cache that the sixteen bytes take. */
#include "next.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

enum { HEADER = 16, PAGE = 4096 };

/* The check stands in the upper half of the eight bytes before the pointer, where glibc keeps the upper half of a chunk
 * size: zeros. So no block of glibc's own is taken for ours. */
enum check { PLAIN = 0x270C5EED, ALIGNED = 0x270C5EEE, FREED = 0 };

struct header {
    uint64_t size;   /* stands for size and birth: one store of eight bytes */
    uint32_t offset; /* from the real block to the pointer; with the check, one store of eight bytes */
    uint32_t check;
};
_Static_assert(sizeof(struct header) == HEADER, "malloc's alignment is kept");

static inline struct header *header_of(void *p)
{
    return (struct header *)p - 1;
}

static inline void *put_header(char *base, size_t size, uint32_t offset, enum check check)
{
    char *p = base + offset;
    *header_of(p) = (struct header){size, offset, check};
    return p;
}

static COLD void *out_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

EXPORT void *malloc(size_t size)
{
    size_t with_header;
    if (UNLIKELY(__builtin_add_overflow(size, HEADER, &with_header)))
        return out_of_memory();
    char *base = next_malloc(with_header);
    if (UNLIKELY(!base))
        return NULL;
    return put_header(base, size, HEADER, PLAIN);
}

/* NULL, aligned and foreign pointers. A foreign one at the start of a page could have nothing before it; under glibc,
 * where this yardstick runs, there is always the chunk size. */
static COLD void free_rare(void *p)
{
    if (!p)
        return;
    struct header *header = header_of(p);
    if (header->check != PLAIN && header->check != ALIGNED) {
        next_free(p);
        return;
    }
    header->check = FREED;
    next_free((char *)p - header->offset);
}

EXPORT void free(void *p)
{
    struct header *header = header_of(p);
    if (UNLIKELY(((uintptr_t)p & (PAGE - 1)) == 0 || header->check != PLAIN)) {
        free_rare(p);
        return;
    }
    header->check = FREED;
    next_free(header);
}

EXPORT void *calloc(size_t count, size_t size)
{
    size_t bytes, with_header;
    if (UNLIKELY(__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, HEADER, &with_header)))
        return out_of_memory();
    char *base = next_calloc(1, with_header);
    if (UNLIKELY(!base))
        return NULL;
    return put_header(base, bytes, HEADER, PLAIN);
}

/* An alignment above malloc's own: the next allocator's realloc would lose it. */
static COLD void *realloc_aligned(void *p, size_t size)
{
    void *moved = malloc(size);
    if (!moved)
        return NULL;
    size_t old = header_of(p)->size;
    memcpy(moved, p, old < size ? old : size);
    free(p);
    return moved;
}

EXPORT void *realloc(void *p, size_t size)
{
    size_t with_header;
    if (!p)
        return malloc(size);
    struct header *header = header_of(p);
    if (UNLIKELY(header->check == ALIGNED && size))
        return realloc_aligned(p, size);
    if (UNLIKELY(header->check != PLAIN && header->check != ALIGNED))
        return next_realloc(p, size);
    if (UNLIKELY(!size)) {
        free(p);
        return NULL;
    }
    if (UNLIKELY(__builtin_add_overflow(size, HEADER, &with_header)))
        return out_of_memory();
    char *base = next_realloc(header, with_header);
    if (UNLIKELY(!base))
        return NULL;
    return put_header(base, size, HEADER, PLAIN);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    size_t with_header;
    if (alignment <= HEADER)
        return malloc(size);
    if (UNLIKELY(alignment > UINT32_MAX / 2 || __builtin_add_overflow(size, 2 * alignment, &with_header)))
        return out_of_memory();
    if (alignment & (alignment - 1))
        alignment = (size_t)1 << (64 - __builtin_clzl(alignment)); /* glibc rounds up, too */
    char *base = next_memalign(alignment, size + alignment);
    if (UNLIKELY(!base))
        return NULL;
    return put_header(base, size, (uint32_t)alignment, ALIGNED);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

EXPORT int posix_memalign(void **result, size_t alignment, size_t size)
{
    if (!alignment || alignment % sizeof(void *) || (alignment & (alignment - 1)))
        return EINVAL;
    int saved = errno;
    void *p = memalign(alignment, size);
    errno = saved;
    if (UNLIKELY(!p))
        return ENOMEM;
    *result = p;
    return 0;
}

EXPORT size_t malloc_usable_size(void *p)
{
    if (!p)
        return 0;
    struct header *header = header_of(p);
    if (header->check != PLAIN && header->check != ALIGNED)
        return next_malloc_usable_size(p);
    return next_malloc_usable_size((char *)p - header->offset) - header->offset;
}

void *operator_new(size_t size)
{
    void *p = malloc(size);
    return UNLIKELY(!p) ? next_operator_new(size, "_Znwm") : p;
}

void *operator_new_array(size_t size)
{
    void *p = malloc(size);
    return UNLIKELY(!p) ? next_operator_new(size, "_Znam") : p;
}

void operator_delete(void *p)
{
    free(p);
}

void operator_delete_array(void *p)
{
    free(p);
}

void operator_delete_sized(void *p, size_t size)
{
    (void)size;
    free(p);
}

void operator_delete_array_sized(void *p, size_t size)
{
    (void)size;
    free(p);
}
