/* Taken down after the library under test (preloaded behind it): allocates there for a while, from this thread and
 * from one that does not end. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void allocate(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        free(malloc(1 + i % 3000));
}

static void *goes_on(void *unused)
{
    for (;;) {
        allocate(500);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return unused;
}

__attribute__((constructor)) static void up(void)
{
    free(malloc(1));
}

__attribute__((destructor)) static void down(void)
{
    static const char text[] = "busy library down\n";
    pthread_t thread;
    if (pthread_create(&thread, NULL, goes_on, NULL) != 0)
        _exit(97);
    for (unsigned i = 0; i < 100; i++) {
        allocate(500);
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
    if (write(1, text, sizeof text - 1) < 0)
        _exit(98);
}
