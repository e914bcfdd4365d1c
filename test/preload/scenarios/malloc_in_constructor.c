/* malloc from a linked library's constructor and from the program's preinit array, which runs before every
 * constructor there is. */
#include "../plugins/constructor.h"
#include "blocks.h"

static void *preinit_block;

static void preinit(int argc, char **argv, char **env)
{
    (void)argc, (void)argv, (void)env;
    preinit_block = hide(malloc(300));
    fill(preinit_block, 300, 3);
    free(hide(calloc(10, 10)));
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = preinit;

int main(void)
{
    MUST(preinit_block != NULL && holds(preinit_block, 300, 3));
    preinit_block = realloc(preinit_block, 3000);
    MUST(holds(preinit_block, 300, 3));
    free(preinit_block);
    for (unsigned i = 0; i < CONSTRUCTOR_BLOCKS; i++) {
        char *p = constructor_block[i];
        MUST(p != NULL && malloc_usable_size(p) >= 200 + i);
        for (unsigned b = 0; b < 200 + i; b++)
            MUST(p[b] == 'c');
        if (i % 3 != 0) /* ten stay */
            free(p);
    }
    puts("all of them were good");
    return 0;
}
