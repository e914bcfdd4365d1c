// Calls every kind of allocation and release once, from a module and from call sites never seen before. With
// IN_CONSTRUCTOR=1 a second thread does so while the loader, which runs our constructor, holds its lock.
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <pthread.h>

static void *hide(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

extern "C" void all_kinds()
{
    void *p;
    free(hide(malloc(10)));
    free(hide(calloc(2, 10)));
    free(hide(realloc(hide(malloc(10)), 5000)));
    free(hide(reallocarray(nullptr, 3, 30)));
    free(hide(memalign(128, 10)));
    free(hide(aligned_alloc(128, 128)));
    free(hide(valloc(10)));
    free(hide(pvalloc(10)));
    if (posix_memalign(&p, 4096, 10) == 0)
        free(hide(p));
    free(hide(strdup("text")));
    free(hide(strndup("text", 2)));
    p = hide(malloc(10));
    if (malloc_usable_size(p) < 10)
        abort();
    free(p);
    operator delete(hide(operator new(20)));
    operator delete(hide(operator new(20)), static_cast<std::size_t>(20));
    operator delete(hide(operator new(20, std::nothrow)), std::nothrow);
    operator delete[](hide(operator new[](20)));
    operator delete[](hide(operator new[](20, std::nothrow)), std::nothrow);
    operator delete(hide(operator new(20, std::align_val_t(64))), std::align_val_t(64));
    operator delete[](hide(operator new[](20, std::align_val_t(64))), std::align_val_t(64));
    free(nullptr);
    operator delete(hide(nullptr));
}

static void *run(void *)
{
    all_kinds();
    return nullptr;
}

__attribute__((constructor)) static void construct()
{
    pthread_t thread;
    if (getenv("IN_CONSTRUCTOR") == nullptr)
        return;
    if (pthread_create(&thread, nullptr, run, nullptr) != 0)
        abort();
    pthread_join(thread, nullptr);
}
