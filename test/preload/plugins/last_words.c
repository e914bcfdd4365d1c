/* Allocates for the first time while it is unloaded. One of its blocks stays. */
#include <stdlib.h>

static void *shown(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

void last_words_say(void);
void last_words_say(void)
{
    void *kept = NULL;
    for (unsigned i = 0; i < 9; i++) {
        free(kept);
        kept = shown(malloc(70));
    }
}

__attribute__((destructor)) static void leave(void)
{
    last_words_say();
}
