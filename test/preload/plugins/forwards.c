/* A library that counts allocations, preloaded before the one under test: each call goes on to the next one in line,
 * found by dlsym. As heaptrack and fakeroot do, all are looked up at the first call, also those that nobody has; what
 * dlsym itself allocates meanwhile comes from a small buffer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64 * 1024 };

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void (*cfree)(void *);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*valloc)(size_t);
} next;

static _Alignas(16) char room[ROOM];
static size_t used;
static volatile bool looking; /* dlsym is declared to call nobody back */
static unsigned long count;

static bool is_from_room(const void *block)
{
    return (const char *)block >= room && (const char *)block < room + ROOM;
}

static void *from_room(size_t size)
{
    size_t at = used;
    used += (size + 31) & ~(size_t)15;
    if (used > ROOM)
        abort();
    *(size_t *)(void *)(room + at) = size;
    return room + at + 16;
}

static bool must_wait(void)
{
    if (next.malloc != NULL)
        return false;
    if (looking)
        return true;
    looking = true;
    next.calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
    next.realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    next.free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    next.cfree = (void (*)(void *))dlsym(RTLD_NEXT, "cfree");
    next.posix_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
    next.aligned_alloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
    next.valloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "valloc");
    (void)dlsym(RTLD_NEXT, "a_function_that_nobody_has");
    next.malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    looking = false;
    return false;
}

static void *counted(void *block)
{
    __atomic_fetch_add(&count, block != NULL, __ATOMIC_RELAXED);
    return block;
}

void *malloc(size_t size)
{
    return must_wait() ? from_room(size) : counted(next.malloc(size));
}

void *calloc(size_t number, size_t size)
{
    return must_wait() ? from_room(number * size) : counted(next.calloc(number, size));
}

void *realloc(void *block, size_t size)
{
    if (!must_wait() && !is_from_room(block))
        return counted(next.realloc(block, size));
    void *copy = malloc(size);
    size_t old = block != NULL ? ((size_t *)block)[-2] : 0;
    return copy != NULL && block != NULL ? memcpy(copy, block, old < size ? old : size) : copy;
}

void free(void *block)
{
    if (!is_from_room(block) && !must_wait())
        next.free(block);
}

void cfree(void *block)
{
    free(block);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    (void)must_wait();
    int error = next.posix_memalign(block, alignment, size);
    counted(error == 0 ? *block : NULL);
    return error;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    (void)must_wait();
    return counted(next.aligned_alloc(alignment, size));
}

void *valloc(size_t size)
{
    (void)must_wait();
    return counted(next.valloc(size));
}
