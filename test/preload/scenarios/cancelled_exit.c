/* A cancellation is pending when the thread exits the process: whoever passes a cancellation point on the way out
 * never arrives. `thread`: the one that exits is not main. */
#include "scene.h"

#include <pthread.h>

static void *leaves(void *unused)
{
    free(block(10));
    pthread_cancel(pthread_self());
    exit(3);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    MUST(argc == 2);
    if (strcmp(argv[1], "thread") != 0)
        leaves(NULL);
    MUST(pthread_create(&thread, NULL, leaves, NULL) == 0);
    pthread_join(thread, NULL);
    return 4;
}
