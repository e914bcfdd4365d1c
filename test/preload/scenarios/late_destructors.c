/* Allocates and frees where hardly anything is left of a thread, or of the process: in destructors of thread-local
 * objects, of pthread keys (again and again), in exit handlers, in static destructors; the library late_library.so,
 * preloaded behind, does so after every other library has been taken down. Blocks made while all was well are freed
 * there, and blocks made there are never freed.
 *
 * Exact under the program's own tag in the exit report: `live` and `made` as told on stdout for the time when the
 * static destructors begin. */
#include "scene.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 3 };

extern int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *dso);
extern void *__dso_handle;

static pthread_key_t key;
static unsigned made, freed;

/* Every allocation of this program goes through these two, so that it can tell their number. */
static void *make(size_t size)
{
    __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
    return block(size);
}

static void drop(void *p)
{
    __atomic_fetch_add(&freed, 1, __ATOMIC_RELAXED);
    free(p);
}

static void object_destroyed(void *object)
{
    drop(object);
    drop(make(500));
    make(70); /* stays */
}

/* Sets itself again, so that it runs in each of the rounds that there are (PTHREAD_DESTRUCTOR_ITERATIONS). */
static void key_destroyed(void *value)
{
    unsigned round = *(unsigned *)value;
    drop(value);
    drop(make(900));
    if (round == 0)
        return;
    unsigned *next = make(sizeof *next);
    *next = round - 1;
    pthread_setspecific(key, next);
}

static void arm(void)
{
    unsigned *value = make(sizeof *value);
    *value = ROUNDS;
    pthread_setspecific(key, value);
    __cxa_thread_atexit_impl(object_destroyed, make(33), &__dso_handle);
}

static void *thread(void *unused)
{
    arm();
    return unused;
}

/* Whose first allocation of all is made by a destructor. */
static void *thread_of_late_allocations(void *unused)
{
    __cxa_thread_atexit_impl(object_destroyed, unused, &__dso_handle);
    return NULL;
}

static void *made_early, *made_for_handler;

static void at_exit(void)
{
    drop(made_for_handler);
    drop(make(60000));
    make(44);
}

static void on_exit_too(int status, void *argument)
{
    drop(argument);
    dprintf(1, "on_exit %d\n", status);
}

__attribute__((destructor)) static void destroyed(void)
{
    drop(made_early);
    make(45);
    dprintf(1, "made=%u\nlive=%u\n", made, made - freed);
}

int main(void)
{
    pthread_t threads[2 * THREADS];
    made_early = make(10);
    made_for_handler = make(200000);
    pthread_key_create(&key, key_destroyed);
    atexit(at_exit);
    on_exit(on_exit_too, make(12));
    for (unsigned i = 0; i < THREADS; i++) {
        MUST(pthread_create(&threads[2 * i], NULL, thread, NULL) == 0);
        MUST(pthread_create(&threads[2 * i + 1], NULL, thread_of_late_allocations, make(77)) == 0);
    }
    for (unsigned i = 0; i < 2 * THREADS; i++)
        pthread_join(threads[i], NULL);
    arm(); /* main's own objects are destroyed by exit, its keys are not */
    return 3;
}
