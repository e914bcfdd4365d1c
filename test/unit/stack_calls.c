#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "random.h"
#include "shapes.h"
#include "stack_calls.h"
#include "truth.h"

enum { NODES = 1 << 22 };

struct stack_trace trace;

int stack_suite_begins(void **state)
{
    (void)state;
    return stack_start(NODES) ? 0 : -1;
}

int stack_test_ends(void **state)
{
    (void)state;
    struct truth_result result = truth_result;
    truth_result = (struct truth_result){.wrong = 0};
    return result.wrong == 0 && stack_refused() == 0 ? 0 : -1;
}

void allocate(void *ignored)
{
    (void)ignored;
    truth_allocate(&trace);
    KEEP_FRAME();
}

void wander(void *of_path)
{
    struct path *path = of_path;
    path->depth++;
    for (unsigned children = 1 + (unsigned)random_below(&path->seed, 3); children > 0 && path->budget > 0; children--) {
        path->budget--;
        if (random_one_in(&path->seed, path->truths))
            truth_allocate(&trace);
        else
            truth_allocate_quick(&trace);
        flags *const *table = random_one_in(&path->seed, 2) ? shapes : shapes_rbp;
        if (path->depth < path->most)
            table[random_below(&path->seed, SHAPES)](wander, path, (unsigned)random_below(&path->seed, 4));
    }
    path->depth--;
}

__attribute__((noinline)) void recurse(unsigned depth)
{
    if (depth == 0)
        truth_allocate(&trace);
    else
        recurse(depth - 1);
    KEEP_FRAME();
}

__attribute__((noinline)) uint32_t leaf(void)
{
    uint32_t id = truth_allocate(&trace);
    KEEP_FRAME();
    return id;
}

static __attribute__((noinline)) uint32_t middle(void)
{
    uint32_t id = leaf();
    KEEP_FRAME();
    return id;
}

__attribute__((noinline)) uint32_t two_calls(bool second)
{
    uint32_t id = second ? middle() : 0;
    KEEP_FRAME();
    if (!second)
        id = middle();
    KEEP_FRAME();
    return id;
}

char *new_stack(size_t bytes)
{
    char *at = mmap(NULL, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    assert_int_equal(mprotect(at + PAGE, bytes, PROT_READ | PROT_WRITE), 0);
    return at + PAGE;
}

void free_stack(char *stack, size_t bytes)
{
    assert_int_equal(munmap(stack - PAGE, bytes + 2 * PAGE), 0);
}

uint32_t found_unjudged;

void allocate_unjudged(void)
{
    found_unjudged = truth_allocate_quick(&trace);
    KEEP_FRAME();
}
