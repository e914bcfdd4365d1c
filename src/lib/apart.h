/* Work that opens files, without taking a descriptor number from the program.
 *
 * A thread of the program opens what it likes: it is its own call that waits. The reporter has the program's
 * descriptors while the program runs, so it sends a thread that gives them up first, for as long as the work takes. */
#ifndef TM_APART_H
#define TM_APART_H

#include "base.h"

/* Runs work(argument), and returns when it is done. Under lock_report; `self` is the caller to a lock. The work may use
 * raw system calls and string functions. false: there was no such thread to be had, and nothing was done. */
bool apart(void (*work)(void *), void *argument, uintptr_t self);

#endif
