/* A foreign pointer that stands exactly at the start of a page, and the page before is not mapped: whoever reads
 * a header there dies. Wants page_start.so preloaded. */
#include "../plugins/page_start.h"
#include "blocks.h"

#include <dlfcn.h>

int main(void)
{
    void *(*odd)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "odd_block");
    unsigned (*freed)(void) = (unsigned (*)(void))dlsym(RTLD_DEFAULT, "odd_freed");
    MUST(odd != NULL && freed != NULL);
    unsigned char *p = odd(5000);
    MUST(((uintptr_t)p & 4095) == 0);
    printf("usable %zu\n", malloc_usable_size(p));
    fill(p, 5000, 5);
    p = realloc(p, 9000);
    MUST(p != NULL && holds(p, 5000, 5));
    free(p);
    free(odd(4096));
    MUST(realloc(odd(100), 50) != NULL);
    p = malloc(ODD_SIZE);
    MUST(malloc_usable_size(p) >= ODD_SIZE);
    fill(p, ODD_SIZE, 6);
    MUST(holds(p, ODD_SIZE, 6));
    free(p);
    printf("%u came back\n", freed());
    return 0;
}
