/* The next allocator's functions, for the yardstick interposers pass_only.c and header_only.c.
 *
 * Every pointer starts at a function that looks all of them up and then makes the call, so that no fast path tests
 * whether that has happened: a call costs one indirect jump, from the first to the last. */
#ifndef TM_BENCH_NEXT_H
#define TM_BENCH_NEXT_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#define EXPORT      __attribute__((visibility("default")))
#define COLD        __attribute__((cold, noinline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define NEXT_FUNCTIONS(_)                                                                             \
    _(void *, malloc, (size_t size), (size))                                                          \
    _(void, free, (void *p), (p))                                                                     \
    _(void *, calloc, (size_t count, size_t size), (count, size))                                     \
    _(void *, realloc, (void *p, size_t size), (p, size))                                             \
    _(void *, memalign, (size_t alignment, size_t size), (alignment, size))                           \
    _(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))                      \
    _(int, posix_memalign, (void **result, size_t alignment, size_t size), (result, alignment, size)) \
    _(size_t, malloc_usable_size, (void *p), (p))

#define DECLARE(type, name, parameters, arguments) \
    static type boot_##name parameters;            \
    static type(*next_##name) parameters = boot_##name;
NEXT_FUNCTIONS(DECLARE)
#undef DECLARE

static bool next_finding;

static COLD void next_find(void)
{
    next_finding = true;
#define FIND(type, name, parameters, arguments) next_##name = (type(*) parameters)dlsym(RTLD_NEXT, #name);
    NEXT_FUNCTIONS(FIND)
#undef FIND
    next_finding = false;
}

/* An allocation by dlsym itself, below next_find, fails: dlsym has a static buffer for that case. */
#define BOOT(type, name, parameters, arguments) \
    static COLD type boot_##name parameters     \
    {                                           \
        if (next_finding)                       \
            return (type)0;                     \
        next_find();                            \
        return next_##name arguments;           \
    }
NEXT_FUNCTIONS(BOOT)
#undef BOOT

/* Out of memory in operator new: new_handler and bad_alloc are the C++ library's business. It allocates by our
 * malloc, so what it returns after all is a block like any other. */
static COLD void *next_operator_new(size_t size, const char *symbol)
{
    void *(*operator_new)(size_t) = (void *(*)(size_t))dlsym(RTLD_NEXT, symbol);
    return operator_new ? operator_new(size) : NULL;
}

/* The forms that programs call most. The others (nothrow, aligned) reach these, or malloc and free, by way of the C++
 * library. */
EXPORT void *operator_new(size_t size) __asm__("_Znwm");
EXPORT void *operator_new_array(size_t size) __asm__("_Znam");
EXPORT void operator_delete(void *p) __asm__("_ZdlPv");
EXPORT void operator_delete_array(void *p) __asm__("_ZdaPv");
EXPORT void operator_delete_sized(void *p, size_t size) __asm__("_ZdlPvm");
EXPORT void operator_delete_array_sized(void *p, size_t size) __asm__("_ZdaPvm");

#endif
