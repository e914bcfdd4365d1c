/* An allocator that only ever goes on, and gives nothing back. Whoever includes this says first:
 *
 *   ROOM                  how many bytes there are
 *   UNITS_BEFORE          units of 16 bytes before each block; the first of them holds its size
 *   bump_before(block)    writes the others
 *   bump_check(block)     looks at a block that comes back */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { UNIT = 16 };

static _Alignas(UNIT) char room[ROOM];
static size_t used;

static void bump_before(void *p);
static void bump_check(void *p);

static size_t *size_of(void *p)
{
    return (size_t *)((char *)p - UNITS_BEFORE * UNIT);
}

/* Not by its public name, which would be the library's. */
static void *take(size_t alignment, size_t size)
{
    if (size > ROOM / 4 || alignment > ROOM / 4)
        return NULL;
    size_t bytes = (size + alignment + (UNITS_BEFORE + 1) * UNIT) & -(size_t)UNIT;
    size_t at = __atomic_fetch_add(&used, bytes, __ATOMIC_RELAXED);
    if (at + bytes > ROOM)
        return NULL;
    uintptr_t address = ((uintptr_t)&room[at] + UNITS_BEFORE * UNIT + alignment - 1) & -alignment;
    void *p = (void *)address;
    *size_of(p) = size;
    bump_before(p);
    return p;
}

void *memalign(size_t alignment, size_t size)
{
    return take(alignment, size);
}

void *malloc(size_t size)
{
    return take(UNIT, size);
}

void *calloc(size_t count, size_t size)
{
    return take(UNIT, count * size); /* never used before: zero */
}

void free(void *p)
{
    bump_check(p);
}

size_t malloc_usable_size(void *p)
{
    bump_check(p);
    return p != NULL ? *size_of(p) : 0;
}

void *realloc(void *p, size_t size)
{
    void *moved = take(UNIT, size);
    bump_check(p);
    if (moved != NULL && p != NULL)
        memcpy(moved, p, *size_of(p) < size ? *size_of(p) : size);
    return moved;
}
