#include "lock.h"

#include "sys.h"

struct lock lock_books;
struct lock lock_report;

static bool lock_swap(struct lock *lock, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&lock->word, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static enum lock_state lock_own(struct lock *lock, uintptr_t self)
{
    __atomic_store_n(&lock->holder, self, __ATOMIC_RELAXED);
    return LOCK_TAKEN;
}

enum lock_state lock_try(struct lock *lock, uintptr_t self)
{
    if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == self)
        return LOCK_NESTED;
    return lock_swap(lock, 0, 1) ? lock_own(lock, self) : LOCK_BUSY;
}

enum lock_state lock_take(struct lock *lock, uintptr_t self)
{
    enum lock_state state = lock_try(lock, self);
    if (state != LOCK_BUSY)
        return state;
    /* Ulrich Drepper, "Futexes Are Tricky", mutex 2: whoever has waited leaves 2 behind. */
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0)
        sys_futex_wait(&lock->word, 2, 0);
    return lock_own(lock, self);
}

void lock_release(struct lock *lock)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELAXED);
    /* Release pairs with the acquire of lock_swap and lock_take. */
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        sys_futex_wake(&lock->word, 1);
}

void lock_reset(struct lock *lock)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}
