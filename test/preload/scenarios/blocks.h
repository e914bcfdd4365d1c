/* What the scenario programs about single blocks share, beyond scene.h. Usable from C++. */
#ifndef TM_TEST_BLOCKS_H
#define TM_TEST_BLOCKS_H

#include "scene.h"

#include <malloc.h>

#ifdef __cplusplus
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#endif

/* The same pointer, or number, of which the compiler knows nothing any more: it can neither warn of a wild free
 * nor leave an allocation out. */
static inline void *hide(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static inline size_t hide_size(size_t n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

/* Every byte of a block, from a seed; and whether they still stand there. */
static inline void fill(void *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)p)[i] = (unsigned char)(seed + i * 13);
}

static inline bool holds(const void *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        if (((const unsigned char *)p)[i] != (unsigned char)(seed + i * 13))
            return false;
    return true;
}

static inline bool is_zero(const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const unsigned char *)p)[i] != 0)
            return false;
    return true;
}

/* The name of an errno, so that outputs can be compared by eye. */
static inline const char *errno_name(int number)
{
    return number == 0        ? "0"
           : number == ENOMEM ? "ENOMEM"
           : number == EINVAL ? "EINVAL"
           : number == EAGAIN ? "EAGAIN"
                              : "another";
}

#endif
