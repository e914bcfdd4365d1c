/* Functions that allocate through wrappers, each a number of blocks of its own. Built with frame pointers as well. */
#include "../plugins/wrapping.h"
#include "blocks.h"

#include <pthread.h>
#include <ucontext.h>

#define WRAPPER __attribute__((noinline)) void *

enum { SIZE = 100, STACK = 256 * 1024 };

/* ---- wrappers: hide() keeps a call from being a jump ---- */

WRAPPER xmalloc(size_t size)
{
    void *p = malloc(size);
    MUST(p != NULL);
    return hide(p);
}

WRAPPER xzero(size_t size)
{
    return hide(xmalloc(size));
}

WRAPPER xarray(size_t count, size_t size)
{
    return hide(xzero(count * size));
}

WRAPPER xdeep(unsigned levels, size_t size)
{
    return hide(levels > 1 ? xdeep(levels - 1, size) : malloc(size));
}

WRAPPER xtail(size_t size)
{
    return malloc(size);
}

WRAPPER xtail_of_wrapper(size_t size)
{
    return xmalloc(size);
}

WRAPPER xrealloc(void *p, size_t size)
{
    return hide(realloc(p, size));
}

WRAPPER xaligned(size_t alignment, size_t size)
{
    void *p = NULL;
    MUST(posix_memalign(&p, alignment, size) == 0);
    return hide(p);
}

WRAPPER xstrdup(const char *text)
{
    return hide(strdup(text));
}

static WRAPPER xquiet(size_t size)
{
    return hide(malloc(size));
}

/* ---- their callers ---- */

#define CALLER(function, blocks, call)             \
    __attribute__((noinline)) void function(void); \
    void function(void)                            \
    {                                              \
        for (unsigned i = 0; i < (blocks); i++)    \
            MUST(hide(call) != NULL);              \
    }

CALLER(by_none, 2, malloc(SIZE))
CALLER(by_plain, 3, xmalloc(SIZE))
CALLER(by_nested, 5, xarray(2, SIZE))
CALLER(by_recursive, 7, xdeep(4, SIZE))
CALLER(by_too_deep, 11, xdeep(12, SIZE))
CALLER(by_tail, 13, xtail(SIZE))
CALLER(by_tail_twice, 17, xtail_of_wrapper(SIZE))
CALLER(by_realloc, 19, xrealloc(xrealloc(NULL, SIZE), 50 * SIZE))
CALLER(by_aligned, 23, xaligned(1024, SIZE))
CALLER(by_strdup, 29, xstrdup("a few words"))
CALLER(by_static, 31, xquiet(SIZE))
CALLER(by_library, 37, lib_xmalloc(SIZE))
CALLER(by_quiet_library, 41, lib_xquiet(SIZE))
CALLER(by_first, 43, xmalloc(SIZE))
CALLER(by_second, 47, xmalloc(SIZE))

/* ---- wrappers that nobody calls ---- */

WRAPPER xthread(void *unused)
{
    for (unsigned i = 0; i < 53; i++)
        MUST(hide(malloc(SIZE)) != NULL);
    return unused;
}

void xroutine(void);
void xroutine(void)
{
    for (unsigned i = 0; i < 59; i++)
        MUST(hide(malloc(SIZE)) != NULL);
}

static void run_thread(void)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, xthread, NULL) == 0);
    pthread_join(thread, NULL);
}

/* On a stack of its own, whose end is no function of the program's. */
static void run_routine(void)
{
    static char stack[STACK];
    static ucontext_t here, there;
    MUST(getcontext(&there) == 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof(stack);
    there.uc_link = &here;
    makecontext(&there, xroutine, 0);
    MUST(swapcontext(&here, &there) == 0);
}

int main(void)
{
    by_none();
    by_plain();
    by_nested();
    by_recursive();
    by_too_deep();
    by_tail();
    by_tail_twice();
    by_realloc();
    by_aligned();
    by_strdup();
    by_static();
    by_library();
    by_quiet_library();
    by_first();
    by_second();
    run_thread();
    run_routine();
    dprintf(1, "all made\n");
    return 0;
}
