/* Allocates in a function whose name stands in its file alone, then waits for the end of its input. */
#include <stdio.h>
#include <stdlib.h>

static void *kept;

static void hidden_allocate(void)
{
    kept = malloc(4321);
}

int main(void)
{
    hidden_allocate();
    puts("ready");
    fflush(stdout);
    return getchar() == EOF ? 0 : (int)(size_t)kept;
}
