/* A slab's cache from call sites to header words: what is found, who gives way, and a signal handler that uses it at
 * any instruction of the thread that it has interrupted. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "lib/sys/sys.h"
#include "random.h"
#include "slab_owner.h"

static uint64_t cached_word(uint64_t key)
{
    uint64_t mixed = key * 0x9E3779B97F4A7C15u >> 20;
    return block_template((unsigned)mixed % TAGS_MAX, (unsigned)(mixed >> 12) % CONTEXTS_MAX);
}

enum { CACHED_KEYS = 1 << 17 };

/* Calls are in code at uneven distances, and ask for blocks of three sizes each. */
static uint64_t cached_key(unsigned n)
{
    static uint64_t keys[CACHED_KEYS];
    uintptr_t site = 0x555555554000;
    uint64_t seed = 10;
    for (unsigned i = 0; i < CACHED_KEYS && keys[CACHED_KEYS - 1] == 0; i++) {
        site += i % 3 == 0 ? 5 + random_below(&seed, 60) : 0;
        keys[i] = context_key(site, 3 + i % 3, 0);
    }
    return keys[n];
}

/* Whether the cache has a key: then from now on where the fast path looks. */
static bool found(struct slab *slab, uint64_t key)
{
    uint64_t template = slab_recall(slab, key);
    const struct slab_site *home = slab_site(slab, key);
    assert_int_equal(home->key == key, template != 0);
    if (template == 0)
        return false;
    assert_int_equal(template, cached_word(key));
    assert_int_equal(home->template, template);
    assert_ptr_equal(home->tag, &slab->tag[(uint16_t) template]);
    assert_ptr_equal(home->cell, &slab->cell[(uint16_t)(template >> 16)]);
    return true;
}

/* Remembers a key as the slow path does; whether the cache has grown. */
static bool remember(struct slab *slab, uint64_t key)
{
    uint64_t mask = slab->sites_mask;
    slab_remember(slab, key, cached_word(key));
    return slab->sites_mask != mask;
}

/* One that no other case has used. */
static struct slab *fresh_slab(void)
{
    struct slab *slab = sys_memory(sizeof *slab);
    assert_non_null(slab);
    slab->sites_mask = (SITES_FIRST - 1) * SITE_BYTES;
    slab_limit(slab);
    return slab;
}

static const struct slab_site *line_of(struct slab *slab, uint64_t key)
{
    return (const struct slab_site *)((uintptr_t)slab_site(slab, key) & -(uintptr_t)CACHE_LINE);
}

/* What is in a key's line, in keys[]; how many they are. */
static unsigned keys_in_line(struct slab *slab, uint64_t key, uint64_t keys[SITES_WAYS])
{
    const struct slab_site *line = line_of(slab, key);
    unsigned count = 0;
    for (unsigned way = 0; way < SITES_WAYS; way++)
        if (line[way].key != 0 && line_of(slab, line[way].key) == line)
            keys[count++] = line[way].key;
    return count;
}

/* A new key pushes out one other of its line, and none while there is space. */
static void a_key_is_found_until_another_takes_its_place(void **state)
{
    (void)state;
    struct slab *slab = fresh_slab();
    unsigned pushed_out = 0;
    for (unsigned n = 0; n < 20000; n++) {
        uint64_t key = cached_key(n);
        uint64_t keys[SITES_WAYS];
        unsigned before = keys_in_line(slab, key, keys);
        bool space = line_of(slab, key)[0].key == 0 || line_of(slab, key)[1].key == 0;
        if (found(slab, key))
            continue;
        uint64_t mask = slab->sites_mask;
        remember(slab, key);
        assert_true(found(slab, key));
        unsigned after = 0;
        for (unsigned i = 0; i < before; i++)
            after += found(slab, keys[i]);
        if (slab->sites_mask != mask)
            continue; /* grown: many keys have another home now */
        assert_in_range(after, space ? before : before - (before > 0), before);
        pushed_out += before - after;
    }
    assert_int_not_equal(pushed_out, 0);
    munmap(slab, sizeof *slab);
}

