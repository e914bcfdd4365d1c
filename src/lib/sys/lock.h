/* Locks for rare work only: a new call site, a thread's first allocation, a tick, a report. No allocation waits for
 * one otherwise.
 *
 * Their order, and who waits:
 *
 *   report  the snapshot, its text, the segment  the reporter; the program where it asks for a report, and at its end
 *   books   slabs, contexts, tags, sites         any thread in an allocation or a free; the reporter, under `report`
 *   names   the names of call sites              the reporter, under `report`; any thread in dlclose or at a tick
 *
 * An allocation may wait for `books`, whatever lock of the C library or the program its thread holds. So nothing is
 * waited for under `books`: no other lock, no file, nothing but the kernel's memory. No lock is held across fork, nor
 * waited for by who forks: it would hold ours while it waits for those of streams, which a thread that waits for ours
 * may have. What a fork copies in the middle, the child repairs (lifecycle.c). The reporter waits for none of them when
 * it has been asked to stop, and who ends the process for none without a limit.
 *
 * A thread that already holds a lock - a signal handler that allocates in the middle of our own rare work - is told
 * so instead of being blocked, and then does the least that keeps the totals right. */
#ifndef TM_LOCK_H
#define TM_LOCK_H

#include "base.h"

enum lock_state { LOCK_BUSY, LOCK_TAKEN, LOCK_NESTED };

/* Free: 0. Taken: who has it, in one word with whether somebody waits, so that there is no moment at which a lock is
 * taken and nobody is known to have it (a signal handler may come at any). */
struct lock {
    uint32_t word;
};

SHARED struct lock lock_accounting; /* slabs, contexts, tags */
SHARED struct lock lock_report;     /* the snapshot and its text; taken before lock_accounting */
SHARED struct lock lock_names;      /* the names of call sites; taken last */

/* Who takes a lock: every function that may take one gets it from its caller (`self`), as the reporter's thread has no
 * thread-local storage to be known by. The address of something that is the thread's own, at least 128 bytes from any
 * other thread's. */
struct lock_owner {
    uintptr_t address;
};

HOT struct lock_owner lock_owner_of_reporter(void)
{
    return (struct lock_owner){(uintptr_t)&lock_report};
}

HOT bool lock_owner_is_reporter(struct lock_owner self)
{
    return self.address == (uintptr_t)&lock_report;
}

enum lock_state lock_take(struct lock *lock, struct lock_owner self);
enum lock_state lock_try(struct lock *lock, struct lock_owner self); /* LOCK_BUSY: another thread has it */
/* Waits no longer than so many milliseconds: for a thread of the program that others may be waiting for. */
enum lock_state lock_take_within(struct lock *lock, struct lock_owner self, unsigned ms);
void lock_release(struct lock *lock);
void lock_reset(struct lock *lock); /* in a forked child: nobody else is there to release it */

/* Whoever is `self` waits for no lock any longer once *stop is not 0; lock_take then says LOCK_BUSY. Only one can: the
 * reporter, which a program's thread may wait for while it holds a lock itself (in a signal handler). */
void lock_give_way(struct lock_owner self, const uint32_t *stop);

#endif
