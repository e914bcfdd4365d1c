#include "lock.h"

#include "sys.h"

struct lock lock_books;
struct lock lock_report;
struct lock lock_names;

enum { WAITED_FOR = 1, ID_SHIFT = 5 };

/* Bits 6 to 36 of the address: no two threads' storage lies a multiple of 128 GiB apart. Never 0. */
static uint32_t id_of(uintptr_t self)
{
    return (uint32_t)(self >> ID_SHIFT) | 2u;
}

static bool swap(struct lock *lock, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&lock->word, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

enum lock_state lock_try(struct lock *lock, uintptr_t self)
{
    uint32_t id = id_of(self) & ~(uint32_t)WAITED_FOR;
    if ((__atomic_load_n(&lock->word, __ATOMIC_RELAXED) & ~(uint32_t)WAITED_FOR) == id)
        return LOCK_NESTED;
    return swap(lock, 0, id) ? LOCK_TAKEN : LOCK_BUSY;
}

enum lock_state lock_take(struct lock *lock, uintptr_t self)
{
    enum lock_state state = lock_try(lock, self);
    if (state != LOCK_BUSY)
        return state;
    /* Ulrich Drepper, "Futexes Are Tricky", mutex 2: whoever has waited leaves the mark behind. */
    while (!swap(lock, 0, id_of(self) | WAITED_FOR)) {
        uint32_t seen = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
        if (seen != 0 && (seen & WAITED_FOR || swap(lock, seen, seen | WAITED_FOR)))
            sys_futex_wait(&lock->word, seen | WAITED_FOR, 0);
    }
    return LOCK_TAKEN;
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
