/* A library with a function that is chosen by a resolver, which the loader calls while it relocates: nobody before us
 * in its order has been relocated then. The resolver allocates, frees, resizes and unmaps. */
#define _GNU_SOURCE
#include "ifunc_allocates.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *block[IFUNC_BLOCKS];
static int failures;

static int doubled(int number)
{
    return 2 * number;
}

static void *remember(unsigned index, void *made, size_t size)
{
    block[index] = made;
    if (made != NULL)
        memset(made, 100 + (int)index, size);
    else
        failures++;
    return made;
}

static void allocate(void)
{
    remember(IFUNC_MALLOC, malloc(100), 100);
    char *zeroed = calloc(10, 10);
    for (unsigned i = 0; zeroed != NULL && i < 100; i++)
        failures += zeroed[i] != 0;
    remember(IFUNC_CALLOC, zeroed, 100);
    char *small = malloc(10);
    if (small != NULL)
        memset(small, 1, 10);
    char *grown = realloc(small, 100);
    for (unsigned i = 0; grown != NULL && i < 10; i++)
        failures += grown[i] != 1;
    remember(IFUNC_GROWN, grown, 100);
    block[IFUNC_TEXT] = strdup("a text that was copied by the resolver");
    remember(IFUNC_LARGE, malloc(300000), 300000);
    free(malloc(77));
    free(NULL);
    free(realloc(NULL, 78));
    void *memory = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    failures += munmap(memory, 8192) != 0;
}

static int (*resolve(void))(int)
{
    allocate();
    return doubled;
}

int ifunc_chosen(int number) __attribute__((ifunc("resolve")));

void *ifunc_block(unsigned index)
{
    return block[index];
}

int ifunc_failures(void)
{
    return failures;
}
