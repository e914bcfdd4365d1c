/* Allocates in its constructor: before the tracker's own, since libraries are initialized last loaded first. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "constructor.h"

void *constructor_block[CONSTRUCTOR_BLOCKS];

__attribute__((constructor)) static void construct(void)
{
    for (unsigned i = 0; i < CONSTRUCTOR_BLOCKS; i++) {
        char *p = i % 3 == 0 ? malloc(10) : i % 3 == 1 ? calloc(1, 10) : memalign(64, 10);
        if (p == NULL || malloc_usable_size(p) < 10)
            abort();
        p = realloc(p, 200 + i);
        memset(p, 'c', 200 + i);
        constructor_block[i] = p;
    }
    char *copy = strdup("gone again");
    free(copy);
}
