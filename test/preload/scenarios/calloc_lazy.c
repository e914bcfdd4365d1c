/* A huge calloc costs no memory before it is touched; what is touched is zero. */
#include "blocks.h"

static size_t resident(void)
{
    char text[200];
    size_t all, pages;
    slurp("/proc/self/statm", text, sizeof(text));
    MUST(sscanf(text, "%zu %zu", &all, &pages) == 2);
    return pages * 4096;
}

int main(void)
{
    const size_t gib = (size_t)1 << 30;
    size_t before = resident();
    char *p = hide(calloc(1 << 20, 1 << 10));
    MUST(p != NULL);
    printf("lazy when made: %d\n", resident() - before < 2 << 20);
    for (size_t at = 0; at < gib; at += gib / 64) {
        MUST(p[at] == 0);
        p[at] = 1;
    }
    printf("lazy when used: %d\n", resident() - before < 3 << 20);
    free(p);
    p = hide(calloc(1, 100 << 20)); /* and again, where the first has been */
    MUST(is_zero(p, 1 << 20) && is_zero(p + (99 << 20), 1 << 20));
    free(p);
    return 0;
}
