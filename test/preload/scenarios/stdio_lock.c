/* The process exits while stdio's locks are held: by main itself (`main`), or by a thread that lives on (`thread`). */
#include "scene.h"

#include <pthread.h>

static pthread_barrier_t locked;

static void *holds(void *unused)
{
    flockfile(stderr);
    pthread_barrier_wait(&locked);
    nap(20000);
    return unused;
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    pthread_t thread;
    free(block(10));
    if (strcmp(argv[1], "main") == 0) {
        flockfile(stdout);
        flockfile(stderr);
        exit(3);
    }
    pthread_barrier_init(&locked, NULL, 2);
    MUST(pthread_create(&thread, NULL, holds, NULL) == 0);
    pthread_barrier_wait(&locked);
    exit(4);
}
