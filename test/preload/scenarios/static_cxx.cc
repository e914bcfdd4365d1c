/* The C++ library is linked in: its operator new is a function of the program's, which calls malloc. Four threads
 * allocate at once from the first block on, each form by a function of its own. */
#include "scene.h"

#include <pthread.h>

#include <new>

enum { THREADS = 4, BY_PLAIN = 50, BY_ARRAY = 70, BY_NOTHROW = 30, BY_ALIGNED = 20, BY_MALLOC = 40 };

static void *volatile sink;

__attribute__((noipa)) void by_plain()
{
    sink = ::operator new(100);
}

__attribute__((noipa)) void by_array()
{
    sink = new char[200];
}

__attribute__((noipa)) void by_nothrow()
{
    sink = ::operator new(300, std::nothrow);
}

__attribute__((noipa)) void by_aligned()
{
    sink = ::operator new(448, std::align_val_t(64));
}

__attribute__((noipa)) void by_malloc()
{
    sink = malloc(500);
}

__attribute__((noipa)) void many(void (*one)(), int count)
{
    for (int i = 0; i < count; i++)
        one();
}

static void *work(void *turn)
{
    pthread_barrier_wait(static_cast<pthread_barrier_t *>(turn));
    many(by_plain, BY_PLAIN);
    many(by_array, BY_ARRAY);
    many(by_nothrow, BY_NOTHROW);
    many(by_aligned, BY_ALIGNED);
    many(by_malloc, BY_MALLOC);
    return nullptr;
}

int main()
{
    pthread_t threads[THREADS];
    pthread_barrier_t turn;
    pthread_barrier_init(&turn, nullptr, THREADS);
    for (pthread_t &thread : threads)
        MUST(pthread_create(&thread, nullptr, work, &turn) == 0);
    for (pthread_t thread : threads)
        pthread_join(thread, nullptr);
    try {
        sink = new char[(size_t)1 << 62];
    } catch (const std::bad_alloc &) {
        dprintf(1, "caught\n");
    }
    return 0;
}
