#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cmd/build_id.h"
#include "cmd/diagnostics.h"
#include "label.h"

#define VALUE(name)                                                                    \
    struct value value_##name(const struct snapshot *snapshot __attribute__((unused)), \
                              const void *row __attribute__((unused)),                 \
                              const struct field *field __attribute__((unused)))

static const void *member_at(const void *row, uint16_t at)
{
    return (const char *)row + at;
}

static uint32_t uint32_at(const void *row, uint16_t at)
{
    return *(const uint32_t *)member_at(row, at);
}

static uint64_t uint64_at(const void *row, uint16_t at)
{
    return *(const uint64_t *)member_at(row, at);
}

static struct value count_value(uint64_t value)
{
    return (struct value){.kind = VALUE_COUNT, .count = value};
}

static struct value text_value(char *text)
{
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

static const struct value no_value = {.kind = VALUE_NONE};

VALUE(text)
{
    return text_value(label_clean(member_at(row, field->at)));
}

VALUE(text_or_none)
{
    return *(const char *)member_at(row, field->at) != '\0' ? value_text(snapshot, row, field) : no_value;
}

VALUE(count)
{
    return count_value(uint64_at(row, field->at));
}

VALUE(narrow)
{
    return count_value(uint32_at(row, field->at));
}

VALUE(nonzero)
{
    return uint64_at(row, field->at) != 0 ? count_value(uint64_at(row, field->at)) : no_value;
}

VALUE(narrow_nonzero)
{
    return uint32_at(row, field->at) != 0 ? count_value(uint32_at(row, field->at)) : no_value;
}

VALUE(truth)
{
    return (struct value){.kind = VALUE_TRUTH, .count = uint32_at(row, field->at) != 0};
}

VALUE(change)
{
    return (struct value){.kind = VALUE_CHANGE, .count = uint64_at(row, field->at)};
}

VALUE(ms)
{
    uint64_t ms = uint64_at(row, field->at);
    if (ms == SNAPSHOT_UNKNOWN)
        return no_value;
    return (struct value){.kind = VALUE_SECONDS, .count = ms < UINT64_MAX / 1000 ? ms * 1000 : UINT64_MAX};
}

VALUE(us)
{
    return (struct value){.kind = VALUE_SECONDS, .count = uint64_at(row, field->at)};
}

VALUE(hex)
{
    return text_value(xasprintf("0x%" PRIx64, uint64_at(row, field->at)));
}

VALUE(past)
{
    return (uint32_at(row, field->known) >> field->bit & 1) != 0 ? count_value(uint64_at(row, field->at)) : no_value;
}

VALUE(row_number)
{
    return uint32_at(row, field->at) != SNAPSHOT_NONE ? count_value(uint32_at(row, field->at)) : no_value;
}

VALUE(tag)
{
    uint32_t tag = uint32_at(row, field->at);
    return tag != SNAPSHOT_NONE ? text_value(label_tag(snapshot, tag)) : no_value;
}

VALUE(site)
{
    uint32_t site = uint32_at(row, field->at);
    return site != SNAPSHOT_NONE ? text_value(label_site(snapshot, site)) : no_value;
}

VALUE(site_name)
{
    return text_value(label_site(snapshot, (uint32_t)((const struct snapshot_site *)row - snapshot_sites(snapshot))));
}

VALUE(suspect_name)
{
    const struct snapshot_suspect *suspect = row;
    return text_value(suspect->subject == SNAPSHOT_SITE ? label_site(snapshot, suspect->row)
                                                        : label_tag(snapshot, suspect->row));
}

VALUE(size_from)
{
    ptrdiff_t class = (const struct snapshot_amount *)row - snapshot->sizes;
    return count_value(class == 0 ? 0 : UINT64_C(2) << class);
}

VALUE(size_below)
{
    ptrdiff_t class = (const struct snapshot_amount *)row - snapshot->sizes;
    return class == SNAPSHOT_SIZE_CLASSES - 1 ? no_value : count_value(UINT64_C(4) << class);
}

VALUE(build_id)
{
    const struct snapshot_object *object = row;
    build_id_text hex;
    return object->build_id_bytes != 0 ? text_value(xasprintf("%s", build_id_write(hex, object))) : no_value;
}

VALUE(stack)
{
    return (struct value){.kind = VALUE_STACK};
}

/* The row that sums up all other sites has no address. */
VALUE(call)
{
    const struct snapshot_site *site = row;
    return (struct value){.kind = site->address != 0 ? VALUE_CALL : VALUE_NONE};
}

VALUE(arguments)
{
    return (struct value){.kind = VALUE_ARGUMENTS, .text = label_command(snapshot)};
}

/* As RFC 3339 writes it, which ends with the year 9999. */
VALUE(time)
{
    time_t seconds = (time_t)uint64_at(row, field->at);
    struct tm parts;
    char line[64];
    if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < 0 || parts.tm_year > 9999 - 1900)
        return no_value;
    strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text_value(xasprintf("%s", line));
}

static struct value word_value(uint32_t number, const char *const *words)
{
    return text_value(xasprintf("%s", words[number]));
}

VALUE(report_kind)
{
    static const char *const words[] = {"periodic", "exit", "request", "alarm"};
    return word_value(uint32_at(row, field->at), words);
}

VALUE(subject)
{
    static const char *const words[] = {"total", "tag", "site"};
    return word_value(uint32_at(row, field->at), words);
}

VALUE(note_kind)
{
    static const char *const words[SNAPSHOT_NOTE_KINDS] = {"others", "deepbind", "dropped"};
    return word_value(uint32_at(row, field->at), words);
}

VALUE(alarm)
{
    static const char *const words[] = {"no_value", "level", "change", "block"};
    return word_value(uint32_at(row, field->at), words);
}
