#include "label.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { LABEL_MOST = 1024 /* bytes: of one long name, many rows may be called */ };

char *label_clean(const char *text)
{
    size_t length = strlen(text);
    size_t room = length < LABEL_MOST ? length + 1 : LABEL_MOST;
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

/* ---- several at once ---- */

void label_fold(char *name)
{
    for (; *name != '\0'; name++)
        if (*name == ';' || *name == ' ')
            *name = *name == ';' ? ':' : '_';
}

/* Takes the next part over. */
static void append(char **line, size_t *length, char separator, char *part)
{
    size_t more = strlen(part);
    *line = must_resize(*line, *length + more + 2);
    if (*length != 0)
        (*line)[(*length)++] = separator;
    memcpy(*line + *length, part, more + 1);
    *length += more;
    free(part);
}

char *label_stack(const struct snapshot *snapshot, const struct snapshot_stack *stack)
{
    char *line = NULL;
    size_t length = 0;
    if (stack->truncated != 0 || stack->frames == 0)
        append(&line, &length, ';', label_clean(stack->truncated != 0 ? "(truncated)" : "(others)"));
    for (uint32_t i = stack->frames; i-- > 0;) {
        char *name = label_frame(snapshot, &snapshot_frames(snapshot)[stack->frame + i]);
        label_fold(name);
        append(&line, &length, ';', name);
    }
    return line;
}

char *label_command(const struct snapshot *snapshot)
{
    const char *arguments = snapshot_command(snapshot);
    char *line = label_clean("");
    size_t length = 0;
    for (uint32_t at = 0; at < snapshot->command_bytes; at += (uint32_t)strlen(arguments + at) + 1)
        append(&line, &length, ' ', label_clean(arguments + at));
    return line;
}
