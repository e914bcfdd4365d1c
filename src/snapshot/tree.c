#include <string.h>

#include "sections.h"
#include "table.h"

enum { BRANCHES = 1024, NONE = -1 };

/* A tag that others are parts of, by their names; it may be no tag of its own. */
struct branch {
    char name[SNAPSHOT_NAME];
    uint64_t tags; /* with itself, where it is one */
    struct snapshot_amount live;
    struct snapshot_amount allocated;
    struct snapshot_amount freed;
};

/* One report is written at a time. */
static struct {
    struct branch branch[BRANCHES];
    unsigned count;
} tree;

/* The length of the next longer name of which this one is a part: up to the next slash, at last all of it; 0: none. */
static size_t next_part(const char *name, size_t from)
{
    size_t length = strnlen(name, SNAPSHOT_NAME - 1);
    for (size_t at = from + 1; at < length; at++)
        if (name[at] == '/')
            return at;
    return from < length ? length : 0;
}

static int find_branch(const char *name, size_t length)
{
    for (unsigned i = 0; i < tree.count; i++)
        if (memcmp(tree.branch[i].name, name, length) == 0 && tree.branch[i].name[length] == '\0')
            return (int)i;
    return NONE;
}

static void add_branches(const char *name)
{
    size_t length = next_part(name, 0);
    for (; length != 0 && name[length] == '/'; length = next_part(name, length)) {
        if (find_branch(name, length) != NONE || tree.count == BRANCHES)
            continue;
        struct branch *branch = &tree.branch[tree.count++];
        memset(branch, 0, sizeof *branch);
        memcpy(branch->name, name, length);
    }
}

static void add_amount(struct snapshot_amount *to, const struct snapshot_amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

static void add_tag(const struct snapshot_tag *tag)
{
    for (size_t length = next_part(tag->name, 0); length != 0; length = next_part(tag->name, length)) {
        int at = find_branch(tag->name, length);
        if (at == NONE)
            continue;
        struct branch *branch = &tree.branch[at];
        branch->tags++;
        add_amount(&branch->live, &tag->counts.live);
        add_amount(&branch->allocated, &tag->counts.allocated);
        add_amount(&branch->freed, &tag->counts.freed);
    }
}

#define BRANCH(field) .at = offsetof(struct branch, field)

void section_tree(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "tags", .width = 13, .kind = COLUMN_COUNT, BRANCH(tags)},
        {.title = "live blocks", .width = 13, .kind = COLUMN_COUNT, BRANCH(live.blocks)},
        {.title = "live size", .width = 13, .kind = COLUMN_SIZE, BRANCH(live.bytes)},
        {.title = "allocations", .width = 13, .kind = COLUMN_COUNT, BRANCH(allocated.blocks)},
        {.title = "frees", .width = 13, .kind = COLUMN_COUNT, BRANCH(freed.blocks)},
    };
    static const struct table table = {
        .one = "tag",
        .many = "tags",
        .columns = columns,
        .column_count = sizeof columns / sizeof *columns,
        .row_bytes = sizeof(struct branch),
        .key_at = offsetof(struct branch, live.bytes),
    };
    tree.count = 0;
    for (uint32_t i = 0; i < snapshot->tags; i++)
        add_branches(snapshot_tags(snapshot)[i].name);
    if (tree.count == 0)
        return;
    for (uint32_t i = 0; i < snapshot->tags; i++)
        add_tag(&snapshot_tags(snapshot)[i]);
    writer_text(out, "\nCurrent allocations by tag tree:\n");
    table_write(out, &table, tree.branch, tree.count, top);
}
