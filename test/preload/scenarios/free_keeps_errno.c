/* No way of freeing a block changes errno; nor does asking for its size. */
#include "blocks.h"

#include <sys/mman.h>

extern void *__libc_malloc(size_t);

static void expect_kept(const char *what)
{
    printf("%s: errno %d\n", what, errno);
    errno = 99;
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    errno = 99;
    free(NULL);
    expect_kept("NULL");
    static const size_t sizes[] = {1, 100, 2000, 100000, 1 << 20, 64 << 20};
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *p = hide(malloc(sizes[i]));
        errno = 99;
        MUST(malloc_usable_size(p) >= sizes[i]);
        expect_kept("malloc_usable_size");
        free(p);
        expect_kept("free");
        p = hide(memalign(8192, sizes[i]));
        errno = 99;
        free(p);
        expect_kept("free of an aligned block");
        p = __libc_malloc(sizes[i]);
        errno = 99;
        free(hide(p));
        expect_kept("free of a foreign block");
        p = hide(malloc(sizes[i]));
        errno = 99;
        MUST(realloc(p, 0) == NULL);
        expect_kept("realloc to nothing");
    }
    return 0;
}
