/* Names of code addresses, each found out once.
 *
 * What an object exports is named at once, from memory. The names of its other functions are in its file, and opening
 * one takes the lowest descriptor for a moment: in a process of one thread that thread may count on it, so only
 * itself opens files then, at its next tick; until then the name is the address in the file. */
#ifndef TM_NAME_H
#define TM_NAME_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

/* Copies MODULE!FUNCTION+0x12 (symbol.h), and returns its length; 0 where this thread is in the middle of such work.
 * Any thread; faults on nothing. `self` as for a lock. Names that find no space are found out again each time. */
size_t name_copy(unsigned object, uintptr_t address, char name[SNAPSHOT_SITE_NAME], struct lock_owner self);
/* Finds it out while it can be, for who asks later. */
void name_learn(unsigned object, uintptr_t address, struct lock_owner self);

/* Finds out the names that wait for a thread of the program, which calls this. */
SHARED bool name_waiting;
void name_catch_up(struct lock_owner self);

#endif
