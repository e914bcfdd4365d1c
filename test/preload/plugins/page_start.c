/* An allocator behind the tracker, over glibc's, that gives some blocks a place exactly at the start of a page
 * with nothing mapped before it: odd_block(), and malloc of ODD_SIZE (with or without a tracker's header). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "page_start.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum { PAGE = 4096, ODD_MAX = 64 };

static struct {
    char *start;
    size_t size;
} odd[ODD_MAX];
static unsigned freed;

static void *odd_make(size_t size)
{
    size_t pages = (size + PAGE - 1) / PAGE;
    char *p = mmap(NULL, (pages + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        abort();
    munmap(p, PAGE);
    for (unsigned i = 0; i < ODD_MAX; i++) {
        if (odd[i].start == NULL) {
            odd[i].start = p + PAGE;
            odd[i].size = size;
            return odd[i].start;
        }
    }
    abort();
}

static int odd_find(const void *p)
{
    for (int i = 0; p != NULL && i < ODD_MAX; i++)
        if (odd[i].start == p)
            return i;
    return -1;
}

void *odd_block(size_t size)
{
    return odd_make(size);
}

unsigned odd_freed(void)
{
    return freed;
}

void *malloc(size_t size)
{
    return size >= ODD_SIZE && size <= ODD_SIZE + 16 ? odd_make(size) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

void *memalign(size_t alignment, size_t size)
{
    return __libc_memalign(alignment, size);
}

void free(void *p)
{
    int i = odd_find(p);
    if (i < 0) {
        __libc_free(p);
        return;
    }
    munmap(odd[i].start, odd[i].size);
    odd[i].start = NULL;
    freed++;
}

void *realloc(void *p, size_t size)
{
    int i = odd_find(p);
    if (i < 0)
        return __libc_realloc(p, size);
    void *q = __libc_malloc(size);
    memcpy(q, p, size < odd[i].size ? size : odd[i].size);
    free(p);
    return q;
}

size_t malloc_usable_size(void *p)
{
    static size_t (*next)(void *);
    int i = odd_find(p);
    if (i >= 0)
        return odd[i].size;
    if (next == NULL)
        next = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    size_t size = next(p);
    return size;
}
