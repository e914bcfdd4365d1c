/* Blocks of 4 GiB and more (their sizes need more than 32 bits); hardly a page of them is touched. */
#include "blocks.h"

static const size_t GIB = (size_t)1 << 30;

static void touch(char *p, size_t size)
{
    p[0] = 'a';
    p[size / 2] = 'b';
    p[size - 1] = 'c';
}

static bool touched(const char *p, size_t size)
{
    return p[0] == 'a' && p[size / 2] == 'b' && p[size - 1] == 'c';
}

int main(void)
{
    size_t sizes[] = {2 * GIB - 1, 2 * GIB, 4 * GIB - 17, 4 * GIB - 16, 4 * GIB - 1, 4 * GIB, 4 * GIB + 1, 5 * GIB};
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t n = sizes[i];
        char *p = hide(malloc(n));
        if (p == NULL) {
            puts("refused");
            continue;
        }
        MUST((uintptr_t)p % 16 == 0 && malloc_usable_size(p) >= n);
        touch(p, n);
        p = hide(realloc(p, n + 12345));
        MUST(p != NULL && p[0] == 'a' && p[n / 2] == 'b' && p[n - 1] == 'c');
        touch(p, n + 12345);
        p = hide(realloc(p, 1000));
        MUST(p != NULL && p[0] == 'a');
        p = hide(realloc(p, n));
        MUST(p != NULL && p[0] == 'a');
        free(p);
        p = hide(calloc(n / 2, 2));
        MUST(p != NULL && p[0] == 0 && p[n / 2] == 0 && p[n / 2 * 2 - 1] == 0);
        free(p);
        p = hide(aligned_alloc(4096, n));
        MUST(p != NULL && (uintptr_t)p % 4096 == 0);
        touch(p, n);
        MUST(touched(p, n));
        free(p);
    }
    char *kept = hide(malloc(5 * GIB + 77));
    printf("kept=%zu\n", kept ? 5 * GIB + 77 : 0);
    return 0;
}
