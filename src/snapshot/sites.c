/* Call sites: who holds what, and at exit what is still held. */
#include <stdbool.h>
#include <string.h>

#include "sections.h"
#include "table.h"

#define SITE(field) .at = offsetof(struct snapshot_site, field)

static bool is_others(const void *row)
{
    return ((const struct snapshot_site *)row)->address == 0;
}

size_t section_site_name(struct writer *out, const struct snapshot_site *site)
{
    const size_t start = out->length;
    if (site->name[0] != '\0')
        return format_name_within(out, site->name, SNAPSHOT_SITE_NAME, SECTION_NAME);
    if (is_others(site))
        writer_text(out, "(others)");
    else
        format_address(out, site->address);
    return out->length - start;
}

static size_t put_site_name(struct writer *out, const void *row)
{
    return section_site_name(out, row);
}

/* ---- the tag, where it is not the site's own object ---- */

static const char *tag_name(const struct snapshot *snapshot, const struct snapshot_site *site)
{
    return site->tag < snapshot->tags ? snapshot_tags(snapshot)[site->tag].name : NULL;
}

/* What comes behind the module in a call site's name, with a function and without. */
static bool module_ends(const char *rest)
{
    return *rest == '!' || *rest == '\0' || strncmp(rest, "+0x", 3) == 0;
}

static bool tag_is_module(const struct snapshot *snapshot, const struct snapshot_site *site)
{
    const char *tag = tag_name(snapshot, site);
    if (tag == NULL || site->name[0] == '\0')
        return true;
    const size_t length = strnlen(tag, SNAPSHOT_NAME);
    return strncmp(site->name, tag, length) == 0 && (length == SNAPSHOT_NAME || module_ends(site->name + length));
}

static bool any_other_tag(const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->sites; i++)
        if (!tag_is_module(snapshot, &snapshot_sites(snapshot)[i]))
            return true;
    return false;
}

static void put_tag(struct writer *out, const void *row, const void *of)
{
    const char *tag = tag_name(of, row);
    if (tag != NULL)
        format_name(out, tag, SNAPSHOT_NAME);
    else
        writer_text(out, "-");
}

/* ---- the two tables ---- */

static void write_table(struct writer *out, struct table table, const struct snapshot *snapshot, unsigned top)
{
    table.one = "site";
    table.many = "sites";
    table.row_bytes = sizeof(struct snapshot_site);
    table.is_last = is_others;
    table.last_name = "(others)";
    table.put_name = put_site_name;
    table.put_tail = put_tag;
    table.tail = any_other_tag(snapshot) ? "tag" : NULL;
    table.of = snapshot;
    table_write(out, &table, snapshot_sites(snapshot), snapshot->sites, top);
}

void section_sites(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "live blocks", .width = 13, .kind = COLUMN_COUNT, SITE(live.blocks)},
        {.title = "live size", .width = 12, .kind = COLUMN_SIZE, SITE(live.bytes)},
        {.title = "peak size", .width = 12, .kind = COLUMN_PEAK, SITE(peak_bytes)},
        {.title = "allocations", .width = 14, .kind = COLUMN_COUNT, SITE(allocated.blocks)},
        {.title = "allocated size", .width = 16, .kind = COLUMN_SIZE, SITE(allocated.bytes)},
        {.title = "mean age", .width = 10, .kind = COLUMN_AGE, SITE(age_ms)},
    };
    if (snapshot->sites == 0)
        return;
    writer_text(out, "\nCurrent allocations by call site:\n");
    write_table(out,
                (struct table){.columns = columns,
                               .column_count = LENGTH(columns),
                               .key_at = offsetof(struct snapshot_site, live.bytes)},
                snapshot, top);
}

/* How many frames lead up to the site and to itself: those of wrappers that were looked through come before it. */
static uint32_t frames_of_site(const struct snapshot *snapshot, const struct snapshot_stack *stack, uint64_t address)
{
    for (uint32_t i = 0; i < stack->frames && (uint64_t)stack->frame + i < snapshot->frames; i++)
        if (snapshot_frames(snapshot)[stack->frame + i].address == address)
            return i + 1;
    return 1;
}

/* The calls that led to this site in the heaviest stack that ends there. */
static void put_stack(struct writer *out, const void *row, const void *of)
{
    const struct snapshot *snapshot = of;
    const struct snapshot_stack *heaviest = NULL;
    const ptrdiff_t site = (const struct snapshot_site *)row - snapshot_sites(snapshot);
    for (uint32_t i = 0; i < snapshot->stacks; i++) {
        const struct snapshot_stack *stack = &snapshot_stacks(snapshot)[i];
        if (stack->site == site && stack->live.blocks > 0 &&
            (heaviest == NULL || stack->live.bytes > heaviest->live.bytes))
            heaviest = stack;
    }
    if (heaviest != NULL)
        section_frames(out, snapshot, heaviest,
                       frames_of_site(snapshot, heaviest, ((const struct snapshot_site *)row)->address));
}

static void write_still_allocated(struct writer *out, const struct snapshot *snapshot)
{
    writer_text(out, "\nStill allocated at exit: ");
    format_number(out, snapshot->total.live.blocks);
    writer_text(out, " blocks, ");
    format_size(out, snapshot->total.live.bytes);
    writer_text(out, " (");
    format_number(out, snapshot->total.live.bytes);
    writer_text(out, " bytes); what grew and aged comes first\n");
}

void section_leaks(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "live blocks", .width = 13, .kind = COLUMN_COUNT, SITE(live.blocks)},
        {.title = "live size", .width = 12, .kind = COLUMN_SIZE, SITE(live.bytes)},
        {.title = "mean age", .width = 10, .kind = COLUMN_AGE, SITE(age_ms)},
        {.title = "allocations", .width = 14, .kind = COLUMN_COUNT, SITE(allocated.blocks)},
        {.title = "frees", .width = 13, .kind = COLUMN_COUNT, SITE(freed.blocks)},
    };
    if (snapshot->kind != SNAPSHOT_EXIT || snapshot->leaks_wanted == 0)
        return;
    write_still_allocated(out, snapshot);
    if (snapshot->sites == 0)
        return;
    write_table(out,
                (struct table){.columns = columns,
                               .column_count = LENGTH(columns),
                               .key_at = offsetof(struct snapshot_site, leak_score),
                               .skip_zero = true,
                               .put_below = put_stack},
                snapshot, top);
}
