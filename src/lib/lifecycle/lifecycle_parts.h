/* What the files of the life cycle share; lifecycle.h has what others call. */
#ifndef TM_LIFECYCLE_PARTS_H
#define TM_LIFECYCLE_PARTS_H

#include "lib/sys/base.h"

/* This process's number, or 1 in a sandbox, where nobody can be asked. */
uint32_t lifecycle_own_pid(void);

/* For each allocation while there is no reporter thread (state_events). */
void lifecycle_unticked(uint32_t now);

/* Around fork (pthread_atfork). */
void lifecycle_fork_prepare(void);
void lifecycle_fork_parent(void);
void lifecycle_fork_child(void);

/* For at_quick_exit. */
void lifecycle_quick_exit_begins(void *unused);

#endif
