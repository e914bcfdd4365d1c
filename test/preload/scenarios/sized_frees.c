/* The C23 forms of free, where a libc or a tracker has them, and cfree of old binaries. */
#include "blocks.h"

#include <dlfcn.h>

static void plain_sized(void *p, size_t size)
{
    (void)size;
    free(p);
}

static void plain_aligned(void *p, size_t alignment, size_t size)
{
    (void)alignment, (void)size;
    free(p);
}

int main(void)
{
    void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*aligned)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    void (*old)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    dprintf(2, "sized=%d\naligned=%d\ncfree=%d\n", sized != NULL, aligned != NULL, old != NULL);
    if (sized == NULL)
        sized = plain_sized;
    if (aligned == NULL)
        aligned = plain_aligned;
    if (old == NULL)
        old = free;
    for (size_t size = 1; size < 1 << 21; size = size * 2 + 1) {
        errno = 55;
        sized(hide(malloc(size)), size);
        sized(hide(calloc(1, size)), size);
        sized(hide(realloc(malloc(10), size)), size);
        aligned(hide(aligned_alloc(128, size)), 128, size);
        old(hide(malloc(size)));
        MUST(errno == 55);
    }
    sized(NULL, 10);
    aligned(NULL, 64, 10);
    old(NULL);
    puts("freed");
    return 0;
}
