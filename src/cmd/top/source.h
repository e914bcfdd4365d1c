/* Where the snapshots of one process come from: its segment, held open, so that its last one is still read when the
 * process has ended and its file is gone. */
#ifndef TM_SOURCE_H
#define TM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/segment/find.h"
#include "snapshot/snapshot.h"

struct source {
    struct found found;
    bool plain;       /* a file that somebody named: nobody is asked to write to it */
    int file;         /* -1: none */
    ino_t inode;      /* of the file */
    uint64_t written; /* the last that was read */
};

/* The segment of a process, or any file. */
void source_begin(struct source *source, const struct found *found, bool plain);
void source_end(struct source *source);

/* The newest snapshot, which is the caller's; NULL: there is none that is newer than the last, or *why says, in a few
 * words, what is the matter. */
struct snapshot *source_read(struct source *source, const char **why);

/* Asks for a snapshot every so many ms, for the next `lasting_ms` (50 s at most). */
void source_watch(const struct source *source, uint32_t ms, uint64_t lasting_ms);

enum process_state source_state(const struct source *source);

#endif
