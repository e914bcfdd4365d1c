/* Where reports go: stderr, nowhere, or a file.
 *
 * A file is made when there is a report to write: a launcher that execs the program that is meant (su, setpriv,
 * runuser) leaves none of its own user in the way. Where it cannot be written to, one line is logged, and its reports
 * are dropped and counted, in a note of the snapshot: when a file was asked for, none goes to stderr. */
#ifndef TM_OUTPUT_H
#define TM_OUTPUT_H

#include <sys/types.h>

#include "lib/sys/base.h"
#include "lib/sys/lock.h"

/* Once, at start: the directory that a relative path is meant against. */
void output_configure(void);

bool output_is_mute(void); /* output=none */
bool output_is_stderr(void);

/* Writes one report, under lock_report. `self` is the caller to a lock; `stop`, when not NULL and not 0, ends the
 * patience with a slow reader. false: it was dropped. */
bool output_write(const char *text, size_t length, const uint32_t *stop, struct lock_owner self);

/* The process is root's and becomes another user's, for good: a report file of ours goes along, for else nobody could
 * write to it any more, or make it where only root may. Any thread, without a lock. */
void output_hand_over(uid_t user);

void output_forked(void);

#endif
