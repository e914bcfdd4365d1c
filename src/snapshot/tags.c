/* Tags: what each holds, how old it is, and how long lived what was freed. */
#include "sections.h"
#include "table.h"

#define TAG(field) .at = offsetof(struct snapshot_tag, counts.field)

_Static_assert(offsetof(struct snapshot_tag, name) == 0, "a row of a table begins with its name");

void section_tags(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "live blocks", .width = 13, .kind = COLUMN_COUNT, TAG(live.blocks)},
        {.title = "live size", .width = 13, .kind = COLUMN_SIZE, TAG(live.bytes)},
        {.title = "peak size", .width = 13, .kind = COLUMN_PEAK, TAG(peak_bytes)},
        {.title = "allocations", .width = 13, .kind = COLUMN_COUNT, TAG(allocated.blocks)},
        {.title = "< 1 sec", .width = 15, .kind = COLUMN_COUNT, TAG(age[0].blocks)},
        {.title = "< 10 sec", .width = 10, .kind = COLUMN_COUNT, TAG(age[1].blocks)},
        {.title = "< 100 sec", .width = 10, .kind = COLUMN_COUNT, TAG(age[2].blocks)},
        {.title = "< 1000 sec", .width = 11, .kind = COLUMN_COUNT, TAG(age[3].blocks)},
        {.title = "> 1000 sec", .width = 11, .kind = COLUMN_COUNT, TAG(age[4].blocks)},
    };
    static const struct table table = {
        TABLE_OF_TAGS(columns),
    };
    writer_text(out, "Current allocations by tag:\n");
    table_write(out, &table, snapshot_tags(snapshot), snapshot->tags, top);
}

void section_lifetimes(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "frees", .width = 13, .kind = COLUMN_COUNT, TAG(freed.blocks)},
        {.title = "< 1 sec", .width = 13, .kind = COLUMN_COUNT, TAG(lifetime[0])},
        {.title = "< 10 sec", .width = 13, .kind = COLUMN_COUNT, TAG(lifetime[1])},
        {.title = "< 100 sec", .width = 13, .kind = COLUMN_COUNT, TAG(lifetime[2])},
        {.title = "< 1000 sec", .width = 13, .kind = COLUMN_COUNT, TAG(lifetime[3])},
        {.title = "> 1000 sec", .width = 13, .kind = COLUMN_COUNT, TAG(lifetime[4])},
        {.title = "resizes", .width = 13, .kind = COLUMN_COUNT, TAG(resizes)},
        {.title = "failures", .width = 13, .kind = COLUMN_COUNT, TAG(failures)},
    };
    static const struct table table = {
        TABLE_OF_TAGS(columns),
    };
    writer_text(out, "\nLifetimes of freed blocks by tag:\n");
    table_write(out, &table, snapshot_tags(snapshot), snapshot->tags, top);
}
