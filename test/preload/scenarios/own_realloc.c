/* The program replaces realloc only, over the one it finds next: libc's reallocarray calls it. */
#include "blocks.h"

#include <dlfcn.h>

static unsigned calls;

void *realloc(void *p, size_t size)
{
    static void *(*next)(void *, size_t);
    if (next == NULL)
        next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    calls++;
    void *q = next(p, size);
    return q;
}

int main(void)
{
    char *p = malloc(100);
    fill(p, 100, 1);
    p = hide(reallocarray(p, 50, 10));
    MUST(p != NULL && holds(p, 100, 1));
    printf("%u\n", calls);
    p = hide(reallocarray(p, 60, 100));
    printf("%u\n", calls);
    errno = 0;
    MUST(reallocarray(p, hide_size(SIZE_MAX / 2), 3) == NULL && errno == ENOMEM);
    printf("%u\n", calls);
    p = hide(realloc(p, 10));
    printf("%u\n", calls);
    free(p);
    return 0;
}
