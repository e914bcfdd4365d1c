/* Slabs: one writer each, sums that are exact at rest, hand-over, the site cache, and how far a peak may be off.
 * Owners do what the fast path does; under ThreadSanitizer this is also the proof that a reader may look on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/mman.h>

#include "ages.h"
#include "lib/account/slab.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"
#include "lib/thread/books.h"
#include "random.h"

enum { TAGS = 12, CONTEXTS = 300, POOL = 4000, MAIN_SELF = 4096 };

static uint32_t tick_now = 1; /* the clock of this test */

static int start(void **state)
{
    (void)state;
    tag_start();
    context_start();
    slab_start();
    return 0;
}

/* Nobody is there yet, even if the case before has failed. */
static int begin(void **state)
{
    (void)state;
    lock_reset(&lock_books);
    slab_orphan(NULL);
    return 0;
}

/* ---- a cast of tags and contexts, anew for each case ---- */

struct cast {
    unsigned tag[TAGS];
    uint64_t key[CONTEXTS];
    unsigned context[CONTEXTS];
};

static unsigned new_tag(void)
{
    static unsigned made;
    char name[SNAPSHOT_NAME];
    int length = snprintf(name, sizeof name, "tag %u", made++);
    return tag_intern(name, (size_t)length);
}

static struct cast new_cast(void)
{
    static uintptr_t site = 0x400000;
    struct cast cast;
    for (unsigned i = 0; i < TAGS; i++)
        cast.tag[i] = new_tag();
    for (unsigned i = 0; i < CONTEXTS; i++) {
        cast.key[i] = context_key(site += 5, 1 + i % 20, 0);
        cast.context[i] = context_intern(cast.key[i], cast.tag[i % TAGS]);
    }
    return cast;
}

/* ---- what a thread does with its slab ---- */

struct owner {
    struct slab *slab;
    uintptr_t self;
    uint64_t seed;
    struct slab_cell did;
};

static void lock_books_for(const struct owner *owner)
{
    if (lock_take(&lock_books, (struct lock_owner){4096 * owner->self}) != LOCK_TAKEN)
        abort();
}

static void take(struct owner *owner)
{
    lock_books_for(owner);
    owner->slab = slab_take((uint32_t)owner->self, owner->self, word_read(&tick_now));
    lock_release(&lock_books);
    if (owner->slab == NULL)
        abort();
}

static void leave(struct owner *owner)
{
    lock_books_for(owner);
    slab_leave(owner->slab);
    lock_release(&lock_books);
}

static void meet_tick(const struct owner *owner)
{
    uint32_t tick = word_read(&tick_now);
    if (owner->slab->tick == tick)
        return;
    lock_books_for(owner);
    slab_fold(owner->slab, tick);
    lock_release(&lock_books);
}

/* What a thread of the library asks for when a block settles; here the lock is nobody's else. */
struct age_wheel *books_wheel(struct slab *slab, unsigned tag)
{
    if (slab->tag[tag].wheel != NULL)
        return slab->tag[tag].wheel;
    enum lock_state state = lock_take(&lock_books, (struct lock_owner){4096 * slab->owner});
    struct age_wheel *wheel = slab_wheel(slab, tag);
    if (state == LOCK_TAKEN)
        lock_release(&lock_books);
    return wheel;
}

static uint64_t word_for(const struct owner *owner, const struct cast *cast, unsigned i)
{
    uint64_t word = slab_recall(owner->slab, cast->key[i]);
    if (word == 0) {
        unsigned context = context_find(cast->key[i]);
        word = block_word(context_tag(context), context);
        slab_remember(owner->slab, cast->key[i], word);
    }
    return word;
}

static struct block allocate(struct owner *owner, const struct cast *cast, unsigned i, uint32_t size)
{
    meet_tick(owner);
    struct block block = {.birth = owner->slab->tick, .size_low = size, .word = word_for(owner, cast, i)};
    count_allocated(owner->slab, &block, size);
    amount_add(&owner->did.allocated, size);
    return block;
}

static void resize(const struct owner *owner, struct block *block, uint32_t size)
{
    uint64_t more = (uint64_t)size - block->size_low;
    meet_tick(owner);
    cell_add(&slab_cell(owner->slab, block)->allocated.bytes, more);
    if (block->birth != owner->slab->tick)
        count_settled(owner->slab, block, 0, more);
    block->size_low = size;
    count_net(owner->slab, block->tag, more);
}

