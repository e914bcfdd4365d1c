/* Reads the snapshots of one process from its segment, which is kept open, so that the last one can still be read when
 * the process has ended and the file was removed. */
#ifndef TM_SOURCE_H
#define TM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/segment/find.h"
#include "snapshot/snapshot.h"

struct source {
    struct found found;
    bool plain;       /* a file named on the command line: no process is asked to write to it */
    int file;         /* -1: none */
    ino_t inode;      /* of the file */
    uint64_t written; /* the count in the segment when it was last read */
};

/* The segment of a process, or any file. */
void source_begin(struct source *source, const struct found *found, bool plain);
void source_end(struct source *source);

/* The newest snapshot, which the caller frees. NULL: it is not newer than the last one, or there was an error, of which
 * *why is the reason (else NULL). */
struct snapshot *source_read(struct source *source, const char **why);

/* Asks the process for a snapshot every `ms`, during the next `lasting_ms` (50 s at most). */
void source_watch(const struct source *source, uint32_t ms, uint64_t lasting_ms);

enum process_state source_state(const struct source *source);

#endif
