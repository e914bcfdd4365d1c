/* Peaks, of the process and of each tag: how far from the truth what threads hold back may leave them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/sys/lock.h"
#include "random.h"
#include "slab_owner.h"

enum { PEAK_SLABS = 4, PEAK_BLOCKS = 2000 };

/* What a slab has not pushed yet: of each tag at most its share. */
static int64_t held_back(const struct slab *slab)
{
    int64_t share = slab_peak_error() / tag_count();
    int64_t sum = 0;
    for (unsigned tag = 0; tag < tag_count(); tag++) {
        int64_t held = (int64_t)(cell_read(&slab->tag[tag].net) - slab->tag[tag].net_base);
        assert_in_range(llabs(held), 0, share);
        sum += llabs(held);
    }
    return sum;
}

struct level {
    uint64_t live, peak;
};

static void level_change(struct level *level, uint64_t net)
{
    level->live += net;
    if (level->live > level->peak)
        level->peak = level->live;
}

static void assert_near(uint64_t found, uint64_t expected, uint64_t error)
{
    assert_in_range(found, expected > error ? expected - error : 0, expected + error);
}

static struct level peak_tag[TAGS_MAX];
static struct level peak_total;

static void peaks_change(const struct block *block, uint64_t net)
{
    level_change(&peak_tag[block->tag], net);
    level_change(&peak_total, net);
}

static void operate_at_random(struct owner *owner, const struct fixture *fixture, struct block *blocks, unsigned *count)
{
    uint32_t size = (uint32_t)random_scaled(&owner->seed, 18);
    unsigned i = *count > 0 ? (unsigned)random_below(&owner->seed, *count) : 0;
    if (*count == 0 || (*count < PEAK_BLOCKS && random_one_in(&owner->seed, 2))) {
        blocks[*count] = owner_allocate(owner, fixture, (unsigned)random_below(&owner->seed, CONTEXTS), size);
        peaks_change(&blocks[(*count)++], size);
    } else if (random_one_in(&owner->seed, 3)) {
        peaks_change(&blocks[i], (uint64_t)size - blocks[i].size_low);
        owner_resize(owner, &blocks[i], size);
    } else {
        peaks_change(&blocks[i], -(uint64_t)blocks[i].size_low);
        owner_release(owner, &blocks[i]);
        blocks[i] = blocks[--*count];
    }
}

static void peaks_are_off_by_64_kib_a_thread(void **state)
{
    (void)state;
    static struct block blocks[PEAK_BLOCKS];
    unsigned count = 0;
    struct fixture fixture = fixture_new();
    struct owner owner[PEAK_SLABS];
    for (unsigned i = 0; i < PEAK_SLABS; i++) {
        owner[i] = (struct owner){.self = 100 + i, .seed = i};
        owner_take(&owner[i]);
    }
    for (unsigned round = 0; round < 200000; round++) {
        struct owner *busy = &owner[round / 7 % PEAK_SLABS];
        operate_at_random(busy, &fixture, blocks, &count);
        assert_in_range(held_back(busy->slab), 0, NET_ERROR);
        tick_now += round % 1000 == 0;
    }
    assert_int_equal(slab_peak_error(), NET_ERROR);
    for (unsigned i = 0; i < TAGS; i++)
        assert_near(tag_peak(fixture.tag[i]), peak_tag[fixture.tag[i]].peak, PEAK_SLABS * NET_ERROR);
    assert_near(total_peak(), peak_total.peak, PEAK_SLABS * NET_ERROR);
    assert_in_range(total_peak(), 20 * PEAK_SLABS * NET_ERROR, UINT64_MAX); /* or the bound means nothing here */
    while (count > 0)
        owner_release(&owner[0], &blocks[--count]);
    for (unsigned i = 0; i < PEAK_SLABS; i++) {
        owner_leave(&owner[i]);
        assert_int_equal(held_back(owner[i].slab), 0);
    }
}

/* Each new tag makes the share of all others smaller: what was held back under the old share may be too much. */
static void tags_that_come_later_leave_the_bound(void **state)
{
    (void)state;
    struct owner owner = {.self = 110};
    struct block blocks[64];
    struct fixture fixture;
    owner_take(&owner);
    for (unsigned i = 0; i < 64; i++) {
        unsigned tag = fixture_new_tag();
        fixture.key[0] = context_key(0x100000 + i, 1, 0);
        context_intern(fixture.key[0], tag);
        owner_lock(&owner);
        slab_limit(owner.slab);
        lock_release(&lock_accounting);
        uint32_t size = (uint32_t)owner.slab->net_most / 2;
        blocks[i] = owner_allocate(&owner, &fixture, 0, size);
        assert_in_range(held_back(owner.slab), 0, slab_peak_error());
        assert_near(tag_peak(tag), size, slab_peak_error());
    }
    for (unsigned i = 0; i < 64; i++) {
        owner_release(&owner, &blocks[i]);
        assert_in_range(held_back(owner.slab), 0, slab_peak_error());
    }
    owner_leave(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(peaks_are_off_by_64_kib_a_thread, owners_begin),
        cmocka_unit_test_setup(tags_that_come_later_leave_the_bound, owners_begin),
    };
    return cmocka_run_group_tests_name("peak", tests, owners_start, NULL);
}
