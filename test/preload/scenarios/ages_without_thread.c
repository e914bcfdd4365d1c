/* Ages while no reporter runs: the program imports unshare, and its interval is longer than it lives.
 *
 * In the exit report, under its own tag: 300 blocks younger than 1 s, 20 blocks of 1 to 10 s. */
#include "scene.h"

#include <sched.h>

enum { OLD = 20, GONE = 50, YOUNG = 300 };

int main(int argc, char **argv)
{
    void *gone[GONE];
    (void)argv;
    if (argc > 1)
        unshare(CLONE_FS); /* the thread that there may be steps aside */
    for (unsigned i = 0; i < GONE; i++)
        gone[i] = block(32);
    for (unsigned i = 0; i < OLD; i++)
        block(64);
    nap(1700);
    for (unsigned i = 0; i < GONE; i++)
        free(gone[i]);
    for (unsigned i = 0; i < YOUNG; i++)
        block(128);
    return 0;
}
