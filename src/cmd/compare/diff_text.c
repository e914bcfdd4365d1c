#include "diff_text.h"

#include <string.h>

#include "cmd/columns.h"
#include "snapshot/rank.h"
#include "snapshot/sections.h"
#include "snapshot/table.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { TITLE_WIDTH = 21, PAIR_WIDTH = 15, CHANGE_WIDTH = 6 };

void diff_make(struct diff *diff)
{
    identities_make(diff->snapshot, diff->mine);
    for (enum compare_by by = BY_TAG; by < BY_KINDS; by++)
        diff->changes[by] = diff->wanted[by] ? compare(diff->mine, by) : (struct changes){.row = NULL};
}

void diff_free(struct diff *diff)
{
    for (enum compare_by by = BY_TAG; by < BY_KINDS; by++)
        changes_free(&diff->changes[by]);
    identities_free(diff->mine);
}

/* ---- the processes and their totals ---- */

static bool same_process(const struct diff *diff)
{
    const struct snapshot *before = diff->snapshot[BEFORE], *after = diff->snapshot[AFTER];
    return before->pid == after->pid && before->started_ticks == after->started_ticks &&
           strncmp(before->program, after->program, SNAPSHOT_NAME) == 0;
}

static void write_identity(struct writer *out, const char *title, const struct snapshot *snapshot)
{
    writer_text(out, title);
    format_name(out, snapshot->program, SNAPSHOT_NAME);
    writer_text(out, "[");
    format_id(out, snapshot->pid);
    writer_text(out, "], ");
    format_date(out, snapshot->wall_seconds);
    writer_text(out, ", up ");
    format_duration(out, snapshot->uptime_ms);
}

static void write_processes(struct writer *out, const struct diff *diff)
{
    const struct snapshot *before = diff->snapshot[BEFORE], *after = diff->snapshot[AFTER];
    write_identity(out, "before: ", before);
    writer_text(out, "\n");
    write_identity(out, "after:  ", after);
    if (!same_process(diff)) {
        writer_text(out, " (another process)");
    } else {
        bool later = after->uptime_ms >= before->uptime_ms;
        writer_text(out, " (the same process, ");
        format_duration(out, later ? after->uptime_ms - before->uptime_ms : before->uptime_ms - after->uptime_ms);
        writer_text(out, later ? " later)" : " earlier)");
    }
    writer_text(out, "\n");
}

/* A title, before and after, and the growth between them. */
static void write_totals_row(struct writer *out, const char *title, const char *before, const char *after,
                             const char *growth)
{
    column_put_left(out, title, TITLE_WIDTH);
    column_put_right(out, before, PAIR_WIDTH);
    column_put_right(out, after, PAIR_WIDTH);
    column_put_right(out, growth, PAIR_WIDTH);
    writer_text(out, "\n");
}

static void write_sizes(struct writer *out, const char *title, uint64_t before, uint64_t after)
{
    column_cell was, is, growth;
    cell_put_size(was, before);
    cell_put_size(is, after);
    cell_put_size_change(growth, before, after);
    write_totals_row(out, title, was, is, growth);
}

static void write_numbers(struct writer *out, const char *title, uint64_t before, uint64_t after)
{
    column_cell was, is, growth;
    cell_put_number(was, before);
    cell_put_number(is, after);
    cell_put_number_change(growth, before, after);
    write_totals_row(out, title, was, is, growth);
}

static void write_totals(struct writer *out, const struct diff *diff)
{
    const struct snapshot *a = diff->snapshot[BEFORE], *b = diff->snapshot[AFTER];
    writer_text(out, "\n");
    write_totals_row(out, "", "before", "after", "growth");
    write_sizes(out, "live size", a->total.live.bytes, b->total.live.bytes);
    write_numbers(out, "live blocks", a->total.live.blocks, b->total.live.blocks);
    write_sizes(out, "peak size", a->total.peak_bytes, b->total.peak_bytes);
    write_numbers(out, "allocations", a->total.allocated.blocks, b->total.allocated.blocks);
    write_numbers(out, "frees", a->total.freed.blocks, b->total.freed.blocks);
    if (a->memory.known != 0 && b->memory.known != 0) {
        write_sizes(out, "resident", a->memory.resident, b->memory.resident);
        write_numbers(out, "threads", a->memory.threads, b->memory.threads);
    }
}

