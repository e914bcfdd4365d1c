/* CSV, with the quotes of RFC 4180: one table of the snapshot, the names of its fields in the first line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "fields.h"
#include "formats.h"
#include "label.h"

/* Spreadsheets run a cell that begins with one of these as a formula, unless a quote is before it. */
static bool is_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
}

static void put_csv_text(FILE *to, const char *text)
{
    fputs(is_formula(text) ? "\"'" : "\"", to);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void put_csv_value(FILE *to, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NONE:
        break;
    case VALUE_COUNT:
    case VALUE_TRUTH:
        fprintf(to, "%" PRIu64, value->count);
        break;
    case VALUE_CHANGE:
        fprintf(to, "%" PRId64, (int64_t)value->count);
        break;
    case VALUE_SECONDS:
        fprintf(to, "%" PRIu64 ".%06" PRIu64, value->count / 1000000, value->count % 1000000);
        break;
    default:
        put_csv_text(to, value->text);
        break;
    }
}

/* Frames, which are lists in JSON, are one text in a cell. */
static void join_frames(struct value *value, const struct snapshot *snapshot, struct symbolizer *symbols,
                        const void *row)
{
    const struct snapshot_site *site = row;
    if (value->kind == VALUE_STACK)
        value->text = label_stack(symbols, snapshot, row);
    else if (value->kind == VALUE_CALL)
        value->text = label_call(symbols, site->object, site->address);
}

static void put_csv_row(FILE *to, const struct snapshot *snapshot, struct symbolizer *symbols,
                        const struct field_table *table, const void *row)
{
    for (const struct field *field = table->fields; field->name != NULL; field++) {
        struct value value = field->get(snapshot, row, field);
        if (field != table->fields)
            fputc(',', to);
        join_frames(&value, snapshot, symbols, row);
        put_csv_value(to, &value);
        free(value.text);
    }
    fputc('\n', to);
}

bool export_csv(const struct loaded *loaded, const struct export_options *options, FILE *to)
{
    const struct field_table *table = fields_table(options->table != NULL ? options->table : "tags");
    for (const struct field *field = table->fields; field->name != NULL; field++)
        fprintf(to, "%s%s", field != table->fields ? "," : "", field->name);
    fputc('\n', to);
    struct symbolizer *symbols = export_symbols(loaded, options);
    for (uint32_t i = 0; i < fields_rows(table, loaded->snapshot); i++)
        put_csv_row(to, loaded->snapshot, symbols, table, fields_row(table, loaded->snapshot, i));
    symbolizer_free(symbols);
    return true;
}
