/* A helper thread: work with descriptors of its own.
 *
 * What opens files must take no number from the program, and what writes to stderr must not be handed another file
 * between the look at it and the write. A thread of the program may do either: it is its own call that waits. The
 * reporter shares the program's descriptors while the program runs, so it sends a thread that parts from them first. */
#ifndef TM_HELPER_H
#define TM_HELPER_H

#include "base.h"
#include "lock.h"

/* Runs work(argument) without descriptors, and returns when it is done. Under lock_report; `self` is the caller to a
 * lock. The work may use raw system calls and string functions. false: nothing was done, there was no such thread. */
bool helper_run(void (*work)(void *), void *argument, struct lock_owner self);
/* The same, with the standard descriptors as they are at the moment. */
bool helper_run_with_stderr(void (*work)(void *), void *argument, struct lock_owner self);

#endif