static void release(struct owner *owner, const struct block *block)
{
    uint64_t size = block->size_low;
    meet_tick(owner);
    count_freed(owner->slab, block, size);
    amount_add(&owner->did.freed, size);
}

/* ---- what a reader does with all slabs ---- */

static struct amount live[TAGS_MAX];
static struct amount rows[TAGS_MAX][AGE_ROWS];

static void add(struct amount *to, uint64_t blocks, uint64_t bytes)
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
        const struct slab_tag *books = &slab->tag[tag];
        add(&live[tag], of_slab[tag].blocks, of_slab[tag].bytes);
        if (books->wheel != NULL)
            age_sum(books->wheel, slab->tick, now, rows[tag]);
        struct amount young = {of_slab[tag].blocks - cell_read(&books->settled.blocks),
                               of_slab[tag].bytes - cell_read(&books->settled.bytes)};
        if ((young.blocks | young.bytes) != 0)
            age_add_born(rows[tag], slab->tick, now, young);
    }
}

static void read_books(void)
{
    assert_int_equal(lock_take(&lock_books, (struct lock_owner){MAIN_SELF}), LOCK_TAKEN);
    memset(live, 0, sizeof live);
    memset(rows, 0, sizeof rows);
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
        read_slab(slab, tick_now);
    lock_release(&lock_books);
}

/* The births of the blocks that live, context by context: exact. */
static void assert_births(const struct cast *cast, const struct block *blocks, unsigned count)
{
    for (unsigned i = 0; i < CONTEXTS; i++) {
        uint64_t sum = 0;
        for (unsigned n = 0; n < count; n++)
            sum += blocks[n].context == cast->context[i] ? blocks[n].birth : 0;
        uint64_t found = 0;
        for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
            found += slab_births(slab, cast->context[i]);
        assert_int_equal(found, sum);
    }
}

/* The blocks that live, against what the books say of one tag, from an age row on. */
static void assert_rows_from(unsigned tag, const struct block *blocks, unsigned count, unsigned first)
{
    struct amount found = {0, 0}, must = {0, 0}, may = {0, 0};
    for (unsigned row = first; row < AGE_ROWS; row++)
        add(&found, rows[tag][row].blocks, rows[tag][row].bytes);
    for (unsigned i = 0; i < count; i++) {
        uint32_t age = tick_now - blocks[i].birth;
        if (blocks[i].tag == tag && age_row_least(age) >= first)
            add(&must, 1, blocks[i].size_low);
        if (blocks[i].tag == tag && age_row_most(age) >= first)
            add(&may, 1, blocks[i].size_low);
    }
    assert_in_range(found.blocks, must.blocks, may.blocks);
    assert_in_range(found.bytes, must.bytes, may.bytes);
}

/* Row 0 and what follows it is all that lives: there the two bounds are one. */
static void assert_books(const struct cast *cast, const struct block *blocks, unsigned count)
{
    read_books();
    assert_births(cast, blocks, count);
    for (unsigned i = 0; i < TAGS; i++) {
        struct amount all = {0, 0};
        for (unsigned row = 0; row < AGE_ROWS; row++)
            add(&all, rows[cast->tag[i]][row].blocks, rows[cast->tag[i]][row].bytes);
        assert_int_equal(live[cast->tag[i]].blocks, all.blocks);
        assert_int_equal(live[cast->tag[i]].bytes, all.bytes);
        for (unsigned first = 0; first < AGE_ROWS; first++)
            assert_rows_from(cast->tag[i], blocks, count, first);
    }
}

/* ---- peaks: first, while the process's level is nothing but what this case adds ---- */

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

