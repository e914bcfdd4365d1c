#include "snapshot/check.h"

#include <stdbool.h>
#include <string.h>

static bool is_terminated(const char *text, size_t capacity)
{
    return memchr(text, '\0', capacity) != NULL;
}

static bool is_row(uint32_t row, uint32_t rows)
{
    return row == SNAPSHOT_NONE || row < rows;
}

/* ---- where the tables are ---- */

/* Behind the head and before the end. */
static bool table_fits(const struct snapshot *snapshot, uint32_t at, uint32_t rows, size_t row_bytes, size_t alignment)
{
    return rows == 0 || (at >= sizeof *snapshot && at <= snapshot->bytes && at % alignment == 0 &&
                         rows <= (snapshot->bytes - at) / row_bytes);
}

static bool tables_fit(const struct snapshot *snapshot)
{
    bool fit = true;
#define FIT(table, row, rows, most) \
    fit = fit && table_fits(snapshot, snapshot->table##_at, snapshot->rows, sizeof(row), _Alignof(row));
    SNAPSHOT_TABLES(FIT)
#undef FIT
    return fit;
}

static bool counts_are_possible(const struct snapshot *snapshot)
{
    bool possible = true;
#define POSSIBLE(table, row, rows, most) possible = possible && snapshot->rows <= (most);
    SNAPSHOT_TABLES(POSSIBLE)
#undef POSSIBLE
    return possible;
}

/* ---- what is in them: for each table of the list a check_NAME ---- */

/* The first is empty, each has its zero, and none is longer than a call site's: a frame may name any byte of them. */
static bool check_names(const struct snapshot *snapshot)
{
    const char *names = snapshot_names(snapshot);
    uint32_t at = 0;
    if (snapshot->names_bytes != 0 && names[0] != '\0')
        return false;
    while (at < snapshot->names_bytes) {
        const uint32_t left = snapshot->names_bytes - at;
        const char *end = memchr(names + at, '\0', left < SNAPSHOT_SITE_NAME ? left : SNAPSHOT_SITE_NAME);
        if (end == NULL)
            return false;
        at = (uint32_t)(end - names) + 1;
    }
    return true;
}

static bool check_command(const struct snapshot *snapshot)
{
    return snapshot->command_bytes == 0 || snapshot_command(snapshot)[snapshot->command_bytes - 1] == '\0';
}

static bool check_tags(const struct snapshot *snapshot)
{
    const struct snapshot_tag *tag = snapshot_tags(snapshot);
    for (uint32_t i = 0; i < snapshot->tags; i++)
        if (!is_terminated(tag[i].name, sizeof tag[i].name))
            return false;
    return true;
}

static bool check_threads(const struct snapshot *snapshot)
{
    const struct snapshot_thread *thread = snapshot_threads(snapshot);
    for (uint32_t i = 0; i < snapshot->threads; i++)
        if (!is_terminated(thread[i].name, sizeof thread[i].name))
            return false;
    return true;
}

static bool check_sites(const struct snapshot *snapshot)
{
    const struct snapshot_site *site = snapshot_sites(snapshot);
    for (uint32_t i = 0; i < snapshot->sites; i++)
        if (!is_terminated(site[i].name, sizeof site[i].name) || !is_row(site[i].tag, snapshot->tags) ||
            !is_row(site[i].object, snapshot->objects))
            return false;
    return true;
}

static bool check_suspects(const struct snapshot *snapshot)
{
    const struct snapshot_suspect *suspect = snapshot_suspects(snapshot);
    for (uint32_t i = 0; i < snapshot->suspects; i++) {
        bool tag = suspect[i].subject == SNAPSHOT_TAG && suspect[i].row < snapshot->tags;
        bool site = suspect[i].subject == SNAPSHOT_SITE && suspect[i].row < snapshot->sites;
        if (!tag && !site)
            return false;
    }
    return true;
}

/* No two stacks share their frames: else few bytes could stand for more text than there is memory. */
static bool check_stacks(const struct snapshot *snapshot)
{
    const struct snapshot_stack *stack = snapshot_stacks(snapshot);
    uint64_t frames = 0;
    for (uint32_t i = 0; i < snapshot->stacks; frames += stack[i++].frames)
        if (!is_row(stack[i].site, snapshot->sites) || stack[i].frames > SNAPSHOT_FRAMES ||
            stack[i].frame > snapshot->frames || stack[i].frames > snapshot->frames - stack[i].frame)
            return false;
    return frames <= snapshot->frames;
}

static bool check_frames(const struct snapshot *snapshot)
{
    const struct snapshot_frame *frame = snapshot_frames(snapshot);
    for (uint32_t i = 0; i < snapshot->frames; i++)
        if (!is_row(frame[i].object, snapshot->objects) ||
            (frame[i].name_at != 0 && frame[i].name_at >= snapshot->names_bytes))
            return false;
    return true;
}

static bool check_objects(const struct snapshot *snapshot)
{
    const struct snapshot_object *object = snapshot_objects(snapshot);
    for (uint32_t i = 0; i < snapshot->objects; i++)
        if (!is_terminated(object[i].path, sizeof object[i].path) ||
            object[i].build_id_bytes > sizeof object[i].build_id || object[i].codes > SNAPSHOT_CODES)
            return false;
    return true;
}

static bool check_notes(const struct snapshot *snapshot)
{
    const struct snapshot_note *note = snapshot_notes(snapshot);
    for (uint32_t i = 0; i < snapshot->notes; i++)
        if (!is_terminated(note[i].name, sizeof note[i].name) || note[i].kind >= SNAPSHOT_NOTE_KINDS)
            return false;
    return true;
}

/* Numbers only. */
static bool check_points(const struct snapshot *snapshot)
{
    (void)snapshot;
    return true;
}

static bool check_tables(const struct snapshot *snapshot)
{
    bool good = true;
#define GOOD(table, row, rows, most) good = good && check_##table(snapshot);
    SNAPSHOT_TABLES(GOOD)
#undef GOOD
    return good;
}

/* ---- the whole ---- */

static bool check_head(const struct snapshot *snapshot)
{
    return snapshot->kind <= SNAPSHOT_ALARM && is_terminated(snapshot->program, sizeof snapshot->program) &&
           snapshot->alarm.what <= SNAPSHOT_ALARM_BLOCK && snapshot->alarm.of <= SNAPSHOT_SITE &&
           is_terminated(snapshot->alarm.name, sizeof snapshot->alarm.name) &&
           is_terminated(snapshot->alarm.tag, sizeof snapshot->alarm.tag);
}

static const char *check_version(const struct snapshot *snapshot)
{
    if (snapshot->version == SNAPSHOT_VERSION)
        return NULL;
    if (snapshot->version == 0)
        return "there is no snapshot in it";
    return snapshot->version > SNAPSHOT_VERSION ? "its snapshot was made by a newer trackmalloc"
                                                : "its snapshot was made by an older trackmalloc";
}

const char *snapshot_check(const void *bytes, size_t length)
{
    const struct snapshot *snapshot = bytes;
    if (length < sizeof snapshot->version)
        return "it is cut short";
    const char *why = check_version(snapshot);
    if (why != NULL)
        return why;
    if (length < sizeof *snapshot || snapshot->bytes > length)
        return "it is cut short";
    if (snapshot->bytes < sizeof *snapshot || !tables_fit(snapshot))
        return "a table of it lies outside of it";
    if (!counts_are_possible(snapshot))
        return "it has more rows than any process";
    if (!check_head(snapshot) || !check_tables(snapshot))
        return "a row of it is no such row";
    return NULL;
}
