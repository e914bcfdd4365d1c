/* Linked with ifunc_allocates.so: uses, resizes and frees what the resolver there made. */
#include "../plugins/ifunc_allocates.h"
#include "blocks.h"

static void check(unsigned index, size_t size)
{
    unsigned char *p = ifunc_block(index);
    MUST(p != NULL && malloc_usable_size(p) >= size);
    for (size_t i = 0; i < size; i++)
        MUST(p[i] == 100 + index);
}

int main(void)
{
    MUST(ifunc_chosen(21) == 42 && ifunc_failures() == 0);
    check(IFUNC_MALLOC, 100);
    check(IFUNC_CALLOC, 100);
    check(IFUNC_GROWN, 100);
    check(IFUNC_LARGE, 300000);
    puts(ifunc_block(IFUNC_TEXT));
    unsigned char *p = realloc(ifunc_block(IFUNC_MALLOC), 5000);
    for (unsigned i = 0; i < 100; i++)
        MUST(p[i] == 100 + IFUNC_MALLOC);
    memset(p, 1, malloc_usable_size(p));
    free(p);
    for (unsigned i = IFUNC_CALLOC; i < IFUNC_BLOCKS; i++)
        free(ifunc_block(i));
    churn(1000);
    puts("all of them were good");
    return 6;
}
