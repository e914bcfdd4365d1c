/* 10,000 threads one after another, and in waves of 50: memory must not grow with the number of threads that were.
 *
 * Exact under the program's own tag: 3 allocations a thread, all freed, the last one by main. */
#include "scene.h"

#include <pthread.h>

enum { EARLY = 1000, ALL = 10000, WAVE = 50, ALLOWED_KIB = 1024 };

static void *allocates(void *argument)
{
    char name[16];
    snprintf(name, sizeof name, "worker-%u", (unsigned)(uintptr_t)argument);
    pthread_setname_np(pthread_self(), name);
    free(block(100));
    free(block(3000));
    return block(50);
}

static void wave(unsigned first, unsigned count)
{
    pthread_t threads[WAVE];
    for (unsigned i = 0; i < count; i++)
        MUST(pthread_create(&threads[i], NULL, allocates, (void *)(uintptr_t)(first + i)) == 0);
    for (unsigned i = 0; i < count; i++) {
        void *result;
        pthread_join(threads[i], &result);
        free(result);
    }
}

static long resident_kib(void)
{
    char text[256];
    long size, resident;
    slurp("/proc/self/statm", text, sizeof text);
    MUST(sscanf(text, "%ld %ld", &size, &resident) == 2);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(void)
{
    for (unsigned i = 0; i < EARLY - WAVE; i++)
        wave(i, 1);
    wave(EARLY - WAVE, WAVE);
    long early = resident_kib();
    for (unsigned i = EARLY; i < ALL / 2; i++)
        wave(i, 1);
    for (unsigned i = ALL / 2; i < ALL; i += WAVE)
        wave(i, WAVE);
    long growth = resident_kib() - early;
    if (growth > ALLOWED_KIB)
        printf("grew by %ld KiB\n", growth);
    printf("%d threads\n", ALL);
    return 0;
}
