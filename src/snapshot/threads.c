/* Threads: what each allocated and freed. */
#include "sections.h"
#include "table.h"

#define THREAD(field) .at = offsetof(struct snapshot_thread, field)
#define NET(field)                                                       \
    .minus = 1, .at = offsetof(struct snapshot_thread, allocated.field), \
    .less = offsetof(struct snapshot_thread, freed.field)

_Static_assert(offsetof(struct snapshot_thread, name) == 0, "a row of a table begins with its name");

static bool thread_ended(const void *row)
{
    return ((const struct snapshot_thread *)row)->tid == 0;
}

/* Net is allocated less freed: below zero for a thread that frees the blocks of others. */
void section_threads(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "tid", .width = 13, .kind = COLUMN_TID, THREAD(tid)},
        {.title = "threads", .width = 13, .kind = COLUMN_THREADS, THREAD(threads)},
        {.title = "allocations", .width = 13, .kind = COLUMN_COUNT, THREAD(allocated.blocks)},
        {.title = "allocated size", .width = 16, .kind = COLUMN_SIZE, THREAD(allocated.bytes)},
        {.title = "frees", .width = 13, .kind = COLUMN_COUNT, THREAD(freed.blocks)},
        {.title = "freed size", .width = 13, .kind = COLUMN_SIZE, THREAD(freed.bytes)},
        {.title = "net blocks", .width = 13, .kind = COLUMN_COUNT, NET(blocks)},
        {.title = "net size", .width = 13, .kind = COLUMN_SIZE, NET(bytes)},
    };
    static const struct table table = {
        .one = "thread",
        .many = "threads",
        .columns = columns,
        .column_count = LENGTH(columns),
        .row_bytes = sizeof(struct snapshot_thread),
        .key_at = offsetof(struct snapshot_thread, allocated.bytes),
        .is_last = thread_ended,
        .last_name = "(ended)",
    };
    writer_text(out, "\nAllocations by thread:\n");
    table_write(out, &table, snapshot_threads(snapshot), snapshot->threads, top);
}
