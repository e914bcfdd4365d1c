#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ages.h"
#include "lib/sys/lock.h"
#include "lib/thread/accounting.h"
#include "slab_owner.h"

uint32_t tick_now = 1;

int owners_start(void **state)
{
    (void)state;
    tag_start();
    context_start();
    slab_start();
    return 0;
}

int owners_begin(void **state)
{
    (void)state;
    lock_reset(&lock_accounting);
    slab_orphan(NULL);
    return 0;
}

unsigned fixture_new_tag(void)
{
    static unsigned made;
    char name[SNAPSHOT_NAME];
    int length = snprintf(name, sizeof name, "tag %u", made++);
    return tag_intern(name, (size_t)length);
}

struct fixture fixture_new(void)
{
    static uintptr_t site = 0x400000;
    struct fixture fixture;
    for (unsigned i = 0; i < TAGS; i++)
        fixture.tag[i] = fixture_new_tag();
    for (unsigned i = 0; i < CONTEXTS; i++) {
        fixture.key[i] = context_key(site += 5, 1 + i % 20, 0);
        fixture.context[i] = context_intern(fixture.key[i], fixture.tag[i % TAGS]);
    }
    return fixture;
}

void owner_lock(const struct owner *owner)
{
    if (lock_take(&lock_accounting, (struct lock_owner){4096 * owner->self}) != LOCK_TAKEN)
        abort();
}

void owner_take(struct owner *owner)
{
    owner_lock(owner);
    owner->slab = slab_take((uint32_t)owner->self, owner->self, word_read(&tick_now));
    lock_release(&lock_accounting);
    if (owner->slab == NULL)
        abort();
}

void owner_leave(struct owner *owner)
{
    owner_lock(owner);
    slab_leave(owner->slab);
    lock_release(&lock_accounting);
}

void owner_advance_tick(const struct owner *owner)
{
    uint32_t tick = word_read(&tick_now);
    if (owner->slab->tick == tick)
        return;
    owner_lock(owner);
    slab_fold(owner->slab, tick);
    lock_release(&lock_accounting);
}

/* The library calls this when a block is counted by its age; the test may hold the lock already. */
struct age_wheel *accounting_wheel(struct slab *slab, unsigned tag)
{
    if (slab->tag[tag].wheel != NULL)
        return slab->tag[tag].wheel;
    enum lock_state state = lock_take(&lock_accounting, (struct lock_owner){4096 * slab->owner});
    struct age_wheel *wheel = slab_wheel(slab, tag);
    if (state == LOCK_TAKEN)
        lock_release(&lock_accounting);
    return wheel;
}

static uint64_t word_for(const struct owner *owner, const struct fixture *fixture, unsigned i)
{
    uint64_t template = slab_recall(owner->slab, fixture->key[i]);
    if (template == 0) {
        unsigned context = context_find(fixture->key[i]);
        template = block_template(context_tag(context), context);
        slab_remember(owner->slab, fixture->key[i], template);
    }
    return template;
}

struct block owner_allocate(struct owner *owner, const struct fixture *fixture, unsigned i, uint32_t size)
{
    owner_advance_tick(owner);
    struct block block = {.birth = owner->slab->tick, .size_low = size, .template = word_for(owner, fixture, i)};
    count_allocated(owner->slab, &block, size);
    amount_add(&owner->did.allocated, size);
    return block;
}

void owner_resize(const struct owner *owner, struct block *block, uint32_t size)
{
    uint64_t more = (uint64_t)size - block->size_low;
    owner_advance_tick(owner);
    cell_add(&slab_cell(owner->slab, block)->allocated.bytes, more);
    if (block->birth != owner->slab->tick)
        count_aged(owner->slab, block, 0, more);
    block->size_low = size;
    count_net(owner->slab, block->tag, more);
}

void owner_release(struct owner *owner, const struct block *block)
{
    uint64_t size = block->size_low;
    owner_advance_tick(owner);
    count_freed(owner->slab, block, size);
    amount_add(&owner->did.freed, size);
}

