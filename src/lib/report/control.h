/* What others ask of the process, through the control page of its segment. */
#ifndef TM_CONTROL_H
#define TM_CONTROL_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"

/* The reporter, once a tick: carries out a request that came since the last look. */
void control_look(struct lock_owner self);

/* Whether somebody watches, so that a snapshot is wanted every so many ms; 0: nobody. As of the last look. */
uint64_t control_watch_ms(void);

/* What the public API does as well. */
void control_pause(void);
bool control_resume(void);                     /* false: nothing is paused */
bool control_baseline(struct lock_owner self); /* false: asked in the middle of a report */

#endif
