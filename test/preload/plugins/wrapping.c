#include "wrapping.h"

#include <stdlib.h>

static void *kept(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory"); /* what follows the call keeps it from being a jump */
    return p;
}

static __attribute__((noinline)) void *lib_xhidden(size_t size)
{
    return kept(calloc(1, size));
}

void *lib_xmalloc(size_t size)
{
    return kept(malloc(size));
}

void *lib_xquiet(size_t size)
{
    return kept(lib_xhidden(size));
}
