/* The reporter: one thread that keeps the tick and prints, also while the program idles.
 *
 * A process with a second thread is another process to the kernel: unshare fails, a raw capset reaches one thread
 * only. So the thread steps aside before such calls, and comes back when they return (nixpkgs#19047, bwrap, setpriv).
 * While there is none, callers read the time themselves and everything stays right. */
#ifndef TM_REPORTER_H
#define TM_REPORTER_H

#include "base.h"
#include "lock.h"
#include "snapshot/snapshot.h"

/* Once, at start: takes the options and the directory that relative paths are meant against. */
void reporter_configure(void);

/* Starts the thread, unless there is one, somebody is in a call that it steps aside for, or none can be had. */
void reporter_start(void);
/* The same when the quiet while after such calls is over: by who allocates while there is no thread. Where there can be
 * none, one line says so when the first report would be due. */
void reporter_start_late(uint32_t now);
/* Ends the thread and waits until the kernel has dropped it; there is none until reporter_come_back. */
void reporter_step_aside(void);
/* The call has returned: the thread comes back at once, unless there were very many such calls. */
void reporter_come_back(void);
/* No report but the exit report from now on; the process is about to end. */
void reporter_end(void);
/* In a forked child: nothing of the parent's reporter is here. */
void reporter_forked(void);

/* Writes one report where reports go, or to a descriptor. `self` is the caller to a lock. false: not written. */
bool reporter_report(enum snapshot_kind kind, struct lock_owner self);
bool reporter_report_to(int descriptor, enum snapshot_kind kind, struct lock_owner self);

/* Puts a snapshot into the segment, makes that file first. false: it could not be. */
bool reporter_publish(struct lock_owner self);
/* At the program's end: the exit report where `text` says so; the segment goes, or gets its last snapshot. */
void reporter_last_word(bool text, struct lock_owner self);
/* The program leaves without another word (_exit). */
void reporter_leaves(struct lock_owner self);
/* The same into memory, like snprintf. false: asked in the middle of a report. */
bool reporter_report_into(char *text, size_t capacity, size_t *length, struct lock_owner self);

#endif
