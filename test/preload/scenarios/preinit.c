/* Allocates before the C library has set itself up: `environ` is still empty then. */
#include "blocks.h"

static void *early;

static void allocate(void)
{
    early = malloc(100);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = allocate;

int main(void)
{
    MUST(early != NULL);
    free(early);
    free(block(100));
    puts("was early");
    return 0;
}
