#include "text.h"

#include <stdbool.h>

#include "format.h"
#include "sections.h"

enum { SIZE_ROWS = 12, BAR_COLUMNS = 60 };

_Static_assert((int)SNAPSHOT_SIZE_CLASSES >= (int)SIZE_ROWS, "every row of sizes has a class");

/* ---- the head ---- */

/* Part 0 is never left out. */
static bool has(const struct snapshot *snapshot, unsigned part)
{
    return (snapshot->left_out & part) == 0;
}

static void write_opening(struct writer *out, const struct snapshot *snapshot)
{
    writer_text(out, ">>>>>>>>>>>>> ");
    if (has(snapshot, SNAPSHOT_PART_DATE)) {
        format_date(out, snapshot->wall_seconds);
        writer_text(out, " ");
    }
    writer_text(out, "<<<<<<<<<<<\n");
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

static void write_identity(struct writer *out, const struct snapshot *snapshot)
{
    writer_text(out, "trackmalloc: ");
    format_name(out, snapshot->program, SNAPSHOT_NAME);
    writer_text(out, "[");
    format_id(out, snapshot->pid);
    writer_text(out, "] report ");
    format_id(out, snapshot->number);
    writer_text(out, " (");
    writer_text(out, kind_name(snapshot->kind));
    writer_text(out, "), up ");
    format_decimal(out, divide_rounded(snapshot->uptime_ms, 100), 1);
    writer_text(out, " s\n");
}

static void write_count(struct writer *out, uint64_t count, const char *of_what)
{
    format_number(out, count);
    writer_text(out, " ");
    writer_text(out, of_what);
    writer_text(out, "\n");
}

static void write_overall(struct writer *out, const struct snapshot_counts *total)
{
    writer_text(out, "Overall stats:\n");
    write_count(out, total->allocated.blocks, "Overall allocations since start");
    write_count(out, total->live.blocks, "Current allocations");
    format_size(out, total->live.bytes);
    writer_text(out, " Current total allocated size (");
    format_number(out, total->live.bytes);
    writer_text(out, " bytes)\n");
    format_size(out, total->peak_bytes);
    writer_text(out, " Peak total allocated size\n");
}

/* ---- bars ---- */

/* A row that counts anything shows at least one '#'; more than BAR_COLUMNS none can: one '#' is a
 * BAR_COLUMNS-th of the greatest count, rounded up. */
static void write_bar(struct writer *out, const char *label, uint64_t count, uint64_t scale)
{
    const uint64_t length = divide_rounded(count, scale);
    writer_text(out, label);
    writer_text(out, ": ");
    writer_fill(out, '#', length == 0 && count > 0 ? 1 : length);
    writer_text(out, " ");
    format_number(out, count);
    writer_text(out, "\n");
}

static void write_bars(struct writer *out, const char *by_what, const char *const *labels, const uint64_t *counts,
                       unsigned rows)
{
    uint64_t greatest = 1;
    for (unsigned i = 0; i < rows; i++)
        if (counts[i] > greatest)
            greatest = counts[i];
    const uint64_t scale = (greatest - 1) / BAR_COLUMNS + 1;

    writer_text(out, "Current allocations by ");
    writer_text(out, by_what);
    writer_text(out, ": ( # = ");
    format_number(out, scale);
    writer_text(out, " current allocations)\n");
    for (unsigned i = 0; i < rows; i++)
        write_bar(out, labels[i], counts[i], scale);
}

static void write_sizes(struct writer *out, const struct snapshot_amount *classes)
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

static void write_ages(struct writer *out, const struct snapshot_amount *ages)
{
    static const char *const labels[SNAPSHOT_AGE_ROWS] = {
        "< 1 sec", "< 10 sec", "< 100 sec", "< 1000 sec", "> 1000 sec",
    };
    uint64_t counts[SNAPSHOT_AGE_ROWS];
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        counts[i] = ages[i].blocks;
    write_bars(out, "age", labels, counts, SNAPSHOT_AGE_ROWS);
}

/* ---- the tool itself ---- */

static void write_count_unless_zero(struct writer *out, uint64_t count, const char *of_what)
{
    if (count > 0)
        write_count(out, count, of_what);
}

static void write_precision(struct writer *out, const struct snapshot *snapshot)
{
    writer_text(out, "A peak may be off by at most ");
    format_size(out, snapshot->peak_error_bytes);
    writer_text(out, " for each live thread (");
    format_number(out, snapshot->live_threads);
    writer_text(out, " now), an age by one tick (1/4 s) or 1/16 of itself.\n");
}

static void write_itself(struct writer *out, const struct snapshot *snapshot)
{
    writer_text(out, "\ntrackmalloc itself:\n");
    format_size(out, snapshot->own_resident_bytes);
    writer_text(out, " Bookkeeping memory, at most\n");
    format_decimal(out, divide_rounded(snapshot->own_cpu_us, 1000), 3);
    writer_text(out, " s CPU time of the reporter\n");
    write_count(out, snapshot->call_sites, "Call sites seen");
    write_count_unless_zero(out, snapshot->foreign_frees, "Frees passed on: not allocated through trackmalloc");
    write_count_unless_zero(out, snapshot->wild_frees, "Wild frees: freed twice, or not at a block's start");
    write_count_unless_zero(out, snapshot->mismatches, "Mismatched frees: not freed the way they were allocated");
    write_count_unless_zero(out, snapshot->tags_left_out, "Tags found no place in the table: see tag (other)");
    write_precision(out, snapshot);
}

/* ---- the whole ---- */

#define WRITE(section, part) \
    if (has(snapshot, part)) \
        section_##section(out, snapshot, top);

void text_begin(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    write_opening(out, snapshot);
    write_identity(out, snapshot);
    write_overall(out, &snapshot->total);
    write_sizes(out, snapshot->sizes);
    write_ages(out, snapshot->total.age);
    SECTIONS(WRITE)
}

void text_end(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    LAST_SECTIONS(WRITE)
    write_itself(out, snapshot);
}

#undef WRITE

size_t text_report(const struct snapshot *snapshot, unsigned top, char *out, size_t capacity)
{
    struct writer report = {out, capacity, 0};
    text_begin(&report, snapshot, top);
    text_end(&report, snapshot, top);
    return report.length;
}
