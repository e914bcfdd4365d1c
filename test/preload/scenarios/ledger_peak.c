/* `together`: 8 threads hold 8 MiB each at one moment. `in-turn`: each of the 8, all alive, holds 8 MiB, one after the
 * other. `crossed`: one makes 1 MiB, another frees it, 64 times. In the end nothing lives. */
#include "../plugins/ledger.h"
#include "blocks.h"

#include <pthread.h>

enum { THREADS = 8, BLOCK = 4000 + 96, MIB = (1 << 20) / BLOCK };

static pthread_barrier_t barrier;
static struct ledger_list *list[THREADS];
static const char *how;

static void meet(void)
{
    pthread_barrier_wait(&barrier);
}

static void in_turn(unsigned self)
{
    for (unsigned turn = 0; turn < THREADS; turn++) {
        if (turn == self) {
            ledger_add(list[self], 8 * MIB, BLOCK);
            ledger_drop(list[self], 8 * MIB);
        }
        meet();
    }
}

static void together(unsigned self)
{
    ledger_add(list[self], 8 * MIB, BLOCK);
    meet();
    ledger_drop(list[self], 8 * MIB);
}

static void crossed(unsigned self)
{
    for (unsigned round = 0; round < 64; round++) {
        if (self == 0)
            ledger_add(list[0], MIB, BLOCK);
        meet();
        if (self == 1)
            ledger_drop(list[0], MIB);
        meet();
    }
}

static void *run(void *number)
{
    unsigned self = (unsigned)(uintptr_t)number;
    meet();
    if (strcmp(how, "together") == 0)
        together(self);
    else if (strcmp(how, "in-turn") == 0)
        in_turn(self);
    else
        crossed(self);
    meet();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread[THREADS];
    MUST(argc > 1);
    how = argv[1];
    free(block(100));
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        list[i] = ledger_list();
    for (uintptr_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, run, (void *)i) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    size_t mib = (size_t)MIB * BLOCK;
    printf("peak=%zu\n", strcmp(how, "together") == 0 ? 64 * mib : strcmp(how, "in-turn") == 0 ? 8 * mib : mib);
    return 0;
}
