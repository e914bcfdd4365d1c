/* Contexts: numbers for (call site, tag, size class), given once and for good. The cases share one table, which
 * fills up as they go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "lib/account/context.h"
#include "random.h"

enum { READERS = 2, READ_KEYS = 12000, SITE_LEAST = 0x400000 };

static int start(void **state)
{
    (void)state;
    tag_start();
    context_start();
    return 0;
}

/* The keys of this test: key n has a site, class and tag of its own, as a program's have. */
static uintptr_t site(unsigned n)
{
    uint64_t high = n % 3 == 0 ? 0x7ffff0000000 : n % 3 == 1 ? 0x555555550000 : SITE_LEAST;
    return (uintptr_t)(high + (uint64_t)n * 5);
}

static unsigned class_of_key(unsigned n)
{
    return 1 + n % (SIZE_CLASSES - 1);
}

static unsigned tag_of_key(unsigned n)
{
    return 2 + n % 100;
}

static uint64_t key(unsigned n)
{
    return context_key(site(n), class_of_key(n), n % 2 == 0 ? TAG_UNTAGGED : tag_of_key(n));
}

static void assert_context(unsigned context, unsigned n)
{
    assert_int_equal(context_site(context), site(n));
    assert_int_equal(context_class(context), class_of_key(n));
    assert_int_equal(context_tag(context), tag_of_key(n));
}

/* ---- size classes and keys ---- */

static void class_edges(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        unsigned class;
    } cases[] = {
        {0, 1},
        {3, 1},
        {4, 2},
        {7, 2},
        {8, 3},
        {4095, 11},
        {4096, 12},
        {((size_t)1 << 31) - 1, 30},
        {(size_t)1 << 31, 31},
        {(size_t)1 << 32, 31},
        {(size_t)1 << 40, 31},
        {SIZE_MAX, 31},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(size_class(cases[i].size), cases[i].class);
    for (unsigned log = 2; log < SIZE_CLASSES; log++) {
        assert_int_equal(size_class((size_t)1 << log), log);
        assert_int_equal(size_class(((size_t)1 << log) - 1), log - 1);
    }
}

static void keys_come_apart_again(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < 100000; i++) {
        uintptr_t site = random_next(&seed) >> (64 - CONTEXT_SITE_BITS);
        unsigned log = (unsigned)random_below(&seed, SIZE_CLASSES);
        unsigned tag = (unsigned)random_below(&seed, TAGS_MAX);
        uint64_t key = context_key(site, log, tag);
        assert_int_equal(key_site(key), site);
        assert_int_equal(key_class(key), log);
        assert_int_equal(key % TAGS_MAX, tag);
        assert_int_equal(key, context_key(site, log, 0) | tag); /* as a thread's scope is put in */
    }
}

/* ---- from the first to the last number ---- */

static void the_last_resorts_are_there_at_once(void **state)
{
    (void)state;
    assert_int_equal(context_count(), SIZE_CLASSES);
    for (unsigned log = 1; log < SIZE_CLASSES; log++) {
        unsigned context = context_last_resort(log);
        assert_in_range(context, 1, context_count() - 1);
        assert_int_equal(context_class(context), log);
        assert_int_equal(context_tag(context), TAG_OTHER);
        assert_int_equal(context_site(context), 0);
    }
}

static void an_unknown_key_has_no_number(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 1000; n++)
        assert_int_equal(context_find(key(n)), 0);
}

static void a_number_is_given_once(void **state)
{
    (void)state;
    unsigned count = context_count();
    unsigned context = context_intern(key(0), tag_of_key(0));
    assert_int_equal(context, count);
    assert_int_equal(context_count(), count + 1);
    assert_int_equal(context_find(key(0)), context);
    assert_int_equal(context_intern(key(0), tag_of_key(0)), context);
    assert_int_equal(context_intern(key(0), tag_of_key(1)), context); /* what it is booked under stays */
    assert_int_equal(context_count(), count + 1);
    assert_context(context, 0);
}

/* Another class, another tag asked for: another context. */
static void a_key_differs_by_all_its_parts(void **state)
{
    (void)state;
    unsigned contexts[] = {
        context_intern(context_key(site(0), class_of_key(0) + 1, 0), 2),
        context_intern(context_key(site(0) + 1, class_of_key(0), 0), 2),
        context_intern(context_key(site(0), class_of_key(0), 5), 5),
        context_find(key(0)),
    };
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(contexts[i], contexts[j]);
}

/* ---- look-ups without a lock while numbers are given ---- */

static struct {
    uint32_t given; /* keys below this one have their number */
    uint32_t wrong;
    uint16_t number[READ_KEYS];
} shared;

