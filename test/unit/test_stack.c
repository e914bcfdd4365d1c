/* Stacks as nodes of a tree: numbers given once, by whatever thread comes first, in a table that fills up. The cases
 * share one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "lib/config/full.h"
#include "lib/stack/stack.h"
#include "random.h"

enum { NODES = 60000, THREADS = 8, PATHS = 2000, PATH_DEPTH = 10 };

static void before_the_start_all_is_truncated(void **state)
{
    (void)state;
    assert_int_equal(stack_intern(STACK_NONE, 0x1000), STACK_TRUNCATED);
    assert_int_equal(stack_node(STACK_FIRST).address, 0);
    assert_true(stack_start(NODES));
    assert_int_equal(stack_count(), STACK_FIRST);
}

static void a_number_is_given_once(void **state)
{
    (void)state;
    uint32_t outer = stack_intern(STACK_NONE, 0x1000);
    uint32_t inner = stack_intern(outer, 0x2000);
    assert_int_equal(outer, STACK_FIRST);
    assert_int_equal(inner, STACK_FIRST + 1);
    assert_int_equal(stack_intern(STACK_NONE, 0x1000), outer);
    assert_int_equal(stack_intern(outer, 0x2000), inner);
    assert_int_equal(stack_count(), STACK_FIRST + 2);
    assert_int_equal(stack_node(inner).address, 0x2000);
    assert_int_equal(stack_node(inner).parent, outer);
    assert_int_equal(stack_node(outer).parent, STACK_NONE);
}

/* By the address, by the caller, and by what stands for a caller that is none. */
static void nodes_differ(void **state)
{
    (void)state;
    uint32_t a = stack_intern(STACK_NONE, 0x7ffff0001000);
    uint32_t id[] = {a,
                     stack_intern(STACK_DEEPER, 0x7ffff0001000),
                     stack_intern(STACK_LOST, 0x7ffff0001000),
                     stack_intern(a, 0x7ffff0001000),
                     stack_intern(STACK_NONE, 0x7ffff0001001),
                     stack_intern(STACK_NONE, 0x7fff70001000)};
    for (unsigned i = 0; i < sizeof id / sizeof *id; i++)
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(id[i], id[j]);
}

static void what_is_no_node_says_nothing(void **state)
{
    (void)state;
    static const uint32_t none[] = {STACK_NONE, STACK_TRUNCATED, STACK_DEEPER, STACK_LOST, NODES + 10, UINT32_MAX};
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(stack_node(none[i]).address, 0);
        assert_int_equal(stack_node(none[i]).parent, STACK_NONE);
    }
    assert_int_equal(stack_intern(STACK_TRUNCATED, 0x1000), STACK_TRUNCATED);
    assert_int_equal(stack_refused(), 0);
    assert_false(full_is_recorded(FULL_STACKS));
}

/* ---- many threads ---- */

/* Path n, outermost first: paths share their beginnings. */
static uint32_t intern_path(unsigned n)
{
    uint64_t seed = n;
    uint32_t id = STACK_NONE;
    for (unsigned depth = 0; depth < PATH_DEPTH; depth++) {
        uintptr_t address = 0x555500000000 + 0x1000 * depth + 8 * random_below(&seed, 1 + depth);
        id = stack_intern(id, address);
    }
    return id;
}

static struct {
    pthread_barrier_t barrier;
    uint32_t id[THREADS][PATHS];
    uint32_t wrong;
} shared;

/* All in the same order, so that they meet at new nodes. */
static void *intern_paths(void *number)
{
    unsigned thread = (unsigned)(uintptr_t)number;
    uint32_t wrong = 0;
    pthread_barrier_wait(&shared.barrier);
    for (unsigned n = 0; n < PATHS; n++) {
        uint32_t id = shared.id[thread][n] = intern_path(n);
        for (unsigned depth = PATH_DEPTH; depth-- > 0; id = stack_node(id).parent)
            wrong += (stack_node(id).address - 0x555500000000) / 0x1000 != depth;
        wrong += id != STACK_NONE;
    }
    __atomic_fetch_add(&shared.wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static int by_content(const void *a, const void *b)
{
    const struct stack_node *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->parent < y->parent ? -1 : x->parent > y->parent;
}

static void assert_no_node_twice(void)
{
    uint32_t count = stack_count() - STACK_FIRST;
    struct stack_node *nodes = calloc(count, sizeof *nodes);
    assert_non_null(nodes);
    for (uint32_t i = 0; i < count; i++)
        nodes[i] = stack_node(STACK_FIRST + i);
    qsort(nodes, count, sizeof *nodes, by_content);
    for (uint32_t i = 1; i < count; i++)
        assert_true(nodes[i].address == 0 || by_content(&nodes[i - 1], &nodes[i]) != 0);
    free(nodes);
}

static void threads_agree(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    pthread_barrier_init(&shared.barrier, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, intern_paths, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (unsigned i = 1; i < THREADS; i++)
        assert_memory_equal(shared.id[i], shared.id[0], sizeof shared.id[0]);
    assert_int_equal(shared.wrong, 0);
    assert_int_equal(stack_refused(), 0);
    assert_no_node_twice();
}

/* ---- the table fills up ---- */

static void what_finds_no_room_is_truncated(void **state)
{
    (void)state;
    uint32_t count = stack_count();
    uint32_t given = 0;
    for (unsigned n = 0; n < 2 * NODES; n++) {
        uint32_t id = stack_intern(STACK_FIRST + n % 7, 0x400000 + n);
        given += id != STACK_TRUNCATED;
        if (id != STACK_TRUNCATED)
            assert_int_equal(stack_node(id).address, 0x400000 + n);
    }
    assert_true(full_is_recorded(FULL_STACKS));
    assert_in_range(given, NODES + STACK_FIRST - count, NODES + STACK_FIRST - count + 1); /* perhaps a spare one */
    assert_int_equal(stack_count(), NODES + STACK_FIRST);
    assert_int_equal(stack_refused(), 2 * NODES - given);
}

static void a_full_table_still_knows_all(void **state)
{
    (void)state;
    uint64_t refused = stack_refused();
    for (unsigned n = 0; n < PATHS; n++)
        assert_int_equal(intern_path(n), shared.id[0][n]);
    assert_int_equal(stack_refused(), refused);
    assert_int_equal(stack_intern(shared.id[0][0], 0x1234567), STACK_TRUNCATED);
    assert_int_equal(stack_intern(STACK_TRUNCATED, 0x1234567), STACK_TRUNCATED);
    assert_int_equal(stack_refused(), refused + 1);
    assert_no_node_twice();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_start_all_is_truncated),
        cmocka_unit_test(a_number_is_given_once),
        cmocka_unit_test(nodes_differ),
        cmocka_unit_test(what_is_no_node_says_nothing),
        cmocka_unit_test(threads_agree),
        cmocka_unit_test(what_finds_no_room_is_truncated),
        cmocka_unit_test(a_full_table_still_knows_all),
    };
    return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
