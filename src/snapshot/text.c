#include "text.h"

#include <stdbool.h>

#include "format.h"
#include "sections.h"
#include "table.h"

enum { SIZE_ROWS = 12, BAR_COLUMNS = 60 };

#define LENGTH(array) (sizeof(array) / sizeof *(array))

_Static_assert(offsetof(struct snapshot_tag, name) == 0, "a row of a table begins with its name");
_Static_assert(offsetof(struct snapshot_thread, name) == 0, "a row of a table begins with its name");
_Static_assert((int)SNAPSHOT_SIZE_CLASSES >= (int)SIZE_ROWS, "every row of sizes has a class");

/* ---- the head ---- */

static bool tells(const struct snapshot *snapshot, enum snapshot_part part)
{
    return (snapshot->left_out & part) == 0;
}

static void write_opening(struct format *out, const struct snapshot *snapshot)
{
    format_text(out, ">>>>>>>>>>>>> ");
    if (tells(snapshot, SNAPSHOT_PART_DATE)) {
        format_date(out, snapshot->wall_seconds);
        format_text(out, " ");
    }
    format_text(out, "<<<<<<<<<<<\n");
}

static const char *kind_name(uint32_t kind)
{
    static const char *const names[] = {
        [SNAPSHOT_PERIODIC] = "periodic",
        [SNAPSHOT_EXIT] = "exit",
        [SNAPSHOT_REQUEST] = "request",
        [SNAPSHOT_ALARM] = "alarm",
    };
    return kind < LENGTH(names) ? names[kind] : "unknown";
}

/* To the nearest, and without the overflow of adding half first. */
static uint64_t divide_rounded(uint64_t value, uint64_t by)
{
    return value / by + (value % by >= by - value % by);
}

static void write_identity(struct format *out, const struct snapshot *snapshot)
{
    format_text(out, "trackmalloc: ");
    format_name(out, snapshot->program, SNAPSHOT_NAME);
    format_text(out, "[");
    format_id(out, snapshot->pid);
    format_text(out, "] report ");
    format_id(out, snapshot->number);
    format_text(out, " (");
    format_text(out, kind_name(snapshot->kind));
    format_text(out, "), up ");
    format_decimal(out, divide_rounded(snapshot->uptime_ms, 100), 1);
    format_text(out, " s\n");
}

static void write_count(struct format *out, uint64_t count, const char *of_what)
{
    format_number(out, count);
    format_text(out, " ");
    format_text(out, of_what);
    format_text(out, "\n");
}

static void write_overall(struct format *out, const struct snapshot_books *total)
{
    format_text(out, "Overall stats:\n");
    write_count(out, total->allocated.blocks, "Overall allocations since start");
    write_count(out, total->live.blocks, "Current allocations");
    format_size(out, total->live.bytes);
    format_text(out, " Current total allocated size (");
    format_number(out, total->live.bytes);
    format_text(out, " bytes)\n");
    format_size(out, total->peak_bytes);
    format_text(out, " Peak total allocated size\n");
}

/* ---- bars ---- */

/* A row that counts anything shows at least one '#'; more than BAR_COLUMNS none can: one '#' stands for a
 * BAR_COLUMNS-th of the greatest count, rounded up. */
static void write_bar(struct format *out, const char *label, uint64_t count, uint64_t scale)
{
    const uint64_t length = divide_rounded(count, scale);
    format_text(out, label);
    format_text(out, ": ");
    format_fill(out, '#', length == 0 && count > 0 ? 1 : length);
    format_text(out, " ");
    format_number(out, count);
    format_text(out, "\n");
}

static void write_bars(struct format *out, const char *by_what, const char *const *labels, const uint64_t *counts,
                       unsigned rows)
{
    uint64_t greatest = 1;
    for (unsigned i = 0; i < rows; i++)
        if (counts[i] > greatest)
            greatest = counts[i];
    const uint64_t scale = (greatest - 1) / BAR_COLUMNS + 1;

    format_text(out, "Current allocations by ");
    format_text(out, by_what);
    format_text(out, ": ( # = ");
    format_number(out, scale);
    format_text(out, " current allocations)\n");
    for (unsigned i = 0; i < rows; i++)
        write_bar(out, labels[i], counts[i], scale);
}

static void write_sizes(struct format *out, const struct snapshot_amount *classes)
{
    static const char *const labels[SIZE_ROWS] = {
        "0 - 4 bytes",      "4 - 8 bytes",       "8 - 16 bytes",      "16 - 32 bytes",
        "32 - 64 bytes",    "64 - 128 bytes",    "128 - 256 bytes",   "256 - 512 bytes",
        "512 - 1024 bytes", "1024 - 2048 bytes", "2048 - 4096 bytes", "4096 + bytes",
    };
    uint64_t counts[SIZE_ROWS] = {0};
    for (unsigned i = 0; i < SNAPSHOT_SIZE_CLASSES; i++)
        counts[i < SIZE_ROWS ? i : SIZE_ROWS - 1] += classes[i].blocks;
    write_bars(out, "size", labels, counts, SIZE_ROWS);
}

