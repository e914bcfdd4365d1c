/* What becomes of call sites in a new process.
 *
 *   fork_sites fork   100 blocks are made before, 7 by the child and 9 by the parent after it, who free 10 and 20
 *   fork_sites exec   100 blocks are made, then the program becomes itself again, and 8 are made */
#include "blocks.h"

enum { SIZE = 50, BEFORE = 100 };

static void *blocks[BEFORE];

#define SITE(name)                                          \
    __attribute__((noinline)) void name(unsigned count);    \
    void name(unsigned count)                               \
    {                                                       \
        for (unsigned i = 0; i < count; i++)                \
            MUST((blocks[i] = hide(malloc(SIZE))) != NULL); \
    }

SITE(before)
SITE(by_child)
SITE(by_parent)
SITE(after_exec)

static void drop(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free(blocks[BEFORE - 1 - i]);
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    if (strcmp(argv[1], "after") == 0) {
        after_exec(8);
        return 0;
    }
    before(BEFORE);
    if (strcmp(argv[1], "exec") == 0) {
        execl("/proc/self/exe", argv[0], "after", (char *)NULL);
        MUST(false);
    }
    pid_t child = fork();
    if (child == 0) {
        by_child(7);
        drop(10);
        exit(3);
    }
    say_outcome("child", finish(child));
    by_parent(9);
    drop(20);
    return 0;
}
