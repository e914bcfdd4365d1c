/* So many tags with long names, and so many deep stacks, that a report of all of them is longer than most. */
#include "api.h"

enum { TAGS = 4000, STACKS = 512, DEPTH = 60 };

/* Two calls: each bit says by which of them. */
__attribute__((noinline)) static void *descend(unsigned depth, unsigned bits)
{
    if (depth == 0)
        return hide(malloc(1000));
    if (bits & 1)
        return hide(descend(depth - 1, bits >> 1));
    void *block = hide(descend(depth - 1, bits >> 1));
    __asm__ volatile("nop"); /* else the compiler makes one call of both */
    return block;
}

int main(void)
{
    present = tm_tag_count() != 0;
    for (unsigned i = 0; i < TAGS; i++) {
        char name[TM_NAME_MOST + 1];
        snprintf(name, sizeof name, "%04u/second-part-of-its-long-name/third-part-of-its-name-%06u", i, i);
        MUST(hide(tm_malloc(tag_named(name), 100)) != NULL);
    }
    for (unsigned i = 0; i < STACKS; i++)
        MUST(descend(DEPTH, i) != NULL);
    return 0;
}
