/* One snapshot compared with what its process held before. */
#include <stdlib.h>
#include <string.h>

#include "cmd/columns.h"
#include "cmd/diagnostics.h"
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
    uint64_t grown; /* since the longest window that is known */
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

static void weigh_aged(struct aged *row, int window)
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
        weigh_aged(&rows[i], window);
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
        weigh_aged(&rows[i], window);
    }
    return rows;
}

/* ---- tables ---- */

static size_t put_aged_name(struct writer *out, const void *row)
{
    const struct aged *aged = row;
    if (aged->site != NULL)
        return section_site_name(out, aged->site);
    return format_name(out, aged->name, SNAPSHOT_NAME);
}

static void put_aged_tag(struct writer *out, const void *row, const void *of)
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

static bool any_aged(const struct aged *rows, uint32_t count, bool grew)
{
    for (uint32_t i = 0; i < count; i++)
        if ((grew ? rows[i].grown : rows[i].shrunk) != 0)
            return true;
    return false;
}

static void write_aged(struct writer *out, const struct aged *rows, uint32_t count, bool sites, bool grew, unsigned top)
{
    const struct table table = {
        .one = sites ? "site" : "tag",
        .many = sites ? "sites" : "tags",
        .columns = columns,
        .column_count = LENGTH(columns),
        .row_bytes = sizeof *rows,
        .key_at = grew ? offsetof(struct aged, grown) : offsetof(struct aged, shrunk),
        .skip_zero = true,
        .put_name = put_aged_name,
        .tail = sites ? "tag" : NULL,
        .put_tail = put_aged_tag,
    };
    table_write(out, &table, rows, count, top);
}

static void write_aged_both_ways(struct writer *out, const struct aged *rows, uint32_t count, bool sites, int window,
                                 unsigned top)
{
    for (int grew = 1; grew >= 0; grew--) {
        if (!any_aged(rows, count, grew))
            continue;
        writer_text(out, grew ? "\nGrew since " : "\nShrank since ");
        writer_text(out, windows[window]);
        writer_text(out, sites ? ", by call site:\n" : ", by tag:\n");
        write_aged(out, rows, count, sites, grew, top);
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
        write_aged_both_ways(out, tags, snapshot->tags, false, window, top);
    if (wanted[BY_SITE])
        write_aged_both_ways(out, sites, snapshot->sites, true, window, top);
    free(tags);
    free(sites);
}

/* ---- the time series ---- */

static void write_point(struct writer *out, const struct snapshot *snapshot, const struct snapshot_point *point,
                        uint64_t scale)
{
    const uint64_t ago = snapshot->uptime_ms > point->uptime_ms ? snapshot->uptime_ms - point->uptime_ms : 0;
    column_cell when, live, resident;
    cell_put_duration(when, ago);
    cell_put_size(live, point->live_bytes);
    cell_put_size(resident, point->resident);
    column_put_right(out, when, WHEN_WIDTH);
    writer_text(out, " ago");
    column_put_right(out, live, BYTES_WIDTH);
    column_put_right(out, resident, BYTES_WIDTH);
    writer_text(out, "  ");
    writer_fill(out, '#', point->live_bytes / scale + (point->live_bytes % scale != 0));
    writer_text(out, "\n");
}

/* At most SERIES_ROWS points, evenly chosen, with the first and the last. */
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
