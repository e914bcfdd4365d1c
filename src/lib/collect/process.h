/* What the kernel says of this process: who started it, by which command, how much memory it has. */
#ifndef TM_PROCESS_H
#define TM_PROCESS_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

/* Under lock_report; `self` is the caller to a lock. Each asks the kernel, by files of /proc, opened apart. */

/* Who it is: once, and again in a forked child after process_forked. */
struct process_identity {
    uint32_t pid;
    uint32_t parent;
    uint64_t started_ticks;   /* since boot; 0: not known */
    uint32_t namespace_inode; /* of its pid namespace; 0: not known */
    uint32_t command_bytes;
    char command[SNAPSHOT_COMMAND]; /* each argument with a closing zero, the last one too */
};
const struct process_identity *process_identity(struct lock_owner self);
void process_forked(void);

/* Without our own threads. */
void process_memory(struct snapshot_memory *memory, uint32_t own_threads, struct lock_owner self);

#endif
