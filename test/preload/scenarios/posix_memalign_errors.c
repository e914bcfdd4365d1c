/* posix_memalign returns its error: the pointer stays what it was, and so does errno. (glibc itself sets errno
 * where there is no memory: that is asked for only with the argument `strict`.) */
#include "blocks.h"

static bool strict;

static void ask(size_t alignment, size_t size)
{
    void *const before = (void *)&ask;
    void *p = before;
    errno = 77;
    int error = posix_memalign(&p, hide_size(alignment), hide_size(size));
    bool errno_kept = errno == 77 || (error == ENOMEM && !strict);
    printf("posix_memalign(%zu, %zu): %s, pointer %s, errno %s\n", alignment, size, errno_name(error),
           p == before ? "kept" : "set", errno_kept ? "kept" : "set");
    MUST(!strict || errno_kept);
    if (error == 0)
        free(p);
}

int main(int argc, char **argv)
{
    strict = argc > 1 && strcmp(argv[1], "strict") == 0;
    free(block(100));
    for (size_t alignment = 0; alignment < 70; alignment++)
        ask(alignment, 100);
    ask(64, PTRDIFF_MAX);
    ask(64, SIZE_MAX);
    ask(4096, SIZE_MAX - 4096);
    ask(16, (size_t)1 << 47);
    ask((size_t)1 << 63, 1);
    ask((size_t)1 << 62, 1);
    return 0;
}