/* Two keys that are used in turn and share a home end in homes of their own, without the whole cache growing. */
static void keys_that_swap_get_room(void **state)
{
    (void)state;
    struct slab *slab = fresh_slab();
    uint64_t first = cached_key(0);
    uint64_t second = 0;
    for (unsigned n = 1; second == 0; n++)
        if (slab_site(slab, cached_key(n)) == slab_site(slab, first))
            second = cached_key(n);
    remember(slab, first);
    remember(slab, second);
    for (unsigned turn = 0; turn < 10000; turn++) {
        if (!found(slab, first))
            remember(slab, first);
        if (!found(slab, second))
            remember(slab, second);
    }
    assert_ptr_not_equal(slab_site(slab, first), slab_site(slab, second));
    assert_in_range(slab->sites_mask, SITES_FIRST * SITE_BYTES, (SITES_SWAPPED - 1) * SITE_BYTES);
    munmap(slab, sizeof *slab);
}

static void a_word_is_never_another_keys(void **state)
{
    (void)state;
    struct slab *slab = fresh_slab();
    uint64_t seed = 11;
    for (unsigned round = 0; round < 300000; round++) {
        uint64_t key = cached_key((unsigned)random_scaled(&seed, 16));
        if (!found(slab, key))
            remember(slab, key);
    }
    for (unsigned n = 0; n < CACHED_KEYS; n++)
        found(slab, cached_key(n));
    munmap(slab, sizeof *slab);
}

/* All the keys of one site that share a line, and of sites whose upper bits the hash does not reach. */
static void a_neighbour_is_not_taken_for_a_key(void **state)
{
    (void)state;
    struct slab *slab = fresh_slab();
    uint64_t key = cached_key(0);
    unsigned neighbours = 0;
    remember(slab, key);
    for (uint64_t other = context_key(key_site(key), 0, 0); other < context_key(key_site(key) + 1, 0, 0); other++) {
        if (other == key || line_of(slab, other) != line_of(slab, key))
            continue;
        assert_int_equal(slab_recall(slab, other), 0);
        neighbours++;
    }
    assert_int_not_equal(neighbours, 0);
    for (unsigned bit = 0; bit < 64; bit++)
        assert_int_equal(slab_recall(slab, key ^ (uint64_t)1 << bit), 0);
    munmap(slab, sizeof *slab);
}

static void the_cache_grows_with_its_use_and_ends(void **state)
{
    (void)state;
    struct slab *slab = fresh_slab();
    for (unsigned round = 0; round < 100; round++)
        for (unsigned n = 0; n < 8; n++)
            if (!found(slab, cached_key(n)))
                remember(slab, cached_key(n));
    assert_in_range(slab->sites_mask, 0, (8 * SITES_FIRST - 1) * SITE_BYTES);
    for (unsigned round = 0; round < 20; round++)
        for (unsigned n = 0; n < 5000; n++)
            if (!found(slab, cached_key(n)))
                remember(slab, cached_key(n));
    unsigned hits = 0;
    for (unsigned n = 0; n < 5000; n++)
        hits += found(slab, cached_key(n));
    assert_in_range(hits, 3500, 5000);
    for (unsigned n = 0; n < CACHED_KEYS; n++)
        remember(slab, cached_key(n));
    assert_int_equal(slab->sites_mask, (SITES_MAX - 1) * SITE_BYTES);
    munmap(slab, sizeof *slab);
}

