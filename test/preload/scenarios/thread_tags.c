/* `few`: three threads with names and known blocks. `many`: 4,200 threads one after the other, each with a name of
 * its own and one block of 1,000 bytes that stays. */
#include "blocks.h"

#include <pthread.h>

static const char *name;
static unsigned blocks, freed;

static void *run(void *unused)
{
    void *first = NULL;
    pthread_setname_np(pthread_self(), name);
    for (unsigned i = 0; i < blocks; i++) {
        void *p = block(1000);
        if (i == 0)
            first = p;
        else if (i <= freed)
            free(p);
    }
    hide(first);
    return unused;
}

static void one(const char *its_name, unsigned its_blocks, unsigned its_freed)
{
    pthread_t thread;
    name = its_name;
    blocks = its_blocks;
    freed = its_freed;
    MUST(pthread_create(&thread, NULL, run, NULL) == 0);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    hide(block(64));
    if (argc > 1 && strcmp(argv[1], "few") == 0) {
        one("alpha", 10, 0);
        one("beta", 20, 5);
        one("fifteen-letters", 30, 29);
    } else {
        char number[16];
        for (unsigned i = 0; i < 4200; i++) {
            snprintf(number, sizeof(number), "thread%04u", i);
            one(number, 1, 0);
        }
    }
    puts("all ended");
    return 0;
}
