/* Forks while other threads allocate, print stdio's state and write to memory streams: a child that finds a lock
 * held by a thread that it does not have hangs in its first malloc (jemalloc#1805, gperftools#1570; the model is
 * glibc's malloc/tst-malloc-fork-deadlock.c). */
#include "scene.h"

#include <malloc.h>
#include <pthread.h>

enum { FORKS = 400, BLOCKS = 64 };

static volatile bool stop;

static void *allocates(void *unused)
{
    void *kept[BLOCKS] = {0};
    for (unsigned i = 0; !stop; i++) {
        void **slot = &kept[i * 37 % BLOCKS];
        *slot = i % 3 == 0 ? realloc(*slot, 16 + i * 13 % 3000) : (free(*slot), block(16 + i * 7 % 2000));
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        free(kept[i]);
    return unused;
}

static void *writes_to_memory(void *unused)
{
    while (!stop) {
        char *text = NULL;
        size_t length = 0;
        FILE *stream = open_memstream(&text, &length);
        MUST(stream != NULL);
        malloc_info(0, stream);
        fclose(stream);
        free(text);
    }
    return unused;
}

static void *flushes_all(void *unused)
{
    while (!stop) {
        fflush(NULL);
        nap(1);
    }
    return unused;
}

static void child(void)
{
    void *kept[BLOCKS];
    alarm(10);
    for (unsigned i = 0; i < BLOCKS; i++)
        kept[i] = block(8u << i % 12);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(realloc(kept[i], 100));
    _exit(0);
}

int main(void)
{
    void *(*const roles[])(void *) = {allocates, allocates, allocates, writes_to_memory, flushes_all};
    pthread_t threads[sizeof(roles) / sizeof(roles[0])];
    unsigned bad = 0;
    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        MUST(pthread_create(&threads[i], NULL, roles[i], NULL) == 0);
    for (unsigned i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child();
        bad += finish(pid) != 0;
    }
    stop = true;
    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        pthread_join(threads[i], NULL);
    printf("%u children, %u bad\n", FORKS, bad);
    return 0;
}
