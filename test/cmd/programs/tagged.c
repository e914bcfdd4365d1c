/* tagged TAG BLOCKS BYTES: holds so many blocks of that size under that tag, says "ready", and ends with its input. */
#include <stdio.h>
#include <stdlib.h>

#include "trackmalloc.h"

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    tm_tag tag = tm_tag_register(argv[1], NULL);
    unsigned long blocks = strtoul(argv[2], NULL, 10), bytes = strtoul(argv[3], NULL, 10);
    void **held = malloc(blocks * sizeof *held);
    tm_push(tag);
    for (unsigned long i = 0; i < blocks; i++)
        held[i] = malloc(bytes);
    tm_pop();
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    for (unsigned long i = 0; i < blocks; i++)
        free(held[i]);
    free(held);
    return 0;
}
