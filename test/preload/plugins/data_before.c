/* An allocator before whose blocks another block's data may stand: here, what a tracker's headers look like, live and
 * freed, and all ones. Preloaded behind the library, whose functions its own names would be: it calls none of them. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ROOM = 1 << 26, UNIT = 16 };

static const uint64_t data[][2] = {
    {0x0000002800000001, 0xA70C000000050000},
    {0x0000002800000001, 0xA70C008000050000},
    {0x0000002800000001, UINT64_MAX},
    {UINT64_MAX, UINT64_MAX},
    {0, 0},
};

static _Alignas(UNIT) char room[ROOM];
static size_t used;
static unsigned made;

static size_t *size_of(void *p)
{
    return (size_t *)((char *)p - 2 * UNIT);
}

static void *take(size_t alignment, size_t size)
{
    if (size > ROOM / 4 || alignment > ROOM / 4)
        return NULL;
    size_t bytes = (size + alignment + 3 * UNIT) & -(size_t)UNIT;
    size_t at = __atomic_fetch_add(&used, bytes, __ATOMIC_RELAXED);
    if (at + bytes > ROOM)
        return NULL;
    void *p = (void *)(((uintptr_t)&room[at] + 2 * UNIT + alignment - 1) & -alignment);
    *size_of(p) = size;
    memcpy((char *)p - UNIT, data[made++ % (sizeof data / sizeof data[0])], UNIT);
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

/* Only what was handed out comes back. */
static void check(void *p)
{
    if (p != NULL && ((char *)p < room || (char *)p >= room + ROOM || *size_of(p) > ROOM))
        __builtin_trap();
}

void free(void *p)
{
    check(p);
}

size_t malloc_usable_size(void *p)
{
    check(p);
    return p != NULL ? *size_of(p) : 0;
}

void *realloc(void *p, size_t size)
{
    void *moved = take(UNIT, size);
    check(p);
    if (moved != NULL && p != NULL)
        memcpy(moved, p, *size_of(p) < size ? *size_of(p) : size);
    return moved;
}
