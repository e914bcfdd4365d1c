#include "snapshot/check.h"

#include <stdbool.h>
#include <string.h>

enum {
    ROW_ALIGNMENT = 8,
    ROWS_MOST = 4096 /* of a kind: whoever shows more than any process has need not be quick */
};

static bool ends(const char *text, size_t room)
{
    return memchr(text, '\0', room) != NULL;
}

static bool is_row(uint32_t row, uint32_t rows)
{
    return row == SNAPSHOT_NONE || row < rows;
}

/* A table lies behind the head and before the end. */
static bool table_fits(const struct snapshot *snapshot, uint32_t at, uint32_t rows, size_t row_bytes,
                       uint32_t alignment)
{
    return rows == 0 || (at >= sizeof *snapshot && at <= snapshot->bytes && at % alignment == 0 &&
                         rows <= (snapshot->bytes - at) / row_bytes);
}

#define FITS(table) \
    table_fits(snapshot, snapshot->table##s_at, snapshot->table##s, sizeof(struct snapshot_##table), ROW_ALIGNMENT)

static bool tables_fit(const struct snapshot *snapshot)
{
    return FITS(tag) && FITS(thread) && FITS(site) && FITS(suspect) && FITS(stack) && FITS(frame) && FITS(object) &&
           FITS(point) && FITS(note) && table_fits(snapshot, snapshot->names_at, snapshot->names_bytes, 1, 1) &&
           table_fits(snapshot, snapshot->command_at, snapshot->command_bytes, 1, 1);
}

static bool counts_are_good(const struct snapshot *snapshot)
{
    return snapshot->tags <= ROWS_MOST && snapshot->threads <= ROWS_MOST && snapshot->sites <= SNAPSHOT_SITES + 1 &&
           snapshot->suspects <= SNAPSHOT_SUSPECTS && snapshot->stacks <= ROWS_MOST && snapshot->objects <= ROWS_MOST &&
           snapshot->points <= SNAPSHOT_POINTS && snapshot->notes <= SNAPSHOT_NOTES &&
           snapshot->command_bytes <= SNAPSHOT_COMMAND;
}

/* The first is empty, each has its zero, and none is longer than a call site's: a frame may name any byte of them. */
static bool names_are_good(const struct snapshot *snapshot)
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

static bool command_ends(const struct snapshot *snapshot)
{
    return snapshot->command_bytes == 0 || snapshot_command(snapshot)[snapshot->command_bytes - 1] == '\0';
}

static bool head_is_good(const struct snapshot *snapshot)
{
    return snapshot->kind <= SNAPSHOT_ALARM && ends(snapshot->program, sizeof snapshot->program) &&
           snapshot->alarm.what <= SNAPSHOT_ALARM_BLOCK && snapshot->alarm.of <= SNAPSHOT_SITE &&
           ends(snapshot->alarm.name, sizeof snapshot->alarm.name) &&
           ends(snapshot->alarm.tag, sizeof snapshot->alarm.tag);
}

static bool tags_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_tag *tag = snapshot_tags(snapshot);
    for (uint32_t i = 0; i < snapshot->tags; i++)
        if (!ends(tag[i].name, sizeof tag[i].name))
            return false;
    return true;
}

static bool threads_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_thread *thread = snapshot_threads(snapshot);
    for (uint32_t i = 0; i < snapshot->threads; i++)
        if (!ends(thread[i].name, sizeof thread[i].name))
            return false;
    return true;
}

static bool sites_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_site *site = snapshot_sites(snapshot);
    for (uint32_t i = 0; i < snapshot->sites; i++)
        if (!ends(site[i].name, sizeof site[i].name) || !is_row(site[i].tag, snapshot->tags) ||
            !is_row(site[i].object, snapshot->objects))
            return false;
    return true;
}

static bool suspects_are_good(const struct snapshot *snapshot)
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
static bool stacks_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_stack *stack = snapshot_stacks(snapshot);
    uint64_t frames = 0;
    for (uint32_t i = 0; i < snapshot->stacks; frames += stack[i++].frames)
        if (!is_row(stack[i].site, snapshot->sites) || stack[i].frames > SNAPSHOT_FRAMES ||
            stack[i].frame > snapshot->frames || stack[i].frames > snapshot->frames - stack[i].frame)
            return false;
    return frames <= snapshot->frames;
}

static bool frames_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_frame *frame = snapshot_frames(snapshot);
    for (uint32_t i = 0; i < snapshot->frames; i++)
        if (!is_row(frame[i].object, snapshot->objects) ||
            (frame[i].name_at != 0 && frame[i].name_at >= snapshot->names_bytes))
            return false;
    return true;
}

static bool objects_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_object *object = snapshot_objects(snapshot);
    for (uint32_t i = 0; i < snapshot->objects; i++)
        if (!ends(object[i].path, sizeof object[i].path) || object[i].build_id_bytes > sizeof object[i].build_id ||
            object[i].codes > SNAPSHOT_CODES)
            return false;
    return true;
}

static bool notes_are_good(const struct snapshot *snapshot)
{
    const struct snapshot_note *note = snapshot_notes(snapshot);
    for (uint32_t i = 0; i < snapshot->notes; i++)
        if (!ends(note[i].name, sizeof note[i].name) || note[i].kind >= SNAPSHOT_NOTE_KINDS)
            return false;
    return true;
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
    if (!counts_are_good(snapshot))
        return "it has more rows than any process";
    if (!names_are_good(snapshot) || !command_ends(snapshot) || !head_is_good(snapshot) || !tags_are_good(snapshot) ||
        !threads_are_good(snapshot) || !sites_are_good(snapshot) || !suspects_are_good(snapshot) ||
        !stacks_are_good(snapshot) || !frames_are_good(snapshot) || !objects_are_good(snapshot) ||
        !notes_are_good(snapshot))
        return "a row of it is no such row";
    return NULL;
}
