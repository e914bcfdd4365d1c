#include "naming.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "demangle.h"
#include "symbolize.h"

/* The names of frames, as the snapshot lays them out. */
struct names {
    char *text;
    size_t bytes;
    size_t capacity;
};

/* Replaces a name that the library gave, too: that is a mangled one. Where no function is known, a site without a name
 * keeps none; only MODULE+0x12, which the library wrote, is written anew. */
static void name_site(struct snapshot_site *site, struct symbolizer *symbolizer)
{
    if (site->address == 0)
        return;
    if (symbolizer_find(symbolizer, site->object, site->address)->named || site->name[0] != '\0')
        symbolizer_name(symbolizer, site->object, site->address, site->name, sizeof site->name);
}

/* An alarm has only the name of its site, so the name is demangled. */
static void name_alarm(struct snapshot_alarm *alarm)
{
    char *readable = demangle_place(alarm->name);
    if (readable != NULL)
        clean_text(readable, alarm->name, sizeof alarm->name);
    free(readable);
}

/* Returns the offset of the name. */
static uint32_t append_name(struct names *names, const char *name)
{
    const size_t length = strlen(name) + 1;
    const size_t at = names->bytes;
    if (names->capacity - at < length) {
        names->capacity = 2 * names->capacity + length;
        names->text = must_resize(names->text, names->capacity);
    }
    memcpy(names->text + at, name, length);
    names->bytes += length;
    return (uint32_t)at;
}

static void name_snapshot_frame(struct snapshot_frame *frame, struct names *names, struct symbolizer *symbolizer)
{
    char name[SNAPSHOT_SITE_NAME];
    if (!symbolizer_find(symbolizer, frame->object, frame->address)->named)
        return;
    symbolizer_name(symbolizer, frame->object, frame->address, name, sizeof name);
    if (frame->name_at == 0 || strcmp(names->text + frame->name_at, name) != 0)
        frame->name_at = append_name(names, name);
}

/* The names are the last part of a snapshot, so they can be replaced by longer ones. */
static void replace_names(struct loaded *loaded, const struct names *names)
{
    struct snapshot *snapshot = must_resize(loaded->snapshot, loaded->snapshot->bytes + names->bytes);
    memcpy((char *)snapshot + snapshot->bytes, names->text, names->bytes);
    snapshot->names_at = snapshot->bytes;
    snapshot->names_bytes = (uint32_t)names->bytes;
    snapshot->bytes += (uint32_t)names->bytes;
    loaded->snapshot = snapshot;
}

void name_all(struct loaded *loaded)
{
    struct snapshot *snapshot = loaded->snapshot;
    struct symbolizer *symbolizer = symbolizer_new(snapshot, DEBUG_PATH);
    enum { ROOM = 1024 };
    struct names names = {must_allocate(ROOM), 0, ROOM};
    symbolizer_show_progress(symbolizer);
    for (uint32_t i = 0; i < snapshot->names_bytes; i += (uint32_t)strlen(snapshot_names(snapshot) + i) + 1)
        append_name(&names, snapshot_names(snapshot) + i);
    if (names.bytes == 0)
        append_name(&names, ""); /* offset 0 means: no name */
    for (uint32_t i = 0; i < snapshot->sites; i++)
        name_site(&snapshot_writable_sites(snapshot)[i], symbolizer);
    for (uint32_t i = 0; i < snapshot->frames; i++)
        name_snapshot_frame(&snapshot_writable_frames(snapshot)[i], &names, symbolizer);
    name_alarm(&snapshot->alarm);
    symbolizer_free(symbolizer);
    replace_names(loaded, &names);
    free(names.text);
}
