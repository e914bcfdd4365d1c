#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cmd/command.h"
#include "label.h"

#define VALUE(name)                                                                    \
    struct value value_##name(const struct snapshot *snapshot __attribute__((unused)), \
                              const void *row __attribute__((unused)),                 \
                              const struct field *field __attribute__((unused)))

static const void *place(const void *row, uint16_t at)
{
    return (const char *)row + at;
}

static uint32_t narrow(const void *row, uint16_t at)
{
    return *(const uint32_t *)place(row, at);
}

static uint64_t wide(const void *row, uint16_t at)
{
    return *(const uint64_t *)place(row, at);
}

static struct value count(uint64_t value)
{
    return (struct value){.kind = VALUE_COUNT, .count = value};
}

static struct value text(char *text)
{
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

static const struct value none = {.kind = VALUE_NONE};

VALUE(text)
{
    return text(label_clean(place(row, field->at)));
}

VALUE(text_or_none)
{
    return *(const char *)place(row, field->at) != '\0' ? value_text(snapshot, row, field) : none;
}

VALUE(count)
{
    return count(wide(row, field->at));
}

VALUE(narrow)
{
    return count(narrow(row, field->at));
}

VALUE(nonzero)
{
    return wide(row, field->at) != 0 ? count(wide(row, field->at)) : none;
}

VALUE(narrow_nonzero)
{
    return narrow(row, field->at) != 0 ? count(narrow(row, field->at)) : none;
}

VALUE(truth)
{
    return (struct value){.kind = VALUE_TRUTH, .count = narrow(row, field->at) != 0};
}

VALUE(change)
{
    return (struct value){.kind = VALUE_CHANGE, .count = wide(row, field->at)};
}

VALUE(ms)
{
    uint64_t ms = wide(row, field->at);
    if (ms == SNAPSHOT_UNKNOWN)
        return none;
    return (struct value){.kind = VALUE_SECONDS, .count = ms < UINT64_MAX / 1000 ? ms * 1000 : UINT64_MAX};
}

VALUE(us)
{
    return (struct value){.kind = VALUE_SECONDS, .count = wide(row, field->at)};
}

VALUE(hex)
{
    return text(xasprintf("0x%" PRIx64, wide(row, field->at)));
}

VALUE(past)
{
    return (narrow(row, field->known) >> field->bit & 1) != 0 ? count(wide(row, field->at)) : none;
}

VALUE(row_number)
{
    return narrow(row, field->at) != SNAPSHOT_NONE ? count(narrow(row, field->at)) : none;
}

VALUE(tag)
{
    uint32_t tag = narrow(row, field->at);
    return tag != SNAPSHOT_NONE ? text(label_tag(snapshot, tag)) : none;
}

VALUE(site)
{
    uint32_t site = narrow(row, field->at);
    return site != SNAPSHOT_NONE ? text(label_site(snapshot, site)) : none;
}

VALUE(site_name)
{
    return text(label_site(snapshot, (uint32_t)((const struct snapshot_site *)row - snapshot_sites(snapshot))));
}

VALUE(suspect_name)
{
    const struct snapshot_suspect *suspect = row;
    return text(suspect->subject == SNAPSHOT_SITE ? label_site(snapshot, suspect->row)
                                                  : label_tag(snapshot, suspect->row));
}

VALUE(size_from)
{
    ptrdiff_t class = (const struct snapshot_amount *)row - snapshot->sizes;
    return count(class == 0 ? 0 : UINT64_C(2) << class);
}

VALUE(size_below)
{
    ptrdiff_t class = (const struct snapshot_amount *)row - snapshot->sizes;
    return class == SNAPSHOT_SIZE_CLASSES - 1 ? none : count(UINT64_C(4) << class);
}

VALUE(build_id)
{
    const struct snapshot_object *object = row;
    char hex[2 * SNAPSHOT_BUILD_ID + 1] = "";
    for (uint32_t i = 0; i < object->build_id_bytes; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", object->build_id[i]);
    return object->build_id_bytes != 0 ? text(xasprintf("%s", hex)) : none;
}

VALUE(stack)
{
    return (struct value){.kind = VALUE_STACK};
}

/* The row of all others is nowhere. */
VALUE(call)
{
    const struct snapshot_site *site = row;
    return (struct value){.kind = site->address != 0 ? VALUE_CALL : VALUE_NONE};
}

VALUE(arguments)
{
    return (struct value){.kind = VALUE_ARGUMENTS, .text = label_command(snapshot)};
}

/* As RFC 3339 has it; a year beyond 9999 is no time of ours. */
VALUE(time)
{
    time_t seconds = (time_t)wide(row, field->at);
    struct tm parts;
    char line[64];
    if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < 0 || parts.tm_year > 9999 - 1900)
        return none;
    strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text(xasprintf("%s", line));
}

static struct value word(uint32_t number, const char *const *words)
{
    return text(xasprintf("%s", words[number]));
}

VALUE(report_kind)
{
    static const char *const words[] = {"periodic", "exit", "request", "alarm"};
    return word(narrow(row, field->at), words);
}

VALUE(subject)
{
    static const char *const words[] = {"total", "tag", "site"};
    return word(narrow(row, field->at), words);
}

VALUE(note_kind)
{
    static const char *const words[SNAPSHOT_NOTE_KINDS] = {"others", "deepbind", "dropped"};
    return word(narrow(row, field->at), words);
}

VALUE(alarm)
{
    static const char *const words[] = {"none", "level", "change", "block"};
    return word(narrow(row, field->at), words);
}