static void write_rebuilt(struct writer *out, const struct diff *diff)
{
    uint32_t row = 0;
    const char *base = identity_rebuilt(&diff->mine[AFTER], &row);
    const char *separator = "\nOther builds, compared by function: ";
    for (; base != NULL; base = identity_rebuilt(&diff->mine[AFTER], &row)) {
        writer_text(out, separator);
        format_name(out, base, SNAPSHOT_PATH);
        separator = ", ";
    }
    if (*separator == ',')
        writer_text(out, "\n");
}

/* ---- tables ---- */

/* "new" and "gone", with a question mark where the other snapshot may have it without a row. */
static const char *what_happened(const struct change *change, const struct changes *changes)
{
    if (!change->there[BEFORE])
        return changes->whole[BEFORE] ? "new" : "new?";
    if (!change->there[AFTER])
        return changes->whole[AFTER] ? "gone" : "gone?";
    return change->grown != 0 ? "grew" : "shrank";
}

static size_t put_change_name(struct writer *out, const void *row)
{
    const char *name = ((const struct change *)row)->name;
    return format_name_within(out, name, strlen(name), SECTION_NAME);
}

static void put_outcome(struct writer *out, const void *row, const void *of)
{
    writer_text(out, what_happened(row, of));
}

static void put_outcome_and_tag(struct writer *out, const void *row, const void *of)
{
    const struct change *change = row;
    column_put_left(out, what_happened(row, of), CHANGE_WIDTH);
    writer_text(out, "  ");
    if (change->tag != NULL)
        format_name(out, change->tag, SNAPSHOT_NAME);
    else
        writer_text(out, "-");
}

#define SIDE(field, side) .at = offsetof(struct change, live[side].field)
#define GROWTH(amount, field)                                                  \
    .minus = 1, .plus = 1, .at = offsetof(struct change, amount[AFTER].field), \
    .less = offsetof(struct change, amount[BEFORE].field)

static const struct column columns[] = {
    {.title = "growth", .width = 13, .kind = COLUMN_SIZE, GROWTH(live, bytes)},
    {.title = "before", .width = 13, .kind = COLUMN_SIZE, SIDE(bytes, BEFORE)},
    {.title = "after", .width = 13, .kind = COLUMN_SIZE, SIDE(bytes, AFTER)},
    {.title = "live blocks", .width = 13, .kind = COLUMN_COUNT, GROWTH(live, blocks)},
    {.title = "allocations", .width = 14, .kind = COLUMN_COUNT, GROWTH(allocated, blocks)},
};

static void write_changes(struct writer *out, const struct changes *changes, enum compare_by by, size_t key_at,
                          unsigned top)
{
    const struct table table = {
        .one = by == BY_TAG ? "tag" : "site",
        .many = by == BY_TAG ? "tags" : "sites",
        .columns = columns,
        .column_count = LENGTH(columns),
        .row_bytes = sizeof(struct change),
        .key_at = key_at,
        .skip_zero = true,
        .put_name = put_change_name,
        .tail = by == BY_TAG ? "change" : "change  tag",
        .put_tail = by == BY_TAG ? put_outcome : put_outcome_and_tag,
        .of = changes,
    };
    table_write(out, &table, changes->row, changes->rows, top);
}

/* ---- stacks ---- */

/* The later snapshot, unless only the earlier one has names for the frames. */
static int side_to_show(const struct diff *diff, const struct change *change)
{
    const struct snapshot_stack *before = change->stack[BEFORE], *after = change->stack[AFTER];
    if (before == NULL || after == NULL)
        return after != NULL ? AFTER : BEFORE;
    bool named = after->frames == 0 || snapshot_frames(diff->snapshot[AFTER])[after->frame].name_at != 0;
    return named ? AFTER : BEFORE;
}

