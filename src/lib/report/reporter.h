/* The reporter: one thread that keeps the tick and prints, also while the program idles.
 *
 * A process with a second thread is another process to the kernel: unshare fails, a raw capset reaches one thread
 * only. So the thread is parked before such calls, and is started again when they return (nixpkgs#19047, bwrap,
 * setpriv). While there is none, callers read the time themselves and everything stays right. */
#ifndef TM_REPORTER_H
#define TM_REPORTER_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"

/* Once, at start: takes the options and the directory that relative paths are meant against. */
void reporter_configure(void);

/* Starts the thread, unless there is one, somebody is in a call that it is parked for, or none can be had. */
void reporter_start(void);
/* The same when the back-off after such calls is over: by who allocates while there is no thread. Where there can be
 * none, one line is logged when the first report would be due. */
void reporter_start_late(uint32_t now);
/* Ends the thread and waits until the kernel has dropped it; there is none until reporter_unpark. */
void reporter_park(void);
/* The call has returned: the thread is started again at once, unless there were very many such calls. */
void reporter_unpark(void);
/* No report but the exit report from now on; the process is about to end. */
void reporter_end(void);
/* In a forked child: nothing of the parent's reporter is here. */
void reporter_forked(void);

/* The program leaves without another word (_exit). */
void reporter_leaves(struct lock_owner self);

#endif
