#include "label.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

char *label_clean(const char *text)
{
    size_t room = strlen(text) + 1;
    char *clean = must_allocate(room);
    clean_text(text, clean, room);
    return clean;
}

static char *label_or(const char *text, const char *without)
{
    return label_clean(text[0] != '\0' ? text : without);
}

char *label_tag(const struct snapshot *snapshot, uint32_t tag)
{
    return label_or(tag == SNAPSHOT_NONE ? "" : snapshot_tags(snapshot)[tag].name, "(none)");
}

static char *label_address(uint64_t address)
{
    return must_print("0x%" PRIx64, address);
}

char *label_site(const struct snapshot *snapshot, uint32_t row)
{
    if (row == SNAPSHOT_NONE)
        return label_clean("(none)");
    const struct snapshot_site *site = &snapshot_sites(snapshot)[row];
    if (site->name[0] == '\0' && site->address != 0)
        return label_address(site->address);
    return label_or(site->name, "(others)");
}

char *label_frame(const struct snapshot *snapshot, const struct snapshot_frame *frame)
{
    if (frame->name_at != 0 && snapshot_names(snapshot)[frame->name_at] != '\0')
        return label_clean(snapshot_names(snapshot) + frame->name_at);
    if (frame->object == SNAPSHOT_NONE)
        return label_address(frame->address);
    const struct snapshot_object *object = &snapshot_objects(snapshot)[frame->object];
    char *path = label_or(object->path, "(unknown)");
    char *label = must_print("%s+0x%" PRIx64, basename(path), frame->address - object->base);
    free(path);
    return label;
}
