/* Locks for rare work only: a new call site, a thread's first allocation, a tick, a report. No allocation waits for
 * one otherwise.
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

SHARED struct lock lock_books;  /* slabs, contexts, tags */
SHARED struct lock lock_report; /* the snapshot and its text; taken before lock_books */
SHARED struct lock lock_names;  /* the names of call sites; taken last */

/* `self` is the address of something that is this thread's own, at least 128 bytes from any other thread's. */
enum lock_state lock_take(struct lock *lock, uintptr_t self);
enum lock_state lock_try(struct lock *lock, uintptr_t self); /* LOCK_BUSY: another thread has it */
void lock_release(struct lock *lock);
void lock_reset(struct lock *lock); /* in a forked child: nobody else is there to release it */

#endif
