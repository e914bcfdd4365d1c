/* Preloaded behind the library under test, it is brought up before that and taken down after it: here allocations
 * and frees come when the tracker has said its last word. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *early[100];

__attribute__((constructor)) static void up(void)
{
    for (unsigned i = 0; i < sizeof(early) / sizeof(early[0]); i++)
        early[i] = malloc(20 + i);
}

__attribute__((destructor)) static void down(void)
{
    static const char text[] = "late library down\n";
    for (unsigned i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
        early[i] = realloc(early[i], 5000);
        memset(early[i], 1, 5000);
        free(early[i]);
    }
    for (unsigned i = 0; i < 10000; i++)
        free(malloc(i));
    if (write(1, text, sizeof text - 1) < 0)
        _exit(98);
}
