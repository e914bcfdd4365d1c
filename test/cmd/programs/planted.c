/* Allocates from known lines: planted_inline is inlined into planted, which main calls. Prints the three lines, then
 * waits for the end of its input. */
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS = 100, BYTES = 1000 };

static void *kept[BLOCKS];

enum { INLINE_LINE = __LINE__ + 3, PLANTED_LINE = __LINE__ + 8 };
static inline __attribute__((always_inline)) void planted_inline(int i)
{
    kept[i] = malloc(BYTES);
}

void planted(int i)
{
    planted_inline(i);
}

int main(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        enum { MAIN_LINE = __LINE__ + 1 };
        planted(i);
        if (i == BLOCKS - 1)
            printf("%d %d %d\n", INLINE_LINE, PLANTED_LINE, MAIN_LINE);
    }
    fflush(stdout);
    return getchar() == EOF ? 0 : (int)(size_t)kept[0];
}