/* ---- what a reader does with all slabs ---- */

static struct amount live[TAGS_MAX];
static struct amount rows[TAGS_MAX][AGE_ROWS];

void amount_add_up(struct amount *to, uint64_t blocks, uint64_t bytes)
{
    to->blocks += blocks;
    to->bytes += bytes;
}

static void read_slab(const struct slab *slab, uint32_t now)
{
    static struct amount of_slab[TAGS_MAX];
    memset(of_slab, 0, sizeof of_slab);
    slab_live(slab, of_slab);
    for (unsigned tag = 0; tag < tag_count(); tag++) {
        const struct slab_tag *counts = &slab->tag[tag];
        amount_add_up(&live[tag], of_slab[tag].blocks, of_slab[tag].bytes);
        if (counts->wheel != NULL)
            age_sum(counts->wheel, slab->tick, now, rows[tag]);
        struct amount young = {of_slab[tag].blocks - cell_read(&counts->aged.blocks),
                               of_slab[tag].bytes - cell_read(&counts->aged.bytes)};
        if ((young.blocks | young.bytes) != 0)
            age_add_born(rows[tag], slab->tick, now, young);
    }
}

void slabs_read(void)
{
    assert_int_equal(lock_take(&lock_accounting, (struct lock_owner){MAIN_SELF}), LOCK_TAKEN);
    memset(live, 0, sizeof live);
    memset(rows, 0, sizeof rows);
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
        read_slab(slab, tick_now);
    lock_release(&lock_accounting);
}

/* The births of the blocks that live, context by context: exact. */
static void assert_births(const struct fixture *fixture, const struct block *blocks, unsigned count)
{
    for (unsigned i = 0; i < CONTEXTS; i++) {
        uint64_t sum = 0;
        for (unsigned n = 0; n < count; n++)
            sum += blocks[n].context == fixture->context[i] ? blocks[n].birth : 0;
        uint64_t found = 0;
        for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
            found += slab_births(slab, fixture->context[i]);
        assert_int_equal(found, sum);
    }
}

/* The blocks that live, against what the accounting say of one tag, from an age row on. */
static void assert_rows_from(unsigned tag, const struct block *blocks, unsigned count, unsigned first)
{
    struct amount found = {0, 0}, must = {0, 0}, may = {0, 0};
    for (unsigned row = first; row < AGE_ROWS; row++)
        amount_add_up(&found, rows[tag][row].blocks, rows[tag][row].bytes);
    for (unsigned i = 0; i < count; i++) {
        uint32_t age = tick_now - blocks[i].birth;
        if (blocks[i].tag == tag && age_row_least(age) >= first)
            amount_add_up(&must, 1, blocks[i].size_low);
        if (blocks[i].tag == tag && age_row_most(age) >= first)
            amount_add_up(&may, 1, blocks[i].size_low);
    }
    assert_in_range(found.blocks, must.blocks, may.blocks);
    assert_in_range(found.bytes, must.bytes, may.bytes);
}

/* Row 0 and what follows it is all that lives: there the two bounds are one. */
void assert_slabs_hold(const struct fixture *fixture, const struct block *blocks, unsigned count)
{
    slabs_read();
    assert_births(fixture, blocks, count);
    for (unsigned i = 0; i < TAGS; i++) {
        struct amount all = {0, 0};
        for (unsigned row = 0; row < AGE_ROWS; row++)
            amount_add_up(&all, rows[fixture->tag[i]][row].blocks, rows[fixture->tag[i]][row].bytes);
        assert_int_equal(live[fixture->tag[i]].blocks, all.blocks);
        assert_int_equal(live[fixture->tag[i]].bytes, all.bytes);
        for (unsigned first = 0; first < AGE_ROWS; first++)
            assert_rows_from(fixture->tag[i], blocks, count, first);
    }
}

unsigned slabs_count(void)
{
    unsigned count = 0;
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
        count++;
    return count;
}
