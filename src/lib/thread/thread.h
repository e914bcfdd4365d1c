/* The calling thread: its slab, its name, and its end. */
#ifndef TM_THREAD_H
#define TM_THREAD_H

#include "lib/account/slab.h"
#include "lib/sys/base.h"
#include "lib/sys/lock.h"

/* The thread's slab. At first a static one that no tick matches, so that "no slab yet" and "a new tick" are the
 * same test. */
SHARED __thread struct slab *thread_slab __attribute__((tls_model("initial-exec")));

SHARED uint32_t thread_no_slab[];

HOT bool thread_has_slab(void)
{
    return LIKELY(thread_slab != (struct slab *)thread_no_slab);
}

/* Finds it one, where there is one to be had; not while that is under way already, nor after its end. */
void thread_take_slab(uint32_t tick);

/* Who this thread is to a lock. */
struct lock_owner thread_self(void);

/* How deep this thread is in work on the shared slab that it does in the middle of such work of its own, which holds
 * the accounting lock (a signal handler allocates): nothing else that the lock guards may be touched then. */
SHARED __thread unsigned thread_nested __attribute__((tls_model("initial-exec")));

/* This thread will run no more code but glibc's own (its slab is handed on), or a thread's name has changed. */
void thread_ends(void);
void thread_named(uintptr_t owner, const char *name);
/* For a report: reads the names of all threads again, from the kernel, which knows those too that nobody heard of
 * (written to /proc/self/task/TID/comm, or by a raw prctl). At most THREAD_ROWS of them, some us each; the reporter
 * does so once a second at most. Under lock_report, without the accounting lock; `self` as for a lock. */
enum { THREAD_ROWS = 1024 };
void thread_read_names(struct lock_owner self);

/* In a forked child: the slabs of all other threads have lost their owners. */
void thread_forked(void);

#endif