static void write_ages(struct format *out, const struct snapshot_amount *ages)
{
    static const char *const labels[SNAPSHOT_AGE_ROWS] = {
        "< 1 sec", "< 10 sec", "< 100 sec", "< 1000 sec", "> 1000 sec",
    };
    uint64_t counts[SNAPSHOT_AGE_ROWS];
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        counts[i] = ages[i].blocks;
    write_bars(out, "age", labels, counts, SNAPSHOT_AGE_ROWS);
}

/* ---- tables ---- */

#define TAG(field)    .at = offsetof(struct snapshot_tag, books.field)
#define THREAD(field) .at = offsetof(struct snapshot_thread, field)
#define NET(field)                                                       \
    .minus = 1, .at = offsetof(struct snapshot_thread, allocated.field), \
    .less = offsetof(struct snapshot_thread, freed.field)

static void write_tags(struct format *out, const struct snapshot *snapshot, unsigned top)
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
        .one = "tag",
        .many = "tags",
        .columns = columns,
        .column_count = LENGTH(columns),
        .row_bytes = sizeof(struct snapshot_tag),
        .key_at = offsetof(struct snapshot_tag, books.live.bytes),
    };
    format_text(out, "Current allocations by tag:\n");
    table_write(out, &table, snapshot_tags(snapshot), snapshot->tags, top);
}

static void write_lifetimes(struct format *out, const struct snapshot *snapshot, unsigned top)
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
        .one = "tag",
        .many = "tags",
        .columns = columns,
        .column_count = LENGTH(columns),
        .row_bytes = sizeof(struct snapshot_tag),
        .key_at = offsetof(struct snapshot_tag, books.live.bytes), /* the rows of the table above, in its order */
    };
    format_text(out, "\nLifetimes of freed blocks by tag:\n");
    table_write(out, &table, snapshot_tags(snapshot), snapshot->tags, top);
}

static bool thread_ended(const void *row)
{
    return ((const struct snapshot_thread *)row)->tid == 0;
}

/* Net is allocated less freed: below zero for a thread that frees the blocks of others. */
static void write_threads(struct format *out, const struct snapshot *snapshot, unsigned top)
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
        .apart = thread_ended,
        .apart_name = "(ended)",
    };
    format_text(out, "\nAllocations by thread:\n");
    table_write(out, &table, snapshot_threads(snapshot), snapshot->threads, top);
}

/* ---- the tool itself ---- */

static void write_count_unless_zero(struct format *out, uint64_t count, const char *of_what)
{
    if (count > 0)
        write_count(out, count, of_what);
}

static void write_precision(struct format *out, const struct snapshot *snapshot)
{
    format_text(out, "A peak may be off by at most ");
    format_size(out, snapshot->peak_error_bytes);
    format_text(out, " for each live thread (");
    format_number(out, snapshot->live_threads);
    format_text(out, " now), an age by one tick (1/4 s) or 1/16 of itself.\n");
}

static void write_itself(struct format *out, const struct snapshot *snapshot)
{
    format_text(out, "\ntrackmalloc itself:\n");
    format_size(out, snapshot->own_resident_bytes);
    format_text(out, " Bookkeeping memory, at most\n");
    format_decimal(out, divide_rounded(snapshot->own_cpu_us, 1000), 3);
    format_text(out, " s CPU time of the reporter\n");
    write_count(out, snapshot->call_sites, "Call sites seen");
    write_count_unless_zero(out, snapshot->foreign_frees, "Frees passed on: not allocated through trackmalloc");
    write_count_unless_zero(out, snapshot->wild_frees, "Wild frees: freed twice, or not at a block's start");
    write_count_unless_zero(out, snapshot->mismatches, "Mismatched frees: not freed the way they were allocated");
    write_count_unless_zero(out, snapshot->tags_left_out, "Tags found no place in the table: see tag (other)");
    write_precision(out, snapshot);
}

/* ---- the whole ---- */

static void write_counts(struct format *out, const struct snapshot *snapshot, unsigned top)
{
    section_sites(out, snapshot, top);
    section_growth(out, snapshot, top);
    section_suspects(out, snapshot, top);
}

void text_begin(struct format *out, const struct snapshot *snapshot, unsigned top)
{
    const bool counts = tells(snapshot, SNAPSHOT_PART_COUNTS);
    write_opening(out, snapshot);
    write_identity(out, snapshot);
    write_overall(out, &snapshot->total);
    write_sizes(out, snapshot->sizes);
    write_ages(out, snapshot->total.age);
    write_tags(out, snapshot, top);
    section_alarm(out, snapshot);
    if (counts) {
        section_tree(out, snapshot, top);
        write_lifetimes(out, snapshot, top);
    }
    if (tells(snapshot, SNAPSHOT_PART_THREADS))
        write_threads(out, snapshot, top);
    if (counts)
        write_counts(out, snapshot, top);
    section_stacks(out, snapshot, top);
    section_leaks(out, snapshot, top);
    if (tells(snapshot, SNAPSHOT_PART_VM))
        section_memory(out, snapshot);
}

void text_end(struct format *out, const struct snapshot *snapshot, unsigned top)
{
    section_notes(out, snapshot, top);
    write_itself(out, snapshot);
}

size_t text_report(const struct snapshot *snapshot, unsigned top, char *out, size_t capacity)
{
    struct format report = {out, capacity, 0};
    text_begin(&report, snapshot, top);
    text_end(&report, snapshot, top);
    return report.length;
}
