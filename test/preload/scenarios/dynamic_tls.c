/* glibc allocates a library's thread-local storage inside the thread that first touches it. */
#include "blocks.h"

#include <dlfcn.h>
#include <pthread.h>

enum { THREADS = 20, ROUNDS = 5 };

static int (*touch)(int);

static void *run(void *number)
{
    MUST(touch(1) == 7);
    free(block(50));
    MUST(touch(2) == 1);
    return number;
}

int main(void)
{
    pthread_t thread[THREADS];
    void *plugin = dlopen("tls.so", RTLD_NOW);
    MUST(plugin != NULL);
    touch = (int (*)(int))dlsym(plugin, "tls_touch");
    MUST(touch != NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < THREADS; i++)
            MUST(pthread_create(&thread[i], NULL, run, NULL) == 0);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
    }
    puts("each had its own");
    return 0;
}
