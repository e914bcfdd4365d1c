/* Blocks that rules have something to say about.
 *
 *   ruled functions   by an exported function, a static one, another, and the ledger's
 *   ruled threads     by a thread that is given several names
 *   ruled ages        by one function, some 1.7 s before the end and some right there */
#include "../plugins/ledger.h"
#include "blocks.h"

#include <pthread.h>
#include <sys/prctl.h>

enum { SIZE = 40 };

#define MAKER __attribute__((noinline)) void

static void *last;

MAKER exported_maker(unsigned blocks);
MAKER exported_maker(unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++)
        MUST((last = hide(malloc(SIZE))) != NULL);
}

static MAKER static_maker(unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++)
        MUST((last = hide(calloc(1, SIZE))) != NULL);
}

MAKER other(unsigned blocks);
MAKER other(unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++)
        MUST((last = hide(malloc(2 * SIZE))) != NULL);
}

static void functions(void)
{
    struct ledger_list *list = ledger_list();
    exported_maker(10);
    free(last);
    static_maker(20);
    free(last);
    other(5);
    last = hide(realloc(last, 9000)); /* keeps its tag */
    ledger_add(list, 30, SIZE);
    ledger_drop(list, 4);
}

static pthread_barrier_t turn;

/* Its own doing, and another's. */
static void *run(void *unused)
{
    pthread_setname_np(pthread_self(), "plain");
    exported_maker(5);
    pthread_setname_np(pthread_self(), "io-1");
    exported_maker(7);
    static_maker(2);
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn); /* "disk" by now */
    exported_maker(11);
    free(last);
    MUST(prctl(PR_SET_NAME, "io-2") == 0);
    exported_maker(13);
    free(last);
    return unused;
}

static void threads(void)
{
    pthread_t thread;
    pthread_barrier_init(&turn, NULL, 2);
    MUST(pthread_create(&thread, NULL, run, NULL) == 0);
    pthread_barrier_wait(&turn);
    MUST(pthread_setname_np(thread, "disk") == 0);
    pthread_barrier_wait(&turn);
    pthread_join(thread, NULL);
    exported_maker(17);
}

static void ages(void)
{
    other(3);
    exported_maker(20);
    free(last);
    nap(1700);
    exported_maker(10);
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    if (strcmp(argv[1], "functions") == 0)
        functions();
    else if (strcmp(argv[1], "threads") == 0)
        threads();
    else
        ages();
    dprintf(1, "done\n");
    return 0;
}