/* What an owner before has learned may be of a library that is gone by now, or from before a pause. */
static void a_slab_is_handed_on_without_what_was_forgotten(void **state)
{
    (void)state;
    struct owner owner = {.self = 300};
    owner_take(&owner);
    struct slab *slab = owner.slab;
    remember(slab, cached_key(0));
    owner_leave(&owner);
    owner_take(&owner);
    assert_ptr_equal(owner.slab, slab);
    assert_true(found(slab, cached_key(0)));
    owner_leave(&owner);
    slab_forget_sites();
    owner_take(&owner);
    assert_ptr_equal(owner.slab, slab);
    assert_false(found(slab, cached_key(0)));
    owner_leave(&owner);
}

/* ---- a signal handler that allocates at any instruction of the owner's ---- */

/* ThreadSanitizer keeps signals until it likes. */
#ifdef __SANITIZE_THREAD__
#define a_handler_may_come_at_any_instruction        skipped
#define a_handler_may_come_while_the_fast_path_looks skipped
static void skipped(void **state)
{
    (void)state;
    skip();
}
#else

enum { TRAP_FLAG = 0x100, RED_ZONE = 128 };

/* From here on the processor traps after each instruction. */
#define TRAPS_BEGIN()                                                                                            \
    __asm__ volatile(                                                                                            \
        "lea -%c0(%%rsp), %%rsp\n\tpushfq\n\torq %1, (%%rsp)\n\tpopfq\n\tlea %c0(%%rsp), %%rsp" ::"i"(RED_ZONE), \
        "i"(TRAP_FLAG)                                                                                           \
        : "memory", "cc")
#define TRAPS_END()                                                                                               \
    __asm__ volatile(                                                                                             \
        "lea -%c0(%%rsp), %%rsp\n\tpushfq\n\tandq %1, (%%rsp)\n\tpopfq\n\tlea %c0(%%rsp), %%rsp" ::"i"(RED_ZONE), \
        "i"(~TRAP_FLAG)                                                                                           \
        : "memory", "cc")

enum { LINE_KEYS = 4 };

static struct {
    struct slab *slab;
    uint64_t key[LINE_KEYS]; /* that share a home */
    unsigned asks_for;       /* which of them the handler does */
    unsigned step, at;
} handler;

static void ask(struct slab *slab, uint64_t key)
{
    if (slab_recall(slab, key) == 0)
        slab_remember(slab, key, cached_word(key));
}

static void trapped(int signal)
{
    (void)signal;
    if (handler.step++ == handler.at)
        ask(handler.slab, handler.key[handler.asks_for]);
}

static void share_a_home(struct slab *slab)
{
    unsigned count = 0;
    for (unsigned n = 0; count < LINE_KEYS; n++)
        if (slab_site(slab, cached_key(n)) == slab_site(slab, cached_key(0)))
            handler.key[count++] = cached_key(n);
}

/* Two of the keys are known; the owner asks for one, known or not. False: it was through before the handler's turn. */
static bool ask_with_a_handler_at(unsigned at, unsigned asked, unsigned by_handler)
{
    struct slab *slab = handler.slab;
    memset(slab->site, 0, slab->sites_mask + SITE_BYTES);
    slab->sites_mask = (SITES_FIRST - 1) * SITE_BYTES;
    for (unsigned i = 0; i < SITES_WAYS; i++)
        remember(slab, handler.key[i]);
    handler.asks_for = by_handler;
    handler.at = at;
    handler.step = 0;
    TRAPS_BEGIN();
    uint64_t template = slab_recall(slab, handler.key[asked]);
    if (template == 0)
        slab_remember(slab, handler.key[asked], cached_word(handler.key[asked]));
    TRAPS_END();
    assert_true(template == 0 || template == cached_word(handler.key[asked]));
    for (unsigned i = 0; i < LINE_KEYS; i++)
        found(slab, handler.key[i]);
    return handler.step > at;
}

/* As the fast path looks: the word is read first. */
static uint64_t look_as_track_does(struct slab *slab, uint64_t key)
{
    const struct slab_site *at = slab_site(slab, key);
    struct slab_site site = {.template = at->template, .cell = at->cell, .tag = at->tag};
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (at->key != key)
        return 0;
    struct slab_site right = slab_site_of(slab, site.template);
    return site.cell == right.cell && site.tag == right.tag ? site.template : UINT64_MAX;
}

