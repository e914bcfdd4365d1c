/* What grew: by tag over four windows of time, and who looks like a leak. */
#include "sections.h"
#include "table.h"

static const char *const windows[SNAPSHOT_WINDOWS] = {"1 min", "10 min", "1 hour", "1 day"};

/* ---- by tag ---- */

#define THEN(window)                                                          \
    .width = 13, .kind = COLUMN_SIZE, .minus = 1, .plus = 1, .bit = (window), \
    .at = offsetof(struct snapshot_tag, counts.live.bytes),                   \
    .less = offsetof(struct snapshot_tag, past.live_bytes[window]), .known = offsetof(struct snapshot_tag, past.known)

void section_growth(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    static const struct column columns[] = {
        {.title = "live size",
         .width = 13,
         .kind = COLUMN_SIZE,
         .at = offsetof(struct snapshot_tag, counts.live.bytes)},
        {.title = "1 min", THEN(0)},
        {.title = "10 min", THEN(1)},
        {.title = "1 hour", THEN(2)},
        {.title = "1 day", THEN(3)},
    };
    const struct snapshot_tag all = {.name = "(all)", .counts = snapshot->total, .past = snapshot->total_past};
    const struct table table = {
        TABLE_OF_TAGS(columns),
        .total = &all,
    };
    if (snapshot->total_past.known == 0)
        return;
    writer_text(out, "\nGrowth of live size by tag:\n");
    table_write(out, &table, snapshot_tags(snapshot), snapshot->tags, top);
}

/* ---- suspects ---- */

struct subject {
    const struct snapshot_past *past;
    uint64_t live_bytes;
    uint64_t age_ms;
};

static struct subject subject_of(const struct snapshot *snapshot, const struct snapshot_suspect *suspect)
{
    if (suspect->subject == SNAPSHOT_SITE && suspect->row < snapshot->sites) {
        const struct snapshot_site *site = &snapshot_sites(snapshot)[suspect->row];
        return (struct subject){&site->past, site->live.bytes, site->age_ms};
    }
    if (suspect->subject == SNAPSHOT_TAG && suspect->row < snapshot->tags) {
        const struct snapshot_tag *tag = &snapshot_tags(snapshot)[suspect->row];
        return (struct subject){&tag->past, tag->counts.live.bytes, SNAPSHOT_UNKNOWN};
    }
    return (struct subject){NULL, 0, SNAPSHOT_UNKNOWN};
}

static void put_subject(struct writer *out, const struct snapshot *snapshot, const struct snapshot_suspect *suspect)
{
    if (suspect->subject == SNAPSHOT_SITE) {
        section_site_name(out, &snapshot_sites(snapshot)[suspect->row]);
        return;
    }
    writer_text(out, "tag ");
    format_name(out, snapshot_tags(snapshot)[suspect->row].name, SNAPSHOT_NAME);
}

/* +12.3MiB in 1 min, +80.1MiB in 10 min */
static void put_changes(struct writer *out, const struct subject *subject)
{
    const char *separator = "";
    for (unsigned i = 0; i < SNAPSHOT_WINDOWS; i++) {
        if ((subject->past->known >> i & 1) == 0)
            continue;
        writer_text(out, separator);
        format_change(out, subject->past->live_bytes[i], subject->live_bytes);
        writer_text(out, " in ");
        writer_text(out, windows[i]);
        separator = ", ";
    }
    if (*separator == '\0') {
        format_size(out, subject->live_bytes);
        writer_text(out, " live");
    }
}

static void write_suspect(struct writer *out, const struct snapshot *snapshot, const struct snapshot_suspect *suspect)
{
    const struct subject subject = subject_of(snapshot, suspect);
    if (subject.past == NULL)
        return;
    writer_text(out, "  ");
    put_subject(out, snapshot, suspect);
    writer_text(out, ": ");
    put_changes(out, &subject);
    writer_text(out, "; ");
    format_number(out, suspect->made_blocks);
    writer_text(out, " blocks made, ");
    format_number(out, suspect->freed_blocks);
    writer_text(out, " freed in ");
    format_duration(out, suspect->span_ms);
    if (subject.age_ms != SNAPSHOT_UNKNOWN) {
        writer_text(out, "; mean age ");
        format_duration(out, subject.age_ms);
    }
    writer_text(out, "\n");
}

void section_suspects(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    if (snapshot->suspects == 0) {
        if (snapshot->total_past.known != 0)
            writer_text(out, "\nSuspects: none\n");
        return;
    }
    writer_text(out, "\nSuspects: (they rise, and what they allocate is not all freed)\n");
    for (uint32_t i = 0; i < snapshot->suspects && i < top; i++)
        write_suspect(out, snapshot, &snapshot_suspects(snapshot)[i]);
}
