/* main returns while other threads allocate, free and start threads as fast as they can. */
#include "scene.h"

#include <pthread.h>

static unsigned made;

static void *allocates(void *unused)
{
    void *kept[32] = {0};
    for (unsigned i = 0;; i++) {
        __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
        free(kept[i % 32]);
        kept[i % 32] = block(16 + i * 31 % 9000);
    }
    return unused;
}

static void *ends(void *unused)
{
    return block(99), free(block(10)), unused;
}

static void *starts_threads(void *unused)
{
    for (;;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ends, NULL) == 0)
            pthread_join(thread, NULL);
    }
    return unused;
}

int main(void)
{
    void *(*const roles[])(void *) = {allocates, allocates, allocates, starts_threads};
    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, roles[i], NULL) == 0);
    }
    while (__atomic_load_n(&made, __ATOMIC_RELAXED) < 1000) /* a busy machine starts threads late */
        nap(1);
    nap(20);
    return 17;
}
