/* One of a thousand libraries: the test copies its file, each time with another number in its name. */
#include <stdlib.h>

static void *block;

__attribute__((constructor)) static void up(void)
{
    block = malloc(40);
    if (block == NULL)
        abort();
    free(malloc(50));
}

void *many_block(void)
{
    return block;
}
