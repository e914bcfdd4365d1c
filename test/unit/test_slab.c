/* Slabs: whose they are, what is handed on with them, and how blocks in them grow old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/mman.h>

#include "ages.h"
#include "lib/sys/sys.h"
#include "random.h"
#include "slab_owner.h"

/* ---- whose slab it is ---- */

static void a_slab_has_an_owner(void **state)
{
    (void)state;
    struct owner a = {.self = 200};
    struct owner b = {.self = 201};
    owner_take(&a);
    owner_take(&b);
    assert_ptr_not_equal(a.slab, b.slab);
    assert_ptr_equal(slab_of(200), a.slab);
    assert_ptr_equal(slab_of(201), b.slab);
    assert_null(slab_of(202));
    assert_int_equal(a.slab->tid, 200);
    slab_rename(a.slab, "a name that is too long");
    assert_string_equal(a.slab->name, "a name that is ");
    slab_rename(a.slab, "short");
    assert_string_equal(a.slab->name, "short");
    assert_int_equal(a.slab->name[THREAD_NAME - 1], '\0');
    unsigned past = slab_owners_past();
    owner_leave(&a);
    owner_leave(&b);
    assert_int_equal(slab_owners_past(), past + 2);
    assert_null(slab_of(200));
}

static void a_slab_is_handed_on_with_its_sums(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    struct block blocks[100];
    struct owner owner = {.self = 210};
    owner_take(&owner);
    for (unsigned i = 0; i < 100; i++)
        blocks[i] = owner_allocate(&owner, &fixture, i, 1000 + i);
    for (unsigned i = 90; i < 100; i++)
        owner_release(&owner, &blocks[i]);
    struct slab_cell sum = slab_sum(owner.slab);
    struct slab *slab = owner.slab;
    slab->scope = fixture.tag[3];
    unsigned there = slabs_count();
    owner_leave(&owner);
    tick_now += 50;
    assert_slabs_hold(&fixture, blocks, 90);

    struct owner heir = {.self = 211};
    owner_take(&heir);
    assert_ptr_equal(heir.slab, slab);
    assert_int_equal(slabs_count(), there);
    assert_memory_equal(&heir.slab->before, &sum, sizeof sum);
    assert_int_equal(heir.slab->tick, tick_now);
    assert_int_equal(heir.slab->scope, 0);
    assert_slabs_hold(&fixture, blocks, 90);
    for (unsigned i = 0; i < 90; i++)
        owner_release(&heir, &blocks[i]);
    assert_slabs_hold(&fixture, blocks, 0);
    owner_leave(&heir);
}

/* The new owner read the clock before it had to wait for the lock; the old one has met a newer tick meanwhile. */
static void a_slab_is_handed_on_at_an_older_tick(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    struct owner owner = {.self = 220};
    tick_now = 10000;
    owner_take(&owner);
    tick_now++;
    struct block block = owner_allocate(&owner, &fixture, 0, 1000);
    owner_leave(&owner);
    tick_now--;
    owner_take(&owner);
    struct block other = owner_allocate(&owner, &fixture, 0, 1000);
    tick_now++;
    owner_advance_tick(&owner);
    for (unsigned i = 0; i < 1000; i++, tick_now++)
        assert_slabs_hold(&fixture, (struct block[]){block, other}, 2);
    owner_release(&owner, &block);
    owner_release(&owner, &other);
    for (unsigned i = 0; i < 1000; i++, tick_now++)
        assert_slabs_hold(&fixture, NULL, 0);
    owner_leave(&owner);
}

static void a_forked_childs_slabs_are_orphans(void **state)
{
    (void)state;
    struct owner owner[3];
    for (unsigned i = 0; i < 3; i++) {
        owner[i] = (struct owner){.self = 230 + i};
        owner_take(&owner[i]);
    }
    unsigned past = slab_owners_past();
    slab_orphan(owner[1].slab);
    assert_null(slab_of(230));
    assert_ptr_equal(slab_of(231), owner[1].slab);
    assert_null(slab_of(232));
    assert_int_equal(slab_owners_past(), past + 2);
    slab_orphan(NULL);
    assert_null(slab_of(231));
    assert_int_equal(slab_owners_past(), past + 3);
}

static void *take_and_end(void *owner)
{
    ((struct owner *)owner)->self = (uintptr_t)gettid();
    owner_take(owner);
    return NULL;
}

static void a_thread_that_ended_unheard_is_found(void **state)
{
    (void)state;
    enum { PATIENCE = 10000 };
    struct owner alive = {.self = (uintptr_t)gettid()};
    struct owner unknown = {.self = 1}; /* in a sandbox threads have no ids */
    struct owner dead = {.seed = 0};
    pthread_t thread;
    owner_take(&alive);
    owner_take(&unknown);
    assert_int_equal(pthread_create(&thread, NULL, take_and_end, &dead), 0);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < PATIENCE && slab_of(dead.self) != NULL; i++) {
        slab_sweep((uint32_t)getpid()); /* the kernel drops a thread a moment after it is joined */
        usleep(100);
    }
    assert_null(slab_of(dead.self));
    assert_int_equal(dead.slab->tid, 0);
    assert_ptr_equal(slab_of(alive.self), alive.slab);
    assert_ptr_equal(slab_of(unknown.self), unknown.slab);
    owner_leave(&alive);
    owner_leave(&unknown);
}

