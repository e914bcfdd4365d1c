/* fork_streams MS: threads that fork and wait, beside threads that open, read and close streams (each allocates while
 * it holds its stream's lock) and one that flushes all streams, for so long. Nobody may wait for ever. */
#include "scene.h"

#include <pthread.h>

enum { FORKERS = 4, READERS = 8 };

static int stop;
static unsigned forks, bad;
static char path[] = "/tmp/trackmalloc-streams-XXXXXX";

static bool goes_on(void)
{
    return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void *forks_and_waits(void *unused)
{
    while (goes_on()) {
        pid_t child = fork();
        if (child == 0) {
            FILE *file = fopen(path, "r");
            free(malloc(200));
            _exit(file != NULL && fclose(file) == 0 ? 0 : 1);
        }
        if (child < 0 || finish(child) != 0)
            __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&forks, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

static void *reads(void *unused)
{
    while (goes_on()) {
        char *line = NULL;
        size_t room = 0;
        unsigned lines = 0;
        FILE *file = fopen(path, "r");
        MUST(file != NULL);
        while (getline(&line, &room, file) >= 0)
            lines++;
        if (lines != 20)
            __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
        free(line);
        fclose(file);
    }
    return unused;
}

static void *flushes(void *unused)
{
    while (goes_on())
        fflush(NULL);
    return unused;
}

static void write_file(void)
{
    int file = mkstemp(path);
    MUST(file >= 0);
    for (unsigned i = 0; i < 20; i++)
        dprintf(file, "%0*u\n", (int)(1 + i * i * 13), i);
    close(file);
}

int main(int argc, char **argv)
{
    pthread_t thread[FORKERS + READERS + 1];
    MUST(argc == 2);
    write_file();
    for (unsigned i = 0; i < FORKERS + READERS + 1; i++)
        MUST(pthread_create(&thread[i], NULL,
                            i < FORKERS             ? forks_and_waits
                            : i < FORKERS + READERS ? reads
                                                    : flushes,
                            NULL) == 0);
    nap((unsigned)atoi(argv[1]));
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < FORKERS + READERS + 1; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    unlink(path);
    printf("%s, %u bad\n", forks > 10 ? "forked" : "hardly forked", bad);
    return 0;
}
