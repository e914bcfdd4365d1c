/* Sizes at the ends of the range: what comes back, and in errno, is printed and compared with the bare run. The
 * greatest sizes come one by one, since a tracker adds its header to them. */
#include "blocks.h"

static unsigned made;

static void say(const char *what, size_t size, void *p)
{
    int error = errno;
    printf("%s(%zu): %s, errno %s\n", what, size, p ? "a block" : "NULL", errno_name(error));
    made += p != NULL;
    free(hide(p));
    errno = 0;
}

static void ask(size_t size)
{
    size = hide_size(size);
    errno = 0;
    say("malloc", size, malloc(size));
    say("calloc", size, calloc(1, size));
    say("calloc of bytes", size, calloc(size, 1));
    say("realloc NULL", size, realloc(NULL, size));
    say("reallocarray NULL", size, reallocarray(NULL, size, 1));
}

static void ask_product(size_t count, size_t size)
{
    count = hide_size(count);
    errno = 0;
    say("calloc product", count, calloc(count, size));
    say("reallocarray product", count, reallocarray(NULL, count, size));
}

/* The block is still there after the refusal, and freed by the size 0. */
static void resize(size_t size)
{
    char *p = malloc(1000);
    made++;
    fill(p, 1000, 9);
    errno = 0;
    void *q = realloc(p, hide_size(size));
    printf("realloc(block, %zu): %s, errno %s\n", size, q ? "a block" : "NULL", errno_name(errno));
    MUST(q == NULL);
    if (size == 0)
        return;
    MUST(holds(p, 1000, 9) && malloc_usable_size(p) >= 1000);
    errno = 0;
    MUST(reallocarray(p, hide_size(size), 4) == NULL);
    printf("reallocarray(block, %zu, 4): NULL, errno %s\n", size, errno_name(errno));
    MUST(holds(p, 1000, 9));
    p = realloc(p, 2000);
    MUST(holds(p, 1000, 9));
    free(p);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    ask(0);
    ask(1);
    ask((size_t)1 << 47);
    for (size_t k = 0; k <= 66; k++) {
        ask(SIZE_MAX - k);
        ask((size_t)PTRDIFF_MAX - 33 + k);
    }
    ask_product(SIZE_MAX, 2);
    ask_product(SIZE_MAX / 2 + 1, 2);
    ask_product(SIZE_MAX / 16 + 2, 16); /* comes round to 16 */
    ask_product((size_t)1 << 32, (size_t)1 << 32);
    ask_product(((size_t)1 << 32) + 1, (size_t)1 << 32);
    ask_product(0, SIZE_MAX);
    ask_product(100, 0);
    resize(0);
    resize((size_t)1 << 47);
    for (size_t k = 0; k < 40; k++)
        resize(SIZE_MAX - k);
    resize(PTRDIFF_MAX);

    char *a = hide(malloc(0)), *b = hide(malloc(0)); /* two pointers, both good for nothing but free and realloc */
    MUST(a != NULL && b != NULL && a != b);
    a = realloc(a, 100);
    fill(a, 100, 1);
    free(a);
    free(b);
    MUST(realloc(hide(calloc(0, 8)), 0) == NULL);
    made += 3;
    free(NULL);
    MUST(malloc_usable_size(NULL) == 0);
    printf("made=%u\n", made);
    return 0;
}
