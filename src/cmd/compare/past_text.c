/* One snapshot, and what its process held before. */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "diff_text.h"
#include "snapshot/sections.h"
#include "snapshot/table.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { SERIES_ROWS = 24, BAR_COLUMNS = 40, WHEN_WIDTH = 8, BYTES_WIDTH = 13 };

static const char *const windows[SNAPSHOT_WINDOWS] = {"1 min ago", "10 min ago", "1 hour ago", "1 day ago"};

/* One tag or site. */
struct aged {
    const char *name;
    const struct snapshot_site *site; /* NULL: a tag */
    const char *tag;                  /* of a site; NULL: none */
    uint64_t live_bytes;
    struct snapshot_past past;
    uint64_t grown; /* since the window that the tables are sorted by */
    uint64_t shrunk;
};

/* ---- rows ---- */

/* The longest window that is known; -1: none is. */
static int longest_window(const struct snapshot *snapshot)
{
    int window = SNAPSHOT_WINDOWS - 1;
    while (window >= 0 && (snapshot->total_past.known >> window & 1) == 0)
        window--;
    return window;
}

static void weigh(struct aged *row, int window)
{
    const uint64_t then = row->past.live_bytes[window];
    if ((row->past.known >> window & 1) == 0)
        return;
    row->grown = row->live_bytes > then ? row->live_bytes - then : 0;
    row->shrunk = then > row->live_bytes ? then - row->live_bytes : 0;
}

static struct aged *aged_tags(const struct snapshot *snapshot, int window)
{
    struct aged *rows = must_allocate(snapshot->tags * sizeof *rows);
    for (uint32_t i = 0; i < snapshot->tags; i++) {
        const struct snapshot_tag *tag = &snapshot_tags(snapshot)[i];
        rows[i] = (struct aged){.name = tag->name, .live_bytes = tag->counts.live.bytes, .past = tag->past};
        weigh(&rows[i], window);
    }
    return rows;
}

static struct aged *aged_sites(const struct snapshot *snapshot, int window)
{
    struct aged *rows = must_allocate(snapshot->sites * sizeof *rows);
    for (uint32_t i = 0; i < snapshot->sites; i++) {
        const struct snapshot_site *site = &snapshot_sites(snapshot)[i];
        rows[i] = (struct aged){.site = site, .live_bytes = site->live.bytes, .past = site->past};
        if (site->tag != SNAPSHOT_NONE)
            rows[i].tag = snapshot_tags(snapshot)[site->tag].name;
        weigh(&rows[i], window);
    }
    return rows;
}

/* ---- tables ---- */

static size_t put_name(struct writer *out, const void *row)
{
    const struct aged *aged = row;
    if (aged->site != NULL)
        return section_site_name(out, aged->site);
    return format_name(out, aged->name, SNAPSHOT_NAME);
}

static void put_tag(struct writer *out, const void *row, const void *of)
{
    const char *tag = ((const struct aged *)row)->tag;
    (void)of;
    if (tag != NULL)
        format_name(out, tag, SNAPSHOT_NAME);
    else
        writer_text(out, "-");
}

#define THEN(window)                                                                                                   \
    .width = 13, .kind = COLUMN_SIZE, .minus = 1, .plus = 1, .bit = (window), .at = offsetof(struct aged, live_bytes), \
    .less = offsetof(struct aged, past.live_bytes[window]), .known = offsetof(struct aged, past.known)

static const struct column columns[] = {
    {.title = "live size", .width = 13, .kind = COLUMN_SIZE, .at = offsetof(struct aged, live_bytes)},
    {.title = "1 min", THEN(0)},
    {.title = "10 min", THEN(1)},
    {.title = "1 hour", THEN(2)},
    {.title = "1 day", THEN(3)},
};

static bool any(const struct aged *rows, uint32_t count, bool grew)
{
    for (uint32_t i = 0; i < count; i++)
        if ((grew ? rows[i].grown : rows[i].shrunk) != 0)
            return true;
    return false;
}

