/* Snapshots for tests, with rows in all tables: written as arrays, then laid out as a process does. */
#ifndef TM_CMD_STORY_H
#define TM_CMD_STORY_H

#include "snapshot/snapshot.h"

/* The counts of rows are in `head`; its offsets and `bytes` are filled in when it is laid out. */
#define STORY_ROWS(table, row, rows, most) row table[most];
struct story {
    struct snapshot head;
    SNAPSHOT_TABLES(STORY_ROWS)
};
#undef STORY_ROWS

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