static void be_busy(struct owner *owner, const struct cast *cast, struct block *blocks, unsigned *count)
{
    uint32_t size = (uint32_t)random_scaled(&owner->seed, 18);
    unsigned i = *count > 0 ? (unsigned)random_below(&owner->seed, *count) : 0;
    if (*count == 0 || (*count < PEAK_BLOCKS && random_one_in(&owner->seed, 2))) {
        blocks[*count] = allocate(owner, cast, (unsigned)random_below(&owner->seed, CONTEXTS), size);
        peaks_change(&blocks[(*count)++], size);
    } else if (random_one_in(&owner->seed, 3)) {
        peaks_change(&blocks[i], (uint64_t)size - blocks[i].size_low);
        resize(owner, &blocks[i], size);
    } else {
        peaks_change(&blocks[i], -(uint64_t)blocks[i].size_low);
        release(owner, &blocks[i]);
        blocks[i] = blocks[--*count];
    }
}

static void peaks_are_off_by_64_kib_a_thread(void **state)
{
    (void)state;
    static struct block blocks[PEAK_BLOCKS];
    unsigned count = 0;
    struct cast cast = new_cast();
    struct owner owner[PEAK_SLABS];
    for (unsigned i = 0; i < PEAK_SLABS; i++) {
        owner[i] = (struct owner){.self = 100 + i, .seed = i};
        take(&owner[i]);
    }
    for (unsigned round = 0; round < 200000; round++) {
        struct owner *busy = &owner[round / 7 % PEAK_SLABS];
        be_busy(busy, &cast, blocks, &count);
        assert_in_range(held_back(busy->slab), 0, NET_ERROR);
        tick_now += round % 1000 == 0;
    }
    assert_int_equal(slab_peak_error(), NET_ERROR);
    for (unsigned i = 0; i < TAGS; i++)
        assert_near(tag_peak(cast.tag[i]), peak_tag[cast.tag[i]].peak, PEAK_SLABS * NET_ERROR);
    assert_near(total_peak(), peak_total.peak, PEAK_SLABS * NET_ERROR);
    assert_in_range(total_peak(), 20 * PEAK_SLABS * NET_ERROR, UINT64_MAX); /* or the bound means nothing here */
    while (count > 0)
        release(&owner[0], &blocks[--count]);
    for (unsigned i = 0; i < PEAK_SLABS; i++) {
        leave(&owner[i]);
        assert_int_equal(held_back(owner[i].slab), 0);
    }
}

/* Each new tag makes the share of all others smaller: what was held back under the old share may be too much. */
static void tags_that_come_later_leave_the_bound(void **state)
{
    (void)state;
    struct owner owner = {.self = 110};
    struct block blocks[64];
    struct cast cast;
    take(&owner);
    for (unsigned i = 0; i < 64; i++) {
        unsigned tag = new_tag();
        cast.key[0] = context_key(0x100000 + i, 1, 0);
        context_intern(cast.key[0], tag);
        lock_books_for(&owner);
        slab_limit(owner.slab);
        lock_release(&lock_books);
        uint32_t size = (uint32_t)owner.slab->net_most / 2;
        blocks[i] = allocate(&owner, &cast, 0, size);
        assert_in_range(held_back(owner.slab), 0, slab_peak_error());
        assert_near(tag_peak(tag), size, slab_peak_error());
    }
    for (unsigned i = 0; i < 64; i++) {
        release(&owner, &blocks[i]);
        assert_in_range(held_back(owner.slab), 0, slab_peak_error());
    }
    leave(&owner);
}

/* ---- whose slab it is ---- */

static void a_slab_has_an_owner(void **state)
{
    (void)state;
    struct owner a = {.self = 200};
    struct owner b = {.self = 201};
    take(&a);
    take(&b);
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
    leave(&a);
    leave(&b);
    assert_int_equal(slab_owners_past(), past + 2);
    assert_null(slab_of(200));
}

static unsigned slabs_there(void)
{
    unsigned count = 0;
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
        count++;
    return count;
}

static void a_slab_is_handed_on_with_its_sums(void **state)
{
    (void)state;
    struct cast cast = new_cast();
    struct block blocks[100];
    struct owner owner = {.self = 210};
    take(&owner);
    for (unsigned i = 0; i < 100; i++)
        blocks[i] = allocate(&owner, &cast, i, 1000 + i);
    for (unsigned i = 90; i < 100; i++)
        release(&owner, &blocks[i]);
    struct slab_cell sum = slab_sum(owner.slab);
    struct slab *slab = owner.slab;
    slab->scope = cast.tag[3];
    unsigned there = slabs_there();
    leave(&owner);
    tick_now += 50;
    assert_books(&cast, blocks, 90);

    struct owner heir = {.self = 211};
    take(&heir);
    assert_ptr_equal(heir.slab, slab);
    assert_int_equal(slabs_there(), there);
    assert_memory_equal(&heir.slab->before, &sum, sizeof sum);
    assert_int_equal(heir.slab->tick, tick_now);
    assert_int_equal(heir.slab->scope, 0);
    assert_books(&cast, blocks, 90);
    for (unsigned i = 0; i < 90; i++)
        release(&heir, &blocks[i]);
    assert_books(&cast, blocks, 0);
    leave(&heir);
}

