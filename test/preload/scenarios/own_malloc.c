/* A program with a malloc of its own: everything that libc or the tracker allocates on its behalf must come from
 * there, because there it will be freed. */
#define _GNU_SOURCE
#include "own_malloc.h"

#include <stdio.h>
#include <stdlib.h>

static void *volatile sink;

static void expect_own(const char *what, void *p)
{
    printf("%s: %s\n", what, is_own(p) ? "own" : "not own");
    sink = p;
    free(sink);
}

int main(void)
{
    char *text = NULL;
    size_t length = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    expect_own("malloc", malloc(10));
    expect_own("calloc", calloc(1, 10));
    expect_own("realloc", realloc(malloc(10), 20));
    expect_own("strdup", strdup("text"));
    expect_own("strndup", strndup("text", 2));
    expect_own("reallocarray", reallocarray(NULL, 10, 10));
    if (asprintf(&text, "%d", 17) < 0)
        return 1;
    expect_own("asprintf", text);
    FILE *memory = open_memstream(&text, &length);
    fputs("text", memory);
    fclose(memory);
    expect_own("open_memstream", text);
    printf("%u strangers, %s\n", own_strangers, own_frees > 0 ? "freed" : "nothing freed");
    return 0;
}
