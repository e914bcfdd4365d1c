/* Slabs of threads that run while a reader adds them up; under ThreadSanitizer this is also the proof that he may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>

#include "lib/sys/lock.h"
#include "random.h"
#include "slab_owner.h"

enum { POOL = 4000, THREADS = 4, OPERATIONS = 40000 };

/* One slab is there from the start, as in a process whose first thread has allocated. */
static int start_with_one(void **state)
{
    struct owner owner = {.self = 299};
    owners_start(state);
    owner_take(&owner);
    owner_leave(&owner);
    return 0;
}

/* Blocks on their way from one thread to another. */
static struct {
    pthread_mutex_t mutex;
    struct block block[POOL];
    unsigned count;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool pool_put(const struct block *block)
{
    pthread_mutex_lock(&pool.mutex);
    bool space = pool.count < POOL;
    if (space)
        pool.block[pool.count++] = *block;
    pthread_mutex_unlock(&pool.mutex);
    return space;
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

static struct fixture threads_fixture;
static unsigned threads_running;

static void operate(struct owner *owner)
{
    struct block block;
    unsigned i = (unsigned)random_below(&owner->seed, CONTEXTS);
    uint32_t size = (uint32_t)random_scaled(&owner->seed, 16);
    if (random_one_in(&owner->seed, 2)) {
        block = owner_allocate(owner, &threads_fixture, i, size);
        if (!pool_put(&block))
            owner_release(owner, &block);
    } else if (pool_get(&block, random_next(&owner->seed))) {
        if (random_one_in(&owner->seed, 4)) {
            owner_resize(owner, &block, size);
            if (pool_put(&block))
                return;
        }
        owner_release(owner, &block);
    }
}

static void *be_a_thread(void *argument)
{
    struct owner *owner = argument;
    owner_take(owner);
    for (unsigned i = 0; i < OPERATIONS; i++)
        operate(owner);
    owner_leave(owner);
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
    unsigned i = slabs_count();
    assert_in_range(i, 1, SLABS);
    slabs_read();
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next) {
        assert_int_equal(lock_take(&lock_accounting, (struct lock_owner){MAIN_SELF}), LOCK_TAKEN);
        struct slab_cell sum = slab_sum(slab);
        lock_release(&lock_accounting);
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
    threads_fixture = fixture_new();
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
        amount_add_up(&did.allocated, owner[i].did.allocated.blocks, owner[i].did.allocated.bytes);
        amount_add_up(&did.freed, owner[i].did.freed.blocks, owner[i].did.freed.bytes);
    }
    assert_in_range(did.freed.blocks, 10000, did.allocated.blocks);
    assert_int_equal(did.allocated.blocks - did.freed.blocks, pool.count);
    assert_slabs_hold(&threads_fixture, pool.block, pool.count);
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
    owner_take(&owner);
    const struct slab_cell *before = &owner.slab->before;
    for (unsigned i = 0; i < SHORT_LIFE; i++) {
        struct block block;
        if (random_one_in(&owner.seed, 2) && pool_get(&block, random_next(&owner.seed))) {
            owner_release(&owner, &block);
            continue;
        }
        block = owner_allocate(&owner, &threads_fixture, (unsigned)random_below(&owner.seed, CONTEXTS), 100 + i);
        if (!pool_put(&block))
            owner_release(&owner, &block);
    }
    struct slab_cell sum = slab_sum(owner.slab);
    bool right =
        equal(&owner.did.allocated, sum.allocated.blocks - before->allocated.blocks,
              sum.allocated.bytes - before->allocated.bytes) &&
        equal(&owner.did.freed, sum.freed.blocks - before->freed.blocks, sum.freed.bytes - before->freed.bytes);
    if (!right)
        __atomic_add_fetch(&lives_wrong, 1, __ATOMIC_RELAXED);
    owner_leave(&owner);
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
    unsigned there = slabs_count();
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
    assert_in_range(slabs_count(), there, there + LANES);
    assert_slabs_hold(&threads_fixture, pool.block, pool.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_reader_looks_on, owners_begin),
        cmocka_unit_test_setup(threads_come_and_go, owners_begin),
    };
    return cmocka_run_group_tests_name("slab_threads", tests, start_with_one, NULL);
}
