/* JSON: all tables of the snapshot; a table that always has one row is an object. See doc/snapshot.schema.json. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "fields.h"
#include "formats.h"
#include "label.h"

enum { SCHEMA = 1 /* changes when a name goes or changes its meaning */ };

struct writer {
    const struct snapshot *snapshot;
    struct symbolizer *symbols;
};

/* Frees the text. It must be clean, which makes it valid UTF-8. */
static json_t *json_of_text(char *text)
{
    json_t *json = json_string(text);
    free(text);
    return json;
}

/* Readers of JSON hold 2^63 at most; larger counts, which only a hostile file has, are cut to that. */
static json_t *json_of_count(uint64_t count)
{
    return json_integer((json_int_t)(count < INT64_MAX ? count : INT64_MAX));
}

struct call {
    uint32_t object;
    uint64_t address;
};

static json_t *json_of_frame(const struct call *call, const struct symbol_frame *frame, bool inlined)
{
    json_t *json = json_object();
    json_object_set_new(json, "function", json_string(frame->function));
    json_object_set_new(json, "file", frame->file[0] != '\0' ? json_string(frame->file) : json_null());
    json_object_set_new(json, "line", frame->line != 0 ? json_of_count(frame->line) : json_null());
    json_object_set_new(json, "inlined", json_boolean(inlined));
    json_object_set_new(json, "address", json_of_text(xasprintf("0x%" PRIx64, call->address)));
    json_object_set_new(json, "object", call->object != SNAPSHOT_NONE ? json_of_count(call->object) : json_null());
    return json;
}

static void append_call_frames(json_t *frames, struct symbolizer *symbols, struct call call)
{
    const struct symbol *symbol = symbolizer_find(symbols, call.object, call.address);
    for (uint32_t i = 0; i < symbol->frames; i++)
        json_array_append_new(frames, json_of_frame(&call, &symbol->frame[i], i + 1 < symbol->frames));
}

static json_t *json_of_stack(const struct writer *writer, const struct snapshot_stack *stack)
{
    const struct snapshot_frame *frame = &snapshot_frames(writer->snapshot)[stack->frame];
    json_t *frames = json_array();
    for (uint32_t i = 0; i < stack->frames; i++)
        append_call_frames(frames, writer->symbols, (struct call){frame[i].object, frame[i].address});
    return frames;
}

static json_t *json_of_site(const struct writer *writer, const struct snapshot_site *site)
{
    json_t *frames = json_array();
    append_call_frames(frames, writer->symbols, (struct call){site->object, site->address});
    return frames;
}

static json_t *json_of_arguments(const struct snapshot *snapshot)
{
    const char *argument = snapshot_command(snapshot);
    json_t *json = json_array();
    for (uint32_t at = 0; at < snapshot->command_bytes; at += (uint32_t)strlen(argument + at) + 1)
        json_array_append_new(json, json_of_text(label_clean(argument + at)));
    return json;
}

static json_t *json_of_value(const struct writer *writer, const void *row, const struct value *value)
{
    switch (value->kind) {
    case VALUE_COUNT:
        return json_of_count(value->count);
    case VALUE_CHANGE:
        return json_integer((json_int_t)value->count);
    case VALUE_SECONDS:
        return json_real((double)value->count / 1e6);
    case VALUE_TEXT:
        return json_string(value->text);
    case VALUE_TRUTH:
        return json_boolean(value->count);
    case VALUE_STACK:
        return json_of_stack(writer, row);
    case VALUE_CALL:
        return json_of_site(writer, row);
    case VALUE_ARGUMENTS:
        return json_of_arguments(writer->snapshot);
    default:
        return json_null();
    }
}

static json_t *json_of_row(const struct writer *writer, const struct field_table *table, uint32_t number)
{
    const void *row = fields_row(table, writer->snapshot, number);
    json_t *json = json_object();
    for (const struct field *field = table->fields; field->name != NULL; field++) {
        struct value value = field->get(writer->snapshot, row, field);
        json_object_set_new(json, field->name, json_of_value(writer, row, &value));
        free(value.text);
    }
    return json;
}

static json_t *json_of_table(const struct writer *writer, const struct field_table *table)
{
    uint32_t rows = fields_rows(table, writer->snapshot);
    if (table->fixed == 1)
        return rows != 0 ? json_of_row(writer, table, 0) : json_null();
    json_t *json = json_array();
    for (uint32_t i = 0; i < rows; i++)
        json_array_append_new(json, json_of_row(writer, table, i));
    return json;
}

bool export_json(const struct loaded *loaded, const struct export_options *options, FILE *to)
{
    const struct writer writer = {loaded->snapshot, export_symbols(loaded, options)};
    json_set_alloc_funcs(must_allocate, free);
    json_t *json = json_object();
    json_object_set_new(json, "schema", json_integer(SCHEMA));
    for (const struct field_table *table = field_tables; table->name != NULL; table++)
        json_object_set_new(json, table->name, json_of_table(&writer, table));
    bool done = json_dumpf(json, to, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) == 0 && fputc('\n', to) != EOF;
    json_decref(json);
    symbolizer_free(writer.symbols);
    return done || report_error("cannot write JSON") == STATUS_OK;
}
