/* JSON: all tables of the snapshot; what is one row is an object. doc/snapshot.schema.json describes it. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "fields.h"
#include "label.h"

enum { SCHEMA = 1 /* changes when something that was there is no longer, or means something else */ };

/* Takes the text over; it is clean, so that it is good UTF-8. */
static json_t *text(char *text)
{
    json_t *json = json_string(text);
    free(text);
    return json;
}

/* JSON's readers have 2^63 at most, if not less; no honest count comes near. */
static json_t *integer(uint64_t count)
{
    return json_integer((json_int_t)(count < INT64_MAX ? count : INT64_MAX));
}

static json_t *frame(const struct snapshot *snapshot, const struct snapshot_frame *frame)
{
    json_t *json = json_object();
    json_object_set_new(json, "function", text(label_frame(snapshot, frame)));
    json_object_set_new(json, "address", text(must_print("0x%" PRIx64, frame->address)));
    json_object_set_new(json, "object", frame->object != SNAPSHOT_NONE ? integer(frame->object) : json_null());
    return json;
}

static json_t *frames(const struct snapshot *snapshot, const struct snapshot_stack *stack)
{
    json_t *json = json_array();
    for (uint32_t i = 0; i < stack->frames; i++)
        json_array_append_new(json, frame(snapshot, &snapshot_frames(snapshot)[stack->frame + i]));
    return json;
}

static json_t *arguments(const struct snapshot *snapshot)
{
    const char *argument = snapshot_command(snapshot);
    json_t *json = json_array();
    for (uint32_t at = 0; at < snapshot->command_bytes; at += (uint32_t)strlen(argument + at) + 1)
        json_array_append_new(json, text(label_clean(argument + at)));
    return json;
}

static json_t *json_of(const struct snapshot *snapshot, const void *row, const struct value *value)
{
    switch (value->kind) {
    case VALUE_COUNT:
        return integer(value->count);
    case VALUE_CHANGE:
        return json_integer((json_int_t)value->count);
    case VALUE_SECONDS:
        return json_real((double)value->count / 1e6);
    case VALUE_TEXT:
        return json_string(value->text);
    case VALUE_TRUTH:
        return json_boolean(value->count);
    case VALUE_FRAMES:
        return frames(snapshot, row);
    case VALUE_ARGUMENTS:
        return arguments(snapshot);
    default:
        return json_null();
    }
}

static json_t *row_of(const struct snapshot *snapshot, const struct field_table *table, uint32_t number)
{
    const void *row = fields_row(table, snapshot, number);
    json_t *json = json_object();
    for (const struct field *field = table->fields; field->name != NULL; field++) {
        struct value value = field->get(snapshot, row, field);
        json_object_set_new(json, field->name, json_of(snapshot, row, &value));
        free(value.text);
    }
    return json;
}

static json_t *table_of(const struct snapshot *snapshot, const struct field_table *table)
{
    uint32_t rows = fields_rows(table, snapshot);
    if (table->fixed == 1)
        return rows != 0 ? row_of(snapshot, table, 0) : json_null();
    json_t *json = json_array();
    for (uint32_t i = 0; i < rows; i++)
        json_array_append_new(json, row_of(snapshot, table, i));
    return json;
}

bool export_json(const struct loaded *loaded, const struct export_asked *asked, FILE *to)
{
    (void)asked;
    json_set_alloc_funcs(must_allocate, free);
    json_t *json = json_object();
    json_object_set_new(json, "schema", json_integer(SCHEMA));
    for (const struct field_table *table = field_tables; table->name != NULL; table++)
        json_object_set_new(json, table->name, table_of(loaded->snapshot, table));
    bool done = json_dumpf(json, to, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) == 0 && fputc('\n', to) != EOF;
    json_decref(json);
    return done || complain("json", "it could not be written") == STATUS_OK;
}