/* ---- young and settled ---- */

static void blocks_settle_when_their_tick_has_passed(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    struct owner owner = {.self = 240};
    owner_take(&owner);
    const struct slab_tag *tag = &owner.slab->tag[fixture.tag[0]];
    struct block young = owner_allocate(&owner, &fixture, 0, 100);
    struct block old = owner_allocate(&owner, &fixture, 0, 10);
    assert_int_equal(tag->aged.blocks, 0);
    tick_now++;
    owner_advance_tick(&owner);
    assert_int_equal(tag->aged.blocks, 2);
    assert_int_equal(tag->aged.bytes, 110);
    owner_release(&owner, &young);
    assert_int_equal(tag->aged.blocks, 1);
    assert_int_equal(tag->lifetime[0], 1);
    tick_now += 2 * age_edges[1];
    assert_slabs_hold(&fixture, &old, 1);
    owner_release(&owner, &old);
    assert_int_equal(tag->lifetime[2], 1);
    assert_int_equal(tag->aged.blocks, 0);
    assert_int_equal(tag->aged.bytes, 0);
    struct block short_lived = owner_allocate(&owner, &fixture, 0, 1);
    owner_release(&owner, &short_lived); /* is in no row: what the others leave of the freed */
    for (unsigned row = 0; row < AGE_ROWS; row++)
        assert_int_equal(tag->lifetime[row], row == 0 || row == 2);
    assert_slabs_hold(&fixture, NULL, 0);
    owner_leave(&owner);
}

/* Owners that take turns, over days: each block ages as if there were one thread. */
static void ages_over_days(void **state)
{
    (void)state;
    enum { SLABS = 3, BLOCKS = 1000 };
    static struct block blocks[BLOCKS];
    unsigned count = 0;
    uint64_t seed = 9;
    struct fixture fixture = fixture_new();
    struct owner owner[SLABS];
    for (unsigned i = 0; i < SLABS; i++) {
        owner[i] = (struct owner){.self = 250 + i, .seed = i};
        owner_take(&owner[i]);
    }
    for (unsigned round = 0; round < 30000; round++) {
        struct owner *busy = &owner[random_one_in(&seed, 300) ? 2 : random_below(&seed, 2)];
        unsigned i = count > 0 ? (unsigned)random_below(&seed, count) : 0;
        if (count < BLOCKS && random_below(&seed, 100) < 52) {
            blocks[count++] = owner_allocate(busy, &fixture, (unsigned)random_below(&seed, CONTEXTS), round);
        } else if (count > 0 && random_one_in(&seed, 3)) {
            owner_resize(busy, &blocks[i], round);
        } else if (count > 0) {
            owner_release(busy, &blocks[i]);
            blocks[i] = blocks[--count];
        }
        if (random_one_in(&seed, 8))
            tick_now += (uint32_t)random_scaled(&seed, 10);
        if (round % 500 == 0)
            assert_slabs_hold(&fixture, blocks, count);
    }
    for (unsigned i = 0; i < SLABS; i++)
        owner_leave(&owner[i]);
    assert_slabs_hold(&fixture, blocks, count);
}

/* ---- what all this occupies ---- */

static uint64_t resident(void *memory, size_t bytes)
{
    static unsigned char pages[sizeof(struct slab) / PAGE_BYTES + 1];
    uint64_t count = 0;
    assert_int_equal(mincore(memory, bytes, pages), 0);
    for (size_t i = 0; i < (bytes + PAGE_BYTES - 1) / PAGE_BYTES; i++)
        count += pages[i] & 1;
    return count * PAGE_BYTES;
}

static void memory_is_owned_up_to(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (struct slab *slab = slab_first(); slab->next != NULL; slab = slab->next) /* the last one is static */
        sum += resident(slab, sizeof *slab);
    assert_in_range(sum, 1, slab_resident());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_slab_has_an_owner, owners_begin),
        cmocka_unit_test_setup(a_slab_is_handed_on_with_its_sums, owners_begin),
        cmocka_unit_test_setup(a_slab_is_handed_on_at_an_older_tick, owners_begin),
        cmocka_unit_test_setup(a_forked_childs_slabs_are_orphans, owners_begin),
        cmocka_unit_test_setup(a_thread_that_ended_unheard_is_found, owners_begin),
        cmocka_unit_test_setup(blocks_settle_when_their_tick_has_passed, owners_begin),
        cmocka_unit_test_setup(ages_over_days, owners_begin),
        cmocka_unit_test_setup(memory_is_owned_up_to, owners_begin),
    };
    return cmocka_run_group_tests_name("slab", tests, owners_start, NULL);
}
