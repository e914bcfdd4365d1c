#include "lock.h"

#include "sys.h"

struct lock lock_accounting;
struct lock lock_report;
struct lock lock_names;

enum { WAITED_FOR = 1, ID_SHIFT = 5 };

/* Bits 7 to 36 of the address: no two threads' storage is a multiple of 128 GiB apart. Never 0, and without WAITED_FOR.
 */
static uint32_t id_of(struct lock_owner self)
{
    return (uint32_t)(self.address >> ID_SHIFT) | 2u;
}

static bool swap(struct lock *lock, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&lock->word, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

enum lock_state lock_try(struct lock *lock, struct lock_owner self)
{
    uint32_t id = id_of(self) & ~(uint32_t)WAITED_FOR;
    if ((__atomic_load_n(&lock->word, __ATOMIC_RELAXED) & ~(uint32_t)WAITED_FOR) == id)
        return LOCK_NESTED;
    return swap(lock, 0, id) ? LOCK_TAKEN : LOCK_BUSY;
}

static struct {
    struct lock_owner self;
    const uint32_t *stop;
} gives_way;

void lock_give_way(struct lock_owner self, const uint32_t *stop)
{
    gives_way.self = self;
    gives_way.stop = stop;
}

enum { SLICE_NS = 1000000, FOR_EVER = 0 };

/* Ulrich Drepper, "Futexes Are Tricky", mutex 2: whoever has waited leaves the mark behind. */
static enum lock_state wait_for(struct lock *lock, struct lock_owner self, const uint32_t *stop, unsigned slices)
{
    const uint64_t timeout = stop != NULL || slices != FOR_EVER ? SLICE_NS : 0;
    unsigned waited = 0;
    while (!swap(lock, 0, id_of(self) | WAITED_FOR)) {
        uint32_t seen = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
        if ((stop != NULL && __atomic_load_n(stop, __ATOMIC_ACQUIRE) != 0) || (slices != FOR_EVER && waited == slices))
            return LOCK_BUSY;
        if (seen == 0 || (!(seen & WAITED_FOR) && !swap(lock, seen, seen | WAITED_FOR)))
            continue;
        sys_futex_wait(&lock->word, seen | WAITED_FOR, timeout);
        waited++;
    }
    return LOCK_TAKEN;
}

enum lock_state lock_take(struct lock *lock, struct lock_owner self)
{
    enum lock_state state = lock_try(lock, self);
    const uint32_t *stop = self.address == gives_way.self.address ? gives_way.stop : NULL;
    return state != LOCK_BUSY ? state : wait_for(lock, self, stop, FOR_EVER);
}

enum lock_state lock_take_within(struct lock *lock, struct lock_owner self, unsigned ms)
{
    enum lock_state state = lock_try(lock, self);
    return state != LOCK_BUSY ? state : wait_for(lock, self, NULL, ms);
}

void lock_release(struct lock *lock)
{
    /* Release pairs with the acquire of swap. */
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) & WAITED_FOR)
        sys_futex_wake(&lock->word, 1);
}

void lock_reset(struct lock *lock)
{
    __atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}
