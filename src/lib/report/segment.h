/* The segment file's writer (form: snapshot/segment.h): a process's last snapshot, for readers now and after its death.
 *
 * The file is made by the reporter, or at exit where it is to be kept, opened apart and closed again. It is written to
 * by process_vm_writev to ourselves: where the file system is full, or somebody cuts the file short, the kernel then
 * answers with an error, where a store would raise SIGBUS. A forked child has no mapping of it and makes its own. */
#ifndef TM_SEGMENT_WRITER_H
#define TM_SEGMENT_WRITER_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/segment.h"
#include "snapshot/snapshot.h"

/* Once, at start: takes the options and the environment. */
void segment_configure(void);

/* Whether there is a file, or may be one yet: not with segment=off, in a sandbox, or when it failed once. */
bool segment_is_wanted(void);
bool segment_is_open(void);
bool segment_is_opened_anew(void); /* each time: not so often, then */

/* Under lock_report; `self` is the caller to a lock. Makes the file, unless it is there. */
bool segment_open(struct lock_owner self);

/* Under lock_report. Puts a snapshot into the file, if there is one: others find it from then on. */
bool segment_publish(const struct snapshot *snapshot, struct lock_owner self);

/* The process ends by itself: the file goes, or stays and says so (keep=on). Under lock_report. */
void segment_end(struct lock_owner self);
void segment_forked(void);

/* What readers have asked for; false: there is no file, or nothing can be read. */
bool segment_read_control(struct segment_control *control, struct lock_owner self);
uint32_t segment_answered(void); /* the number of the last one */
void segment_answer(uint32_t request, int32_t result, const char *answer, struct lock_owner self);

#endif
