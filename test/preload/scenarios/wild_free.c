/* Frees what may not be freed; glibc ends the program. Which one: the argument. */
#include "blocks.h"

static void nothing_else(const char *what)
{
    printf("unknown: %s\n", what);
    exit(1);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IONBF, 0);
    void *neighbour[4];
    for (unsigned i = 0; i < 4; i++)
        neighbour[i] = hide(malloc(200));
    char *small = hide(calloc(1, 200)), *large = hide(calloc(1, 70000)), *aligned = hide(aligned_alloc(256, 256));
    void *guard = hide(malloc(200));
    memset(aligned, 0, 256);
    puts("so far");
    if (!strcmp(what, "twice small")) {
        free(small);
        free(hide(small));
    } else if (!strcmp(what, "twice large")) {
        free(large);
        free(hide(large));
    } else if (!strcmp(what, "twice aligned")) {
        free(aligned);
        free(hide(aligned));
    } else if (!strcmp(what, "realloc freed")) {
        free(small);
        small = realloc(hide(small), 5000);
        free(hide(small));
    } else if (!strcmp(what, "middle of small")) {
        free(hide(small + 64));
    } else if (!strcmp(what, "middle of large")) {
        free(hide(large + 4096 + 32));
    } else if (!strcmp(what, "middle, odd")) {
        free(hide(small + 9));
    } else if (!strcmp(what, "middle of page")) {
        char *big = hide(calloc(1, 4 << 20));
        free(hide((char *)(((uintptr_t)big + 8192) & ~(uintptr_t)4095)));
    } else {
        nothing_else(what);
    }
    puts("survived");
    free(guard);
    for (unsigned i = 0; i < 4; i++)
        free(neighbour[i]);
    return 0;
}
