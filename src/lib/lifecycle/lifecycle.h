/* Start, fork and exit: when the library comes up, whether it tracks, and when it speaks last. */
#ifndef TM_LIFECYCLE_H
#define TM_LIFECYCLE_H

#include "lib/sys/base.h"

/* Brings the library up: from an allocation or our constructor, never from a function that is only listened to. It
 * takes no lock and calls nothing that may allocate (hazards 31). false: not yet, or that is under way; the arena
 * serves. */
bool lifecycle_up(void);

/* Sets up a forked child, if this is one that has not been. */
void lifecycle_init_child(void);

/* The program ends at once, without exit handlers (_exit). */
void lifecycle_leaves(void);
/* The program takes stderr down, or has no further use for it: says the exit report now if the exit has begun. */
void lifecycle_stderr_closes(void);
/* The program has registered an exit handler: ours must learn first that the exit has begun. */
void lifecycle_exit_handler_added(void);

#endif
