/* Snapshots for tests, with rows in all tables: written as arrays, then laid out as a process does. */
#ifndef TM_CMD_STORY_H
#define TM_CMD_STORY_H

#include "snapshot/snapshot.h"

enum {
    STORY_TAGS = 64,
    STORY_THREADS = 16,
    STORY_SITES = 64,
    STORY_SUSPECTS = 8,
    STORY_STACKS = 32,
    STORY_FRAMES = 256,
    STORY_OBJECTS = 16,
    STORY_POINTS = 128,
    STORY_NOTES = 4,
    STORY_NAMES = 8192
};

/* The counts of rows stand in `head`; its offsets and `bytes` are filled in when it is laid out. */
struct story {
    struct snapshot head;
    struct snapshot_tag tag[STORY_TAGS];
    struct snapshot_thread thread[STORY_THREADS];
    struct snapshot_site site[STORY_SITES];
    struct snapshot_suspect suspect[STORY_SUSPECTS];
    struct snapshot_stack stack[STORY_STACKS];
    struct snapshot_frame frame[STORY_FRAMES];
    struct snapshot_object object[STORY_OBJECTS];
    struct snapshot_point point[STORY_POINTS];
    struct snapshot_note note[STORY_NOTES];
    char names[STORY_NAMES];
    char command[SNAPSHOT_COMMAND];
};

/* A shop's server, process 4242, up for an hour: three objects, tags, five call sites of which one leaks, threads,
 * stacks with named frames, and what it held before. All sums hold. The caller frees it. */
struct story *story_new(void);

/* The snapshot, in one piece of exactly its size; the caller frees it. */
struct snapshot *story_lay_out(const struct story *story);

/* The next row, with the fields that have to be right. `object` is a row, the rest of an address an offset in it. */
struct snapshot_tag *story_tag(struct story *story, const char *name, uint64_t blocks, uint64_t bytes);
struct snapshot_object *story_object(struct story *story, const char *path, uint64_t base);
struct snapshot_site *story_site(struct story *story, const char *name, uint32_t object, uint64_t offset, uint32_t tag,
                                 struct snapshot_amount live);
/* One for a call site; frames are added to the one that was begun last. */
struct snapshot_stack *story_stack(struct story *story, uint32_t site, struct snapshot_amount live);
struct snapshot_frame *story_frame(struct story *story, const char *name, uint32_t object, uint64_t offset);

/* total = the sum of all tags. */
void story_sum(struct story *story);

#endif