/* The new owner read the clock before it had to wait for the lock; the old one has met a newer tick meanwhile. */
static void a_slab_is_handed_on_at_an_older_tick(void **state)
{
    (void)state;
    struct cast cast = new_cast();
    struct owner owner = {.self = 220};
    tick_now = 10000;
    take(&owner);
    tick_now++;
    struct block block = allocate(&owner, &cast, 0, 1000);
    leave(&owner);
    tick_now--;
    take(&owner);
    struct block other = allocate(&owner, &cast, 0, 1000);
    tick_now++;
    meet_tick(&owner);
    for (unsigned i = 0; i < 1000; i++, tick_now++)
        assert_books(&cast, (struct block[]){block, other}, 2);
    release(&owner, &block);
    release(&owner, &other);
    for (unsigned i = 0; i < 1000; i++, tick_now++)
        assert_books(&cast, NULL, 0);
    leave(&owner);
}

static void a_forked_childs_slabs_are_orphans(void **state)
{
    (void)state;
    struct owner owner[3];
    for (unsigned i = 0; i < 3; i++) {
        owner[i] = (struct owner){.self = 230 + i};
        take(&owner[i]);
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
    take(owner);
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
    take(&alive);
    take(&unknown);
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
    leave(&alive);
    leave(&unknown);
}

/* ---- young and settled ---- */

static void blocks_settle_when_their_tick_has_passed(void **state)
{
    (void)state;
    struct cast cast = new_cast();
    struct owner owner = {.self = 240};
    take(&owner);
    const struct slab_tag *tag = &owner.slab->tag[cast.tag[0]];
    struct block young = allocate(&owner, &cast, 0, 100);
    struct block old = allocate(&owner, &cast, 0, 10);
    assert_int_equal(tag->settled.blocks, 0);
    tick_now++;
    meet_tick(&owner);
    assert_int_equal(tag->settled.blocks, 2);
    assert_int_equal(tag->settled.bytes, 110);
    release(&owner, &young);
    assert_int_equal(tag->settled.blocks, 1);
    assert_int_equal(tag->lifetime[0], 1);
    tick_now += 2 * age_edges[1];
    assert_books(&cast, &old, 1);
    release(&owner, &old);
    assert_int_equal(tag->lifetime[2], 1);
    assert_int_equal(tag->settled.blocks, 0);
    assert_int_equal(tag->settled.bytes, 0);
    struct block short_lived = allocate(&owner, &cast, 0, 1);
    release(&owner, &short_lived); /* is in no row: what the others leave of the freed */
    for (unsigned row = 0; row < AGE_ROWS; row++)
        assert_int_equal(tag->lifetime[row], row == 0 || row == 2);
    assert_books(&cast, NULL, 0);
    leave(&owner);
}

/* Owners that take turns, over days: each block ages as if there were one thread. */
static void ages_over_days(void **state)
{
    (void)state;
    enum { SLABS = 3, BLOCKS = 1000 };
    static struct block blocks[BLOCKS];
    unsigned count = 0;
    uint64_t seed = 9;
    struct cast cast = new_cast();
    struct owner owner[SLABS];
    for (unsigned i = 0; i < SLABS; i++) {
        owner[i] = (struct owner){.self = 250 + i, .seed = i};
        take(&owner[i]);
    }
    for (unsigned round = 0; round < 30000; round++) {
        struct owner *busy = &owner[random_one_in(&seed, 300) ? 2 : random_below(&seed, 2)];
        unsigned i = count > 0 ? (unsigned)random_below(&seed, count) : 0;
        if (count < BLOCKS && random_below(&seed, 100) < 52) {
            blocks[count++] = allocate(busy, &cast, (unsigned)random_below(&seed, CONTEXTS), round);
        } else if (count > 0 && random_one_in(&seed, 3)) {
            resize(busy, &blocks[i], round);
        } else if (count > 0) {
            release(busy, &blocks[i]);
            blocks[i] = blocks[--count];
        }
        if (random_one_in(&seed, 8))
            tick_now += (uint32_t)random_scaled(&seed, 10);
        if (round % 500 == 0)
            assert_books(&cast, blocks, count);
    }
    for (unsigned i = 0; i < SLABS; i++)
        leave(&owner[i]);
    assert_books(&cast, blocks, count);
}

/* ---- real threads ---- */

enum { THREADS = 4, OPERATIONS = 40000 };

/* Blocks on their way from one thread to another. */
static struct {
    pthread_mutex_t mutex;
    struct block block[POOL];
    unsigned count;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool pool_put(const struct block *block)
{
    pthread_mutex_lock(&pool.mutex);
    bool room = pool.count < POOL;
    if (room)
        pool.block[pool.count++] = *block;
    pthread_mutex_unlock(&pool.mutex);
    return room;
}

static bool pool_get(struct block *block, uint64_t which)
{
    pthread_mutex_lock(&pool.mutex);
    bool some = pool.count > 0;
    if (some) {
        struct block *place = &pool.block[which % pool.count];
        *block = *place;
        *place = pool.block[--pool.count];
    }
    pthread_mutex_unlock(&pool.mutex);
    return some;
}

static struct cast threads_cast;
static unsigned threads_running;

static void operate(struct owner *owner)
{
    struct block block;
    unsigned i = (unsigned)random_below(&owner->seed, CONTEXTS);
    uint32_t size = (uint32_t)random_scaled(&owner->seed, 16);
    if (random_one_in(&owner->seed, 2)) {
        block = allocate(owner, &threads_cast, i, size);
        if (!pool_put(&block))
            release(owner, &block);
    } else if (pool_get(&block, random_next(&owner->seed))) {
        if (random_one_in(&owner->seed, 4)) {
            resize(owner, &block, size);
            if (pool_put(&block))
                return;
        }
        release(owner, &block);
    }
}

static void *be_a_thread(void *argument)
{
    struct owner *owner = argument;
    take(owner);
    for (unsigned i = 0; i < OPERATIONS; i++)
        operate(owner);
    leave(owner);
    __atomic_sub_fetch(&threads_running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static bool smaller(const struct slab_cell *a, const struct slab_cell *b)
{
    return a->allocated.blocks < b->allocated.blocks || a->freed.blocks < b->freed.blocks ||
           a->freed.bytes < b->freed.bytes;
}

/* Looks at all slabs as a report does; what was counted once is never seen uncounted again. */
static void look_on(void)
{
    enum { SLABS = 32 };
    static struct slab_cell seen[SLABS];
    unsigned i = slabs_there();
    assert_in_range(i, 1, SLABS);
    read_books();
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next) {
        assert_int_equal(lock_take(&lock_books, (struct lock_owner){MAIN_SELF}), LOCK_TAKEN);
        struct slab_cell sum = slab_sum(slab);
        lock_release(&lock_books);
        assert_false(smaller(&sum, &seen[--i]));
        seen[i] = sum;
    }
}

/* Also the tick goes on meanwhile. */
static void a_reader_looks_on(void **state)
{
    (void)state;
    struct owner owner[THREADS];
    pthread_t thread[THREADS];
    uint64_t seed = 3;
    threads_cast = new_cast();
    threads_running = THREADS;
    for (unsigned i = 0; i < THREADS; i++) {
        owner[i] = (struct owner){.self = 300 + i, .seed = i};
        assert_int_equal(pthread_create(&thread[i], NULL, be_a_thread, &owner[i]), 0);
    }
    while (__atomic_load_n(&threads_running, __ATOMIC_ACQUIRE) != 0) {
        look_on();
        __atomic_store_n(&tick_now, tick_now + 1 + (uint32_t)random_scaled(&seed, 5), __ATOMIC_RELAXED);
        usleep(300);
    }
    struct slab_cell did = {{0, 0}, {0, 0}};
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        add(&did.allocated, owner[i].did.allocated.blocks, owner[i].did.allocated.bytes);
        add(&did.freed, owner[i].did.freed.blocks, owner[i].did.freed.bytes);
    }
    assert_in_range(did.freed.blocks, 10000, did.allocated.blocks);
    assert_int_equal(did.allocated.blocks - did.freed.blocks, pool.count);
    assert_books(&threads_cast, pool.block, pool.count);
}

/* ---- threads that come and go ---- */

enum { LANES = 3, LIVES = 100, SHORT_LIFE = 60 };

static uint32_t lives_begun;
static uint32_t lives_wrong;

static bool equal(const struct amount *a, uint64_t blocks, uint64_t bytes)
{
    return a->blocks == blocks && a->bytes == bytes;
}

/* What a thread did is what its slab has more than when it came; resizes count nothing here. */
static void *live_shortly(void *unused)
{
    (void)unused;
    uint32_t life = __atomic_add_fetch(&lives_begun, 1, __ATOMIC_RELAXED);
    struct owner owner = {.self = 1000 + life, .seed = life};
    take(&owner);
    const struct slab_cell *before = &owner.slab->before;
    for (unsigned i = 0; i < SHORT_LIFE; i++) {
        struct block block;
        if (random_one_in(&owner.seed, 2) && pool_get(&block, random_next(&owner.seed))) {
            release(&owner, &block);
            continue;
        }
        block = allocate(&owner, &threads_cast, (unsigned)random_below(&owner.seed, CONTEXTS), 100 + i);
        if (!pool_put(&block))
            release(&owner, &block);
    }
    struct slab_cell sum = slab_sum(owner.slab);
    bool right =
        equal(&owner.did.allocated, sum.allocated.blocks - before->allocated.blocks,
              sum.allocated.bytes - before->allocated.bytes) &&
        equal(&owner.did.freed, sum.freed.blocks - before->freed.blocks, sum.freed.bytes - before->freed.bytes);
    if (!right)
        __atomic_add_fetch(&lives_wrong, 1, __ATOMIC_RELAXED);
    leave(&owner);
    return NULL;
}

static void *be_a_lane(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < LIVES; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, live_shortly, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    }
    __atomic_sub_fetch(&threads_running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void threads_come_and_go(void **state)
{
    (void)state;
    unsigned there = slabs_there();
    unsigned past = slab_owners_past();
    pthread_t lane[LANES];
    threads_running = LANES;
    for (unsigned i = 0; i < LANES; i++)
        assert_int_equal(pthread_create(&lane[i], NULL, be_a_lane, NULL), 0);
    while (__atomic_load_n(&threads_running, __ATOMIC_ACQUIRE) != 0) {
        look_on();
        __atomic_store_n(&tick_now, tick_now + 1, __ATOMIC_RELAXED);
        usleep(300);
    }
    for (unsigned i = 0; i < LANES; i++)
        pthread_join(lane[i], NULL);
    assert_int_equal(lives_wrong, 0);
    assert_int_equal(slab_owners_past(), past + LANES * LIVES);
    assert_in_range(slabs_there(), there, there + LANES);
    assert_books(&threads_cast, pool.block, pool.count);
}

/* ---- the site cache ---- */

static uint64_t cached_word(uint64_t key)
{
    uint64_t mixed = key * 0x9E3779B97F4A7C15u >> 20;
    return block_word((unsigned)mixed % TAGS_MAX, (unsigned)(mixed >> 12) % CONTEXTS_MAX);
}

enum { CACHED_KEYS = 1 << 17 };

/* Calls stand in code at uneven distances, and ask for blocks of three sizes each. */
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
    uint64_t word = slab_recall(slab, key);
    const struct slab_site *home = slab_site(slab, key);
    assert_int_equal(home->key == key, word != 0);
    if (word == 0)
        return false;
    assert_int_equal(word, cached_word(key));
    assert_int_equal(home->word, word);
    assert_ptr_equal(home->tag, &slab->tag[(uint16_t)word]);
    assert_ptr_equal(home->cell, &slab->cell[(uint16_t)(word >> 16)]);
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

/* What stands in a key's line, in keys[]; how many they are. */
static unsigned keys_in_line(struct slab *slab, uint64_t key, uint64_t keys[SITES_WAYS])
{
    const struct slab_site *line = line_of(slab, key);
    unsigned count = 0;
    for (unsigned way = 0; way < SITES_WAYS; way++)
        if (line[way].key != 0 && line_of(slab, line[way].key) == line)
            keys[count++] = line[way].key;
    return count;
}

/* A new key pushes out one other of its line, and none while there is room. */
static void a_key_is_found_until_another_takes_its_place(void **state)
{
    (void)state;
    struct slab *slab = fresh_slab();
    unsigned pushed_out = 0;
    for (unsigned n = 0; n < 20000; n++) {
        uint64_t key = cached_key(n);
        uint64_t keys[SITES_WAYS];
        unsigned before = keys_in_line(slab, key, keys);
        bool room = line_of(slab, key)[0].key == 0 || line_of(slab, key)[1].key == 0;
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
        assert_in_range(after, room ? before : before - (before > 0), before);
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
    take(&owner);
    struct slab *slab = owner.slab;
    remember(slab, cached_key(0));
    leave(&owner);
    take(&owner);
    assert_ptr_equal(owner.slab, slab);
    assert_true(found(slab, cached_key(0)));
    leave(&owner);
    slab_forget_sites();
    take(&owner);
    assert_ptr_equal(owner.slab, slab);
    assert_false(found(slab, cached_key(0)));
    leave(&owner);
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
    uint64_t word = slab_recall(slab, handler.key[asked]);
    if (word == 0)
        slab_remember(slab, handler.key[asked], cached_word(handler.key[asked]));
    TRAPS_END();
    assert_true(word == 0 || word == cached_word(handler.key[asked]));
    for (unsigned i = 0; i < LINE_KEYS; i++)
        found(slab, handler.key[i]);
    return handler.step > at;
}

/* As the fast path looks: the word is read first. */
static uint64_t look_as_track_does(struct slab *slab, uint64_t key)
{
    const struct slab_site *at = slab_site(slab, key);
    struct slab_site site = {.word = at->word, .cell = at->cell, .tag = at->tag};
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (at->key != key)
        return 0;
    struct slab_site right = slab_site_of(slab, site.word);
    return site.cell == right.cell && site.tag == right.tag ? site.word : UINT64_MAX;
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
    uint64_t word = look_as_track_does(slab, handler.key[asked]);
    TRAPS_END();
    assert_true(word == 0 || word == cached_word(handler.key[asked]));
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
        cmocka_unit_test_setup(peaks_are_off_by_64_kib_a_thread, begin),
        cmocka_unit_test_setup(tags_that_come_later_leave_the_bound, begin),
        cmocka_unit_test_setup(a_slab_has_an_owner, begin),
        cmocka_unit_test_setup(a_slab_is_handed_on_with_its_sums, begin),
        cmocka_unit_test_setup(a_slab_is_handed_on_at_an_older_tick, begin),
        cmocka_unit_test_setup(a_forked_childs_slabs_are_orphans, begin),
        cmocka_unit_test_setup(a_thread_that_ended_unheard_is_found, begin),
        cmocka_unit_test_setup(blocks_settle_when_their_tick_has_passed, begin),
        cmocka_unit_test_setup(ages_over_days, begin),
        cmocka_unit_test_setup(a_reader_looks_on, begin),
        cmocka_unit_test_setup(threads_come_and_go, begin),
        cmocka_unit_test_setup(memory_is_owned_up_to, begin),
        cmocka_unit_test_setup(a_key_is_found_until_another_takes_its_place, begin),
        cmocka_unit_test_setup(keys_that_swap_get_room, begin),
        cmocka_unit_test_setup(a_word_is_never_another_keys, begin),
        cmocka_unit_test_setup(a_neighbour_is_not_taken_for_a_key, begin),
        cmocka_unit_test_setup(the_cache_grows_with_its_use_and_ends, begin),
        cmocka_unit_test_setup(a_slab_is_handed_on_without_what_was_forgotten, begin),
        cmocka_unit_test_setup(a_handler_may_come_at_any_instruction, begin),
        cmocka_unit_test_setup(a_handler_may_come_while_the_fast_path_looks, begin),
    };
    return cmocka_run_group_tests_name("slab", tests, start, NULL);
}