/* +30.0MiB live (2.0MiB in 20 blocks, now 32.0MiB in 420), grew: */
static void write_stack(struct writer *out, const struct diff *diff, const struct change *change)
{
    const int side = side_to_show(diff, change);
    const struct snapshot_amount *before = &change->live[BEFORE], *after = &change->live[AFTER];
    format_change(out, before->bytes, after->bytes);
    writer_text(out, " live (");
    format_size(out, before->bytes);
    writer_text(out, " in ");
    format_number(out, before->blocks);
    writer_text(out, before->blocks == 1 ? " block, now " : " blocks, now ");
    format_size(out, after->bytes);
    writer_text(out, " in ");
    format_number(out, after->blocks);
    writer_text(out, "), ");
    writer_text(out, what_happened(change, &diff->changes[BY_STACK]));
    writer_text(out, ":\n");
    section_frames(out, diff->snapshot[side], change->stack[side], 0);
}

static void write_more_stacks(struct writer *out, struct rank *rank, const struct change *rows, size_t key_at)
{
    uint32_t row, more = 0;
    uint64_t bytes = 0;
    for (; rank_next(rank, &row); more++) {
        uint64_t key;
        memcpy(&key, (const char *)&rows[row] + key_at, sizeof key);
        if (key == 0)
            break;
        bytes += key;
    }
    if (more == 0)
        return;
    writer_text(out, key_at == offsetof(struct change, grown) ? "+" : "-");
    format_size(out, bytes);
    writer_text(out, " live by ");
    format_number(out, more);
    writer_text(out, more == 1 ? " more stack\n" : " more stacks\n");
}

static void write_stacks(struct writer *out, const struct diff *diff, size_t key_at, unsigned top)
{
    const struct changes *changes = &diff->changes[BY_STACK];
    struct rank rank;
    uint32_t row;
    rank_start(&rank, (const char *)changes->row + key_at, sizeof *changes->row, changes->rows);
    for (unsigned shown = 0; shown < top && rank_next(&rank, &row); shown++) {
        const bool grew = key_at == offsetof(struct change, grown);
        if ((grew ? changes->row[row].grown : changes->row[row].shrunk) == 0)
            return;
        write_stack(out, diff, &changes->row[row]);
    }
    write_more_stacks(out, &rank, changes->row, key_at);
}

/* ---- all of it ---- */

static bool any_change(const struct changes *changes, bool grew)
{
    for (uint32_t i = 0; i < changes->rows; i++)
        if ((grew ? changes->row[i].grown : changes->row[i].shrunk) != 0)
            return true;
    return false;
}

static void write_section(struct writer *out, const struct diff *diff, enum compare_by by, bool grew, unsigned top)
{
    static const char *const names[BY_KINDS] = {"tag", "call site", "stack"};
    const size_t key_at = grew ? offsetof(struct change, grown) : offsetof(struct change, shrunk);
    if (!any_change(&diff->changes[by], grew))
        return;
    writer_text(out, grew ? "\nGrew, by " : "\nShrank, by ");
    writer_text(out, names[by]);
    writer_text(out,
                by == BY_STACK && diff->snapshot[AFTER]->stack_period != 0 ? ": (estimated from samples)\n" : ":\n");
    if (by == BY_STACK)
        write_stacks(out, diff, key_at, top);
    else
        write_changes(out, &diff->changes[by], by, key_at, top);
}

void diff_text(struct writer *out, const struct diff *diff, unsigned top)
{
    write_processes(out, diff);
    write_totals(out, diff);
    write_rebuilt(out, diff);
    for (enum compare_by by = BY_TAG; by < BY_KINDS; by++) {
        write_section(out, diff, by, true, top);
        write_section(out, diff, by, false, top);
    }
}
