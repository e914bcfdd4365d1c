/* Scopes: the tag that a thread asks for, as a stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/account/scope.h"

static struct slab slab;

static int begin(void **state)
{
    (void)state;
    slab.pushed = slab.popped = 0;
    slab.scope = slab.base_before = 0;
    memset(slab.scopes, 0, sizeof slab.scopes);
    return 0;
}

static void pop(void)
{
    scope_restore(&slab, scope_depth(&slab) - 1);
}

static void what_was_asked_for_before_comes_back(void **state)
{
    (void)state;
    scope_push_deep(&slab, 7);
    assert_int_equal(slab.scope, 7);
    scope_push_deep(&slab, 4095);
    assert_int_equal(slab.scope, 4095);
    pop();
    assert_int_equal(slab.scope, 7);
    pop();
    assert_int_equal(slab.scope, TAG_UNTAGGED);
    assert_int_equal(scope_depth(&slab), 0);
}

static void no_tag_asked_for_is_the_base(void **state)
{
    (void)state;
    scope_base(&slab, 5);
    assert_int_equal(slab.scope, 5);
    scope_push_deep(&slab, 7);
    scope_push_deep(&slab, TAG_UNTAGGED);
    assert_int_equal(slab.scope, 5);
    pop();
    assert_int_equal(slab.scope, 7);
    pop();
    assert_int_equal(slab.scope, 5);
}

/* A thread that gets another name in a scope stays in it, and comes out under the new name. */
static void a_new_base_leaves_scopes_alone(void **state)
{
    (void)state;
    scope_base(&slab, 5);
    scope_push_deep(&slab, 7);
    scope_base(&slab, 6);
    assert_int_equal(slab.scope, 7);
    pop();
    assert_int_equal(slab.scope, 6);
    scope_base(&slab, TAG_UNTAGGED);
    assert_int_equal(slab.scope, TAG_UNTAGGED);
}

/* A scope that asks for the very tag that the base has must not be taken for no scope. */
static void a_scope_like_the_base_is_a_scope(void **state)
{
    (void)state;
    scope_base(&slab, 5);
    scope_push_deep(&slab, 5);
    scope_base(&slab, 6);
    assert_int_equal(slab.scope, 5);
    pop();
    assert_int_equal(slab.scope, 6);
}

/* The owner was about to store the old base, which it had read as it left its scope. */
static void a_new_base_that_came_in_between_is_not_lost(void **state)
{
    (void)state;
    scope_base(&slab, 5);
    scope_base(&slab, 6);
    scope_set(&slab, 5);
    scope_base_again(&slab);
    assert_int_equal(slab.scope, 6);
    scope_set(&slab, 5); /* asked for from here on: a block made for that tag */
    scope_base_again(&slab);
    assert_int_equal(slab.scope, 5);
}

static void a_second_look_leaves_scopes_alone(void **state)
{
    (void)state;
    scope_base(&slab, 5);
    scope_push_deep(&slab, 5);
    scope_base(&slab, 6);
    scope_base_again(&slab);
    assert_int_equal(slab.scope, 5);
    pop();
    scope_set(&slab, 5);
    scope_base_again(&slab);
    assert_int_equal(slab.scope, 6);
}

static void too_deep_keeps_balance(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= SCOPES_MAX + 10; depth++) {
        scope_push_deep(&slab, depth);
        assert_int_equal(slab.scope, depth < SCOPES_MAX ? depth : SCOPES_MAX);
        assert_int_equal(scope_depth(&slab), depth);
    }
    for (unsigned depth = SCOPES_MAX + 10; depth-- > 0;) {
        pop();
        assert_int_equal(slab.scope, depth < SCOPES_MAX ? depth : SCOPES_MAX);
    }
}

static void restored_from_anywhere(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= SCOPES_MAX + 5; depth++)
        scope_push_deep(&slab, 100 + depth);
    scope_restore(&slab, SCOPES_MAX + 2);
    assert_int_equal(slab.scope, 100 + SCOPES_MAX);
    scope_restore(&slab, 3);
    assert_int_equal(slab.scope, 103);
    scope_restore(&slab, 3);
    assert_int_equal(scope_depth(&slab), 3);
    scope_restore(&slab, 0);
    assert_int_equal(slab.scope, TAG_UNTAGGED);
}

/* Pushes are counted for ever; their number wraps. */
static void counters_wrap(void **state)
{
    (void)state;
    slab.pushed = slab.popped = UINT32_MAX - 1;
    for (unsigned depth = 1; depth <= 5; depth++)
        scope_push_deep(&slab, depth);
    assert_int_equal(scope_depth(&slab), 5);
    for (unsigned depth = 5; depth-- > 0;) {
        scope_pop(&slab, depth + 1);
        assert_int_equal(slab.scope, depth);
    }
    assert_int_equal(scope_depth(&slab), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_asked_for_before_comes_back, begin),
        cmocka_unit_test_setup(no_tag_asked_for_is_the_base, begin),
        cmocka_unit_test_setup(a_new_base_leaves_scopes_alone, begin),
        cmocka_unit_test_setup(a_scope_like_the_base_is_a_scope, begin),
        cmocka_unit_test_setup(a_new_base_that_came_in_between_is_not_lost, begin),
        cmocka_unit_test_setup(a_second_look_leaves_scopes_alone, begin),
        cmocka_unit_test_setup(too_deep_keeps_balance, begin),
        cmocka_unit_test_setup(restored_from_anywhere, begin),
        cmocka_unit_test_setup(counters_wrap, begin),
    };
    return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
