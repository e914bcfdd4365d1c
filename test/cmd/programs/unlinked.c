/* Linked statically: nothing can be preloaded into it. `options`: says which ones the library would have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *options = getenv("TRACKMALLOC_OPTIONS");
    if (argc > 1 && strcmp(argv[1], "options") == 0)
        return puts(options != NULL ? options : "") < 0;
    puts("it ran");
    return argc > 1 ? atoi(argv[1]) : 0;
}
