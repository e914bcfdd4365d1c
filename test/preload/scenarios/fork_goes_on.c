/* Parent and child of a plain fork both live on and allocate: both are reported, periodically. With `threads`, the
 * parent is threaded when it forks. */
#include "scene.h"

#include <pthread.h>

static void *works(void *unused)
{
    work(1.4);
    return unused;
}

int main(int argc, char **argv)
{
    (void)argv;
    pthread_t thread;
    void *kept = block(1000);
    if (argc > 1)
        MUST(pthread_create(&thread, NULL, works, NULL) == 0);
    work(0.3);
    pid_t child = fork();
    work(1.1);
    free(kept);
    if (child == 0)
        exit(4);
    if (argc > 1)
        pthread_join(thread, NULL);
    say_outcome("child", finish(child));
    return 0;
}
