#include "exported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/export/formats.h"

const char *next_text_format(const char *name)
{
    const struct export_format *format = name != NULL ? export_format_named(name) + 1 : export_formats;
    while (format->name != NULL && format->binary)
        format++;
    return format->name;
}

const char *story_file(struct story *story)
{
    static char path[256];
    struct snapshot *snapshot = story_lay_out(story);
    snprintf(path, sizeof path, "%s", in_scratch("story"));
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

void assert_fine(const struct outcome *outcome)
{
    if (outcome->status != 0 || outcome->err[0] != '\0')
        fail_msg("status %d: %.500s", outcome->status, outcome->err);
}

char *exported(const char *format, const char *path)
{
    struct outcome outcome = run_command("export", "--format", format, path);
    assert_fine(&outcome);
    free(outcome.err);
    return outcome.out;
}

void assert_accepted(const char *form, const char *text)
{
    const char *python = getenv("PYTHON") != NULL ? getenv("PYTHON") : "/usr/bin/python3";
    file_write(in_scratch("exported"), text, strlen(text));
    struct outcome outcome =
        run_program(ARGV(python, "test/cmd/accepts.py", form, in_scratch("exported"), "doc/snapshot.schema.json"));
    if (outcome.status != 0)
        fail_msg("%s: %.2000s", form, outcome.err);
    outcome_free(&outcome);
}

json_t *exported_json(const char *path)
{
    char *text = exported("json", path);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

json_t *json_at(json_t *json, const char *path)
{
    char part[64];
    for (int length; *path != '\0' && json != NULL; path += length + (path[length] == '/')) {
        length = (int)strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", length, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10)) : json_object_get(json, part);
    }
    return json;
}

void assert_number(json_t *json, const char *path, long long value)
{
    if (!json_is_integer(json_at(json, path)) || json_integer_value(json_at(json, path)) != value)
        fail_msg("%s is %lld, not %lld", path, json_integer_value(json_at(json, path)), value);
}

void assert_text(json_t *json, const char *path, const char *value)
{
    if (!json_is_string(json_at(json, path)) || strcmp(json_string_value(json_at(json, path)), value) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", path, json_string_value(json_at(json, path)), value);
}

void assert_unknown(json_t *json, const char *path)
{
    if (!json_is_null(json_at(json, path)))
        fail_msg("%s is no null", path);
}
