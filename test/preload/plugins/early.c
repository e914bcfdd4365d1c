/* A library whose dlsym allocates, as old glibc's did and overlays' do: it is called while the tracker looks up
 * the real allocator. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "early.h"

enum { EARLY_MAX = 400, EARLY_ROUNDS = 50 };

static struct early early[EARLY_MAX];
static unsigned count;

static void remember(void *block, size_t size, unsigned char fill)
{
    if (block == NULL || count == EARLY_MAX)
        abort();
    memset(block, fill, size);
    early[count++] = (struct early){block, size, fill};
}

static void allocate(void)
{
    static unsigned rounds;
    if (rounds >= EARLY_ROUNDS)
        return;
    unsigned char fill = (unsigned char)++rounds;
    char *zeroed = calloc(3, 50);
    for (unsigned i = 0; i < 150; i++)
        if (zeroed[i] != 0)
            abort();
    remember(zeroed, 150, fill);
    char *grown = malloc(100);
    memset(grown, fill, 100);
    grown = realloc(grown, 1000);
    for (unsigned i = 0; i < 100; i++)
        if (grown[i] != fill)
            abort();
    remember(grown, 1000, fill);
    char *aligned = aligned_alloc(256, 512);
    if ((size_t)aligned % 256 != 0)
        abort();
    remember(aligned, 512, fill);
    free(malloc(77));
    free(realloc(NULL, 78));
}

unsigned early_blocks(const struct early **blocks)
{
    *blocks = early;
    return count;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
    static void *(*next)(void *, const char *);
    static int inside;
    if (next == NULL)
        next = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (next == NULL)
        next = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (!inside) {
        inside = 1;
        allocate();
        inside = 0;
    }
    return next(handle, name);
}
