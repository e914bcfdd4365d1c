/* Stacks of the calling thread, compared with what the compiler's own unwinder finds: frames of every shape, callers,
 * threads. Each allocation is also compared with a walk that knows nothing yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>

#include "lib/stack/stack.h"
#include "random.h"
#include "shapes.h"
#include "stack_calls.h"
#include "truth.h"

/* ---- shapes of frames ---- */

static void one_of_each_shape(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 400; number++)
        for (unsigned i = 0; i < SHAPES; i++) {
            shapes[i](allocate, NULL, number);
            shapes_rbp[i](allocate, NULL, number);
        }
}

/* A forest of so few trees that the walks go the same ways again, in another order. */
static void random_trees(uint64_t seed, unsigned most, unsigned trees, unsigned truths)
{
    enum { FOREST = 40, ALLOCATIONS = 500 };
    for (unsigned i = 0; i < trees; i++) {
        struct path path = {random_below(&seed, FOREST), 0, most, ALLOCATIONS, truths};
        while (path.budget > 0)
            wander(&path);
    }
}

static void shallow_trees(void **state)
{
    (void)state;
    random_trees(1, 4, 100, 10);
}

static void trees_of_common_depth(void **state)
{
    (void)state;
    random_trees(2, 12, 2000, 100);
}

static void deep_trees(void **state)
{
    (void)state;
    random_trees(3, 60, 40, 10);
}

/* A frame that is found by rbp, and one that leaves rbp alone: from one and the same call in that, others keep rbp,
 * each in another place, or leave it where it is. */
static __attribute__((noinline)) void leaves_rbp_alone(void *random)
{
    shapes[*(volatile unsigned *)random % SHAPES](allocate, NULL, 0);
    KEEP_FRAME();
}

static void rbp_comes_from_elsewhere(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned random = (unsigned)random_below(&seed, SHAPES * 3 * 2);
        for (unsigned again = random_below(&seed, 2); again < 2; again++)
            shapes[3 + random / SHAPES % 3](leaves_rbp_alone, &random, random / SHAPES / 3);
    }
}

static __attribute__((noinline)) void makes_room(size_t bytes)
{
    char *space = __builtin_alloca(bytes);
    __asm__ volatile("" : : "r"(space) : "memory");
    truth_allocate(&trace);
    __asm__ volatile("" : : "r"(space) : "memory");
}

/* The innermost return address stands where it stood, the one beyond still is there too, in room that nobody has
 * written to; but it is no longer the frame's. */
static __attribute__((noinline)) void room_moves(bool outside, size_t bytes)
{
    if (outside) {
        char *space = __builtin_alloca(64);
        __asm__ volatile("" : : "r"(space) : "memory");
        makes_room(64);
    } else
        makes_room(bytes);
    KEEP_FRAME();
}

static void a_stale_return_address(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 400; bytes += 8) {
        room_moves(true, 0);
        room_moves(false, bytes);
    }
}

static __attribute__((noinline)) void recurse_on_the_way(unsigned depth)
{
    truth_allocate(&trace);
    if (depth > 0)
        recurse_on_the_way(depth - 1);
    truth_allocate(&trace);
}

static void recursion_deeper_than_is_kept(void **state)
{
    (void)state;
    for (unsigned depth = 0; depth < 150; depth++)
        recurse(depth);
    for (unsigned depth = 150; depth-- > 40;)
        recurse(depth % 2 != 0 ? depth : 150 - depth);
    recurse_on_the_way(150);
}

static __attribute__((noinline)) void tail_called(void)
{
    truth_allocate(&trace);
    KEEP_FRAME();
}

static __attribute__((noinline)) void calls_by_a_jump(void)
{
    KEEP_FRAME();
    tail_called();
}

static void tail_calls(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        calls_by_a_jump();
        tail_called();
    }
}

static void a_caller_far_out_changes(void **state)
{
    (void)state;
    uint32_t id[6];
    for (volatile unsigned i = 0; i < 6; i++) /* one call, not six */
        id[i] = two_calls(i % 2 != 0);
    for (unsigned i = 2; i < 6; i++)
        assert_int_equal(id[i], id[i % 2]);
    assert_int_not_equal(id[0], id[1]);
}

/* ---- the caller's caller ---- */

static __attribute__((noinline)) uintptr_t caller_of(unsigned levels)
{
    uintptr_t address = stack_caller(&trace, (uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t), levels);
    KEEP_FRAME();
    return address;
}

static void callers_are_those_of_the_stack(void *wrong)
{
    uint32_t id = truth_allocate(&trace);
    KEEP_FRAME();
    uint32_t node = stack_node(id).parent; /* without the call in this function */
    for (unsigned level = 1; level < STACK_DEPTH && node >= STACK_FIRST; level++, node = stack_node(node).parent)
        *(unsigned *)wrong += caller_of(level) != stack_node(node).address;
    *(unsigned *)wrong += caller_of(400) != 0;
}

static void callers_through_every_shape(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (unsigned number = 0; number < 3; number++)
        for (unsigned i = 0; i < SHAPES; i++) {
            shapes[i](callers_are_those_of_the_stack, &wrong, number);
            shapes_rbp[i](callers_are_those_of_the_stack, &wrong, number);
        }
    assert_int_equal(wrong, 0);
}

/* ---- threads ---- */

enum { THREADS = 8, EACH = 4000 };

static struct thread {
    struct stack_trace trace;
    uint32_t id[EACH];
    unsigned count;
    uint64_t seed;
} threads[THREADS];

static void wander_apart(void *of_thread)
{
    struct thread *thread = of_thread;
    uint64_t random = random_next(&thread->seed);
    if (thread->count < EACH)
        thread->id[thread->count++] = truth_allocate_quick(&thread->trace);
    if (random % 8 != 0)
        shapes[random / 8 % SHAPES](wander_apart, thread, random / 1024 % 4);
    KEEP_FRAME();
}

static void *run_thread(void *of_thread)
{
    struct thread *thread = of_thread;
    while (thread->count < EACH)
        wander_apart(thread);
    return NULL;
}

static void threads_agree_on_every_number(void **state)
{
    (void)state;
    pthread_t id[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].seed = 30;
        assert_int_equal(pthread_create(&id[i], NULL, run_thread, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(id[i], NULL);
    for (unsigned i = 1; i < THREADS; i++)
        assert_memory_equal(threads[i].id, threads[0].id, sizeof threads[0].id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STACK_TEST(one_of_each_shape),
        STACK_TEST(shallow_trees),
        STACK_TEST(trees_of_common_depth),
        STACK_TEST(deep_trees),
        STACK_TEST(recursion_deeper_than_is_kept),
        STACK_TEST(rbp_comes_from_elsewhere),
        STACK_TEST(a_stale_return_address),
        STACK_TEST(tail_calls),
        STACK_TEST(a_caller_far_out_changes),
        STACK_TEST(callers_through_every_shape),
        STACK_TEST(threads_agree_on_every_number),
    };
    return cmocka_run_group_tests_name("unwind", tests, stack_suite_begins, NULL);
}
