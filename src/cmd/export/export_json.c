/* JSON: all tables of the snapshot; what is one row is an object. doc/snapshot.schema.json describes it. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/export.h"
#include "fields.h"
#include "label.h"

enum { SCHEMA = 1 /* changes when something that was there is no longer, or means something else */ };

struct telling {
    const struct snapshot *snapshot;
    struct symbolizer *symbols;
};

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

struct call {
    uint32_t object;
    uint64_t address;
};

static json_t *frame_of(const struct call *call, const struct symbol_frame *frame, bool inlined)
{
    json_t *json = json_object();
    json_object_set_new(json, "function", json_string(frame->function));
    json_object_set_new(json, "file", frame->file[0] != '\0' ? json_string(frame->file) : json_null());
    json_object_set_new(json, "line", frame->line != 0 ? integer(frame->line) : json_null());
    json_object_set_new(json, "inlined", json_boolean(inlined));
    json_object_set_new(json, "address", text(xasprintf("0x%" PRIx64, call->address)));
    json_object_set_new(json, "object", call->object != SNAPSHOT_NONE ? integer(call->object) : json_null());
    return json;
}

static void append_call(json_t *frames, struct symbolizer *symbols, struct call call)
{
    const struct symbol *symbol = symbolizer_find(symbols, call.object, call.address);
    for (uint32_t i = 0; i < symbol->frames; i++)
        json_array_append_new(frames, frame_of(&call, &symbol->frame[i], i + 1 < symbol->frames));
}

static json_t *frames_of_stack(const struct telling *telling, const struct snapshot_stack *stack)
{
    const struct snapshot_frame *frame = &snapshot_frames(telling->snapshot)[stack->frame];
    json_t *frames = json_array();
    for (uint32_t i = 0; i < stack->frames; i++)
        append_call(frames, telling->symbols, (struct call){frame[i].object, frame[i].address});
    return frames;
}

static json_t *frames_of_site(const struct telling *telling, const struct snapshot_site *site)
{
    json_t *frames = json_array();
    append_call(frames, telling->symbols, (struct call){site->object, site->address});
    return frames;
}

static json_t *arguments(const struct snapshot *snapshot)
{
    const char *argument = snapshot_command(snapshot);
    json_t *json = json_array();
    for (uint32_t at = 0; at < snapshot->command_bytes; at += (uint32_t)strlen(argument + at) + 1)
        json_array_append_new(json, text(label_clean(argument + at)));
    return json;
}

static json_t *json_of(const struct telling *telling, const void *row, const struct value *value)
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
    case VALUE_STACK:
        return frames_of_stack(telling, row);
    case VALUE_CALL:
        return frames_of_site(telling, row);
    case VALUE_ARGUMENTS:
        return arguments(telling->snapshot);
    default:
        return json_null();
    }
}

static json_t *row_of(const struct telling *telling, const struct field_table *table, uint32_t number)
{
    const void *row = fields_row(table, telling->snapshot, number);
    json_t *json = json_object();
    for (const struct field *field = table->fields; field->name != NULL; field++) {
        struct value value = field->get(telling->snapshot, row, field);
        json_object_set_new(json, field->name, json_of(telling, row, &value));
        free(value.text);
    }
    return json;
}

static json_t *table_of(const struct telling *telling, const struct field_table *table)
{
    uint32_t rows = fields_rows(table, telling->snapshot);
    if (table->fixed == 1)
        return rows != 0 ? row_of(telling, table, 0) : json_null();
    json_t *json = json_array();
    for (uint32_t i = 0; i < rows; i++)
        json_array_append_new(json, row_of(telling, table, i));
    return json;
}

bool export_json(const struct loaded *loaded, const struct export_asked *asked, FILE *to)
{
    const struct telling telling = {loaded->snapshot, export_symbols(loaded, asked)};
    json_set_alloc_funcs(must_allocate, free);
    json_t *json = json_object();
    json_object_set_new(json, "schema", json_integer(SCHEMA));
    for (const struct field_table *table = field_tables; table->name != NULL; table++)
        json_object_set_new(json, table->name, table_of(&telling, table));
    bool done = json_dumpf(json, to, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) == 0 && fputc('\n', to) != EOF;
    json_decref(json);
    symbolizer_free(telling.symbols);
    return done || complain("json", "it could not be written") == STATUS_OK;
}
