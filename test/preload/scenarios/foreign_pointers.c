/* Blocks that glibc made behind everybody's back reach free, realloc and malloc_usable_size. */
#include "blocks.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_memalign(size_t, size_t);

static void *make(unsigned how, size_t size)
{
    return how == 0   ? __libc_malloc(size)
           : how == 1 ? __libc_calloc(1, size)
           : how == 2 ? __libc_memalign(64, size)
                      : __libc_memalign(4096, size); /* at the start of a page */
}

int main(void)
{
    for (size_t size = 1; size < 3 << 20; size = size * 2 + 5) {
        for (unsigned how = 0; how < 4; how++) {
            unsigned char *p = make(how, size);
            size_t usable = malloc_usable_size(hide(p));
            MUST(usable >= size && usable < size + 8192);
            fill(p, usable, how);
            free(hide(p));

            p = make(how, size);
            fill(p, size, how);
            p = realloc(hide(p), size + 1000);
            MUST(holds(p, size, how));
            p = realloc(p, size / 2 + 1);
            MUST(holds(p, size / 2 + 1, how));
            free(p);

            p = make(how, size);
            fill(p, size, how);
            p = reallocarray(hide(p), 2, size);
            MUST(holds(p, size, how) && malloc_usable_size(p) >= 2 * size);
            free(p);
            MUST(realloc(make(how, size), 0) == NULL);
        }
    }
    free(block(100));
    puts("all of them were good");
    return 0;
}
