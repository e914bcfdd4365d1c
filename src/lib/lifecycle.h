/* Start, fork and exit: when the library comes up, whether it tracks, and when it speaks last. */
#ifndef TM_LIFECYCLE_H
#define TM_LIFECYCLE_H

#include "base.h"

/* Brings the library up: from an allocation or our constructor, never from a function that is only listened to. It
 * takes no lock and calls nothing that may allocate (hazards 31). false: not yet, or that is under way; the arena
 * serves. */
bool lifecycle_up(void);

/* Whether allocations are counted; false as well until the library is up. They are not in a program with a malloc of
 * its own, and not where `only=` says so: then every block is passed on as it is. */
bool lifecycle_tracks(void);

/* Whether the program has an operator new of its own: ours then leave all forms to the C++ library, whose forms
 * call the program's. */
SHARED bool lifecycle_own_new;
/* Whether the next operator new is a library's own: then every form is passed on, the plain ones too, as the library
 * may make its blocks in any way. */
SHARED bool lifecycle_foreign_new;
/* The same of realloc: reallocarray leaves it to the C library, whose reallocarray calls the program's. */
SHARED bool lifecycle_own_realloc;

/* Called for each allocation while there is no reporter thread: sets up a child that was forked past the C library,
 * starts the thread when its time has come. */
void lifecycle_unticked(uint32_t now);

/* The thread has a slab now: its end must be heard. */
void lifecycle_thread_began(void);

/* Whether this process is the one whose books these are: not a child that only borrows our memory (vfork). In a sandbox
 * nobody can be asked, and it is taken to be. */
bool lifecycle_at_home(void);
/* Sets up a forked child, if this is one that has not been. */
void lifecycle_settle_child(void);

/* The program ends at once, without exit handlers (_exit). */
void lifecycle_leaves(void);
/* The program takes stderr down, or has no further use for it: says the last word now if the exit has begun. */
void lifecycle_stderr_closes(void);
/* The program has registered an exit handler: ours must learn first that the exit has begun. */
void lifecycle_exit_handler_added(void);

#endif
