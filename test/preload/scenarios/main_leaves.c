/* main leaves by pthread_exit; the process ends, with status 0, when the last thread of the program returns. */
#include "scene.h"

#include <pthread.h>

static void *works(void *unused)
{
    work(0.7);
    dprintf(1, "last thread returns\n");
    return unused;
}

int main(void)
{
    pthread_t thread;
    free(block(10));
    MUST(pthread_create(&thread, NULL, works, NULL) == 0);
    pthread_detach(thread);
    pthread_exit(NULL);
}