/* Two keys of each home of a line. */
static void share_a_line(struct slab *slab)
{
    unsigned count[SITES_WAYS] = {0, 0};
    const struct slab_site *line = line_of(slab, cached_key(0));
    for (unsigned n = 0; count[0] + count[1] < LINE_KEYS; n++) {
        unsigned way = (unsigned)(slab_site(slab, cached_key(n)) - line);
        if (way < SITES_WAYS && count[way] < LINE_KEYS / SITES_WAYS)
            handler.key[way + SITES_WAYS * count[way]++] = cached_key(n);
    }
}

/* After three keys were asked for in that order. False: it was through before the handler's turn. */
static bool look_with_a_handler_at(unsigned at, unsigned order, unsigned asked, unsigned by_handler)
{
    struct slab *slab = handler.slab;
    memset(slab->site, 0, slab->sites_mask + SITE_BYTES);
    slab->sites_mask = (SITES_FIRST - 1) * SITE_BYTES;
    slab->misses = 0;
    for (unsigned i = 0; i < 3; i++, order /= LINE_KEYS)
        ask(slab, handler.key[order % LINE_KEYS]);
    handler.asks_for = by_handler;
    handler.at = at;
    handler.step = 0;
    TRAPS_BEGIN();
    uint64_t template = look_as_track_does(slab, handler.key[asked]);
    TRAPS_END();
    assert_true(template == 0 || template == cached_word(handler.key[asked]));
    return handler.step > at;
}

/* What others ask for never puts a key where its own thread looks for it at this moment. */
static void a_handler_may_come_while_the_fast_path_looks(void **state)
{
    (void)state;
    enum { ORDERS = LINE_KEYS * LINE_KEYS * LINE_KEYS };
    struct sigaction action = {.sa_handler = trapped};
    struct sigaction before;
    assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
    handler.slab = fresh_slab();
    share_a_line(handler.slab);
    for (unsigned order = 0; order < ORDERS; order++)
        for (unsigned asked = 0; asked < SITES_WAYS; asked++) /* one of each home */
            for (unsigned by = 0; by < LINE_KEYS; by++)
                for (unsigned at = 0; by != asked && look_with_a_handler_at(at, order, asked, by); at++)
                    ;
    assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
    munmap(handler.slab, sizeof *handler.slab);
}

static void a_handler_may_come_at_any_instruction(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = trapped};
    struct sigaction before;
    assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
    handler.slab = fresh_slab();
    share_a_home(handler.slab);
    for (unsigned asked = 0; asked < LINE_KEYS; asked += SITES_WAYS) /* one that is known, and one that is not */
        for (unsigned by_handler = 0; by_handler < LINE_KEYS; by_handler++)
            for (unsigned at = 0; ask_with_a_handler_at(at, asked, by_handler); at++)
                ;
    assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
    munmap(handler.slab, sizeof *handler.slab);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_key_is_found_until_another_takes_its_place, owners_begin),
        cmocka_unit_test_setup(keys_that_swap_get_room, owners_begin),
        cmocka_unit_test_setup(a_word_is_never_another_keys, owners_begin),
        cmocka_unit_test_setup(a_neighbour_is_not_taken_for_a_key, owners_begin),
        cmocka_unit_test_setup(the_cache_grows_with_its_use_and_ends, owners_begin),
        cmocka_unit_test_setup(a_slab_is_handed_on_without_what_was_forgotten, owners_begin),
        cmocka_unit_test_setup(a_handler_may_come_at_any_instruction, owners_begin),
        cmocka_unit_test_setup(a_handler_may_come_while_the_fast_path_looks, owners_begin),
    };
    return cmocka_run_group_tests_name("site_cache", tests, owners_start, NULL);
}
