/* Resizes, asks the size of, and frees blocks of an allocator before whose blocks anything may stand. */
#include "blocks.h"

enum { BLOCKS = 50 };

int main(void)
{
    char *block[BLOCKS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        block[i] = i % 3 == 0 ? malloc(100) : i % 3 == 1 ? calloc(10, 10) : memalign(4096, 100);
        MUST(block[i] != NULL && malloc_usable_size(block[i]) >= 100);
        fill(block[i], 100, i);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        block[i] = i % 2 == 0 ? realloc(block[i], 300 + i) : reallocarray(block[i], 2, 150 + i);
        MUST(block[i] != NULL && malloc_usable_size(block[i]) >= 300 && holds(block[i], 100, i));
        fill(block[i], 300, i);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        MUST(holds(block[i], 300, i));
        free(block[i]);
    }
    puts("fine");
    return 0;
}
