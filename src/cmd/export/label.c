#include "label.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

char *label_clean(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *clean = must_allocate(bytes);
    clean_text(text, clean, bytes);
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
    return xasprintf("0x%" PRIx64, address);
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

/* ---- several at once ---- */

void label_fold(char *name)
{
    for (; *name != '\0'; name++)
        if (*name == ';' || *name == ' ')
            *name = *name == ';' ? ':' : '_';
}

struct line {
    char *text;
    size_t length;
};

/* Frees the part. */
static void append_part(struct line *line, char separator, char *part)
{
    size_t more = strlen(part);
    line->text = must_resize(line->text, line->length + more + 2);
    if (line->length != 0)
        line->text[line->length++] = separator;
    memcpy(line->text + line->length, part, more + 1);
    line->length += more;
    free(part);
}

static void append_functions(struct line *line, const struct symbol *symbol)
{
    for (uint32_t i = symbol->frames; i-- > 0;) {
        char *name = label_clean(symbol->frame[i].function);
        label_fold(name);
        append_part(line, ';', name);
    }
}

char *label_call(struct symbolizer *symbolizer, uint32_t object, uint64_t address)
{
    struct line line = {NULL, 0};
    append_functions(&line, symbolizer_find(symbolizer, object, address));
    return line.text;
}

char *label_stack(struct symbolizer *symbolizer, const struct snapshot *snapshot, const struct snapshot_stack *stack)
{
    const struct snapshot_frame *frame = &snapshot_frames(snapshot)[stack->frame];
    struct line line = {NULL, 0};
    if (stack->truncated != 0 || stack->frames == 0)
        append_part(&line, ';', label_clean(stack->truncated != 0 ? "(truncated)" : "(others)"));
    for (uint32_t i = stack->frames; i-- > 0;)
        append_functions(&line, symbolizer_find(symbolizer, frame[i].object, frame[i].address));
    return line.text;
}

char *label_command(const struct snapshot *snapshot)
{
    const char *arguments = snapshot_command(snapshot);
    struct line line = {label_clean(""), 0};
    for (uint32_t at = 0; at < snapshot->command_bytes; at += (uint32_t)strlen(arguments + at) + 1)
        append_part(&line, ' ', label_clean(arguments + at));
    return line.text;
}