static void *look_up(void *seed_of_this_thread)
{
    uint64_t seed = (uintptr_t)seed_of_this_thread;
    uint32_t wrong = 0;
    uint32_t given = 0;
    while (given < READ_KEYS) {
        given = __atomic_load_n(&shared.given, __ATOMIC_ACQUIRE);
        unsigned n = (unsigned)random_below(&seed, READ_KEYS);
        unsigned context = context_find(key(n));
        /* A number that was just given may be missed; another key's is never found. */
        if (context != 0)
            wrong += context_site(context) != site(n) || context_tag(context) != tag_of_key(n);
        wrong += context >= context_count();
    }
    for (unsigned n = 0; n < READ_KEYS; n++)
        wrong += context_find(key(n)) != shared.number[n];
    __atomic_add_fetch(&shared.wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static void readers_need_no_lock(void **state)
{
    (void)state;
    pthread_t readers[READERS];
    for (uintptr_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look_up, (void *)(i + 1)), 0);
    for (unsigned n = 0; n < READ_KEYS; n++) {
        shared.number[n] = (uint16_t)context_intern(key(n), tag_of_key(n));
        __atomic_store_n(&shared.given, n + 1, __ATOMIC_RELEASE);
    }
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(shared.wrong, 0);
}

/* ---- the table fills up ---- */

enum { KEYS = 60000 };

static void assert_every_number_reads_back(unsigned keys)
{
    unsigned count = context_count();
    bool *taken = calloc(count, sizeof *taken);
    assert_non_null(taken);
    for (unsigned n = 0; n < keys; n++) {
        unsigned context = context_find(key(n));
        assert_in_range(context, SIZE_CLASSES, count - 1);
        assert_false(taken[context]);
        taken[context] = true;
        assert_context(context, n);
    }
    free(taken);
}

static void sixty_thousand_keys(void **state)
{
    (void)state;
    unsigned with_site = 0;
    for (unsigned n = 0; n < KEYS; n++) {
        unsigned context = context_intern(key(n), tag_of_key(n));
        assert_in_range(context, 1, context_count() - 1);
        assert_int_equal(context_class(context), class_of_key(n));
        assert_int_equal(context_tag(context), tag_of_key(n));
        if (context_site(context) != 0) {
            assert_int_equal(n, with_site); /* all before had room as well */
            assert_context(context, n);
            with_site++;
        }
    }
    assert_in_range(with_site, CONTEXTS_WITH_SITE - SIZE_CLASSES - 10, CONTEXTS_WITH_SITE);
    assert_every_number_reads_back(with_site);
}

/* What has no space for its site is counted with all that has none, under the same tag and class. */
static void beyond_that_sites_are_lumped_together(void **state)
{
    (void)state;
    unsigned count = context_count();
    assert_in_range(count, CONTEXTS_WITH_SITE, CONTEXTS_MAX - 1);
    for (unsigned n = 1000000; n < 1100000; n++) {
        unsigned context = context_intern(key(n), tag_of_key(n));
        assert_int_equal(context_site(context), 0);
        assert_int_equal(context_class(context), class_of_key(n));
        assert_int_equal(context_tag(context), tag_of_key(n));
        assert_int_equal(context_find(key(n)), 0);
    }
    assert_in_range(context_count(), count, count + 100 * SIZE_CLASSES);
    assert_int_equal(context_intern(context_key(1, 9, 0), 50), context_intern(context_key(2, 9, 50), 50));
}

static void beyond_all_even_the_tag_is_lost(void **state)
{
    (void)state;
    unsigned lost = 0;
    for (unsigned tag = 2; tag < TAGS_MAX; tag++)
        for (unsigned log = 1; log < SIZE_CLASSES; log++) {
            unsigned context = context_intern(context_key(SITE_LEAST, log, tag), tag);
            assert_int_equal(context_class(context), log);
            if (context_tag(context) != tag) {
                assert_int_equal(context, context_last_resort(log));
                lost++;
            }
        }
    assert_int_equal(context_count(), CONTEXTS_MAX);
    assert_in_range(lost, 100000, TAGS_MAX * SIZE_CLASSES);
}

static void a_full_table_still_knows_all(void **state)
{
    (void)state;
    assert_every_number_reads_back(CONTEXTS_WITH_SITE - SIZE_CLASSES - 10);
    for (unsigned n = 2000000; n < 2010000; n++)
        assert_int_equal(context_find(key(n)), 0);
    for (unsigned n = 0; n < READ_KEYS; n++)
        assert_int_equal(context_find(key(n)), shared.number[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_edges),
        cmocka_unit_test(keys_come_apart_again),
        cmocka_unit_test(the_last_resorts_are_there_at_once),
        cmocka_unit_test(an_unknown_key_has_no_number),
        cmocka_unit_test(a_number_is_given_once),
        cmocka_unit_test(a_key_differs_by_all_its_parts),
        cmocka_unit_test(readers_need_no_lock),
        cmocka_unit_test(sixty_thousand_keys),
        cmocka_unit_test(beyond_that_sites_are_lumped_together),
        cmocka_unit_test(beyond_all_even_the_tag_is_lost),
        cmocka_unit_test(a_full_table_still_knows_all),
    };
    return cmocka_run_group_tests_name("context", tests, start, NULL);
}
