/* An allocator preloaded before the tracker, as heaptrack's is: its first malloc registers an exit handler and unmaps a
 * page. Both calls are the tracker's, which may be in the middle of coming up: it is what asked for memory. */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static void end(void)
{
}

static void set_up(void)
{
    static bool begun;
    if (begun)
        return;
    begun = true;
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (atexit(end) != 0 || munmap(page, 4096) != 0)
        abort();
}

void *malloc(size_t size)
{
    set_up();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    set_up();
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    set_up();
    return __libc_realloc(block, size);
}

void free(void *block)
{
    __libc_free(block);
}