static void write_table(struct writer *out, const struct aged *rows, uint32_t count, bool sites, bool grew,
                        unsigned top)
{
    const struct table table = {
        .one = sites ? "site" : "tag",
        .many = sites ? "sites" : "tags",
        .columns = columns,
        .column_count = LENGTH(columns),
        .row_bytes = sizeof *rows,
        .key_at = grew ? offsetof(struct aged, grown) : offsetof(struct aged, shrunk),
        .skip_zero = true,
        .put_name = put_name,
        .tail = sites ? "tag" : NULL,
        .put_tail = put_tag,
    };
    table_write(out, &table, rows, count, top);
}

static void write_tables(struct writer *out, const struct aged *rows, uint32_t count, bool sites, int window,
                         unsigned top)
{
    for (int grew = 1; grew >= 0; grew--) {
        if (!any(rows, count, grew))
            continue;
        writer_text(out, grew ? "\nGrew since " : "\nShrank since ");
        writer_text(out, windows[window]);
        writer_text(out, sites ? ", by call site:\n" : ", by tag:\n");
        write_table(out, rows, count, sites, grew, top);
    }
}

static void write_growth(struct writer *out, const struct snapshot *snapshot, const bool wanted[BY_KINDS], unsigned top)
{
    const int window = longest_window(snapshot);
    if (window < 0) {
        writer_text(out, "\nIts growth is not known yet: reports came too far apart, or for less than a minute.\n");
        return;
    }
    struct aged *tags = aged_tags(snapshot, window);
    struct aged *sites = aged_sites(snapshot, window);
    if (wanted[BY_TAG])
        write_tables(out, tags, snapshot->tags, false, window, top);
    if (wanted[BY_SITE])
        write_tables(out, sites, snapshot->sites, true, window, top);
    free(tags);
    free(sites);
}

/* ---- the time series ---- */

static void put_right(struct writer *out, const struct writer *field, size_t width)
{
    writer_fill(out, ' ', field->length < width ? width - field->length : 1);
    writer_bytes(out, field->out, field->length);
}

static void put_duration(struct writer *out, uint64_t ms, size_t width)
{
    char text[FORMAT_FIELD];
    struct writer field = {text, sizeof text, 0};
    format_duration(&field, ms);
    put_right(out, &field, width);
}

static void put_size(struct writer *out, uint64_t bytes)
{
    char text[FORMAT_FIELD];
    struct writer field = {text, sizeof text, 0};
    format_size(&field, bytes);
    put_right(out, &field, BYTES_WIDTH);
}

static void write_point(struct writer *out, const struct snapshot *snapshot, const struct snapshot_point *point,
                        uint64_t scale)
{
    const uint64_t ago = snapshot->uptime_ms > point->uptime_ms ? snapshot->uptime_ms - point->uptime_ms : 0;
    put_duration(out, ago, WHEN_WIDTH);
    writer_text(out, " ago");
    put_size(out, point->live_bytes);
    put_size(out, point->resident);
    writer_text(out, "  ");
    writer_fill(out, '#', point->live_bytes / scale + (point->live_bytes % scale != 0));
    writer_text(out, "\n");
}

/* So many of them that they fit a screen, the first and the last among them. */
static void write_series(struct writer *out, const struct snapshot *snapshot)
{
    const uint32_t points = snapshot->points;
    uint64_t most = 1;
    if (points < 2)
        return;
    for (uint32_t i = 0; i < points; i++)
        if (snapshot_points(snapshot)[i].live_bytes > most)
            most = snapshot_points(snapshot)[i].live_bytes;
    uint32_t rows = SERIES_ROWS;
    if (rows > points)
        rows = points;
    writer_text(out, "\nLive size over time:\n        when    live size     resident\n");
    for (uint32_t i = 0; i < rows; i++)
        write_point(out, snapshot, &snapshot_points(snapshot)[i * (points - 1) / (rows - 1)],
                    (most - 1) / BAR_COLUMNS + 1);
}

void past_text(struct writer *out, const struct snapshot *snapshot, const bool wanted[BY_KINDS], unsigned top)
{
    format_name(out, snapshot->program, SNAPSHOT_NAME);
    writer_text(out, "[");
    format_id(out, snapshot->pid);
    writer_text(out, "], ");
    format_date(out, snapshot->wall_seconds);
    writer_text(out, ", up ");
    format_duration(out, snapshot->uptime_ms);
    writer_text(out, "\n");
    write_series(out, snapshot);
    write_growth(out, snapshot, wanted, top);
}
