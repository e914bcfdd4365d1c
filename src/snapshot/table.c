#include "table.h"

#include <string.h>

#include "rank.h"
#include "snapshot.h"

/* Names are left-aligned, and a table of short names looks like its neighbours. */
enum { NAME_WIDTH = 21 };

/* One table on its way to the page. */
struct sheet {
    const struct table *table;
    const char *rows;
    uint32_t count;
    uint32_t left_out; /* rows neither shown nor last */
    unsigned top;
    size_t name_width;
    size_t width[TABLE_COLUMNS];
    uint64_t rest[TABLE_COLUMNS];    /* what the rows left out hold together */
    uint32_t unknown[TABLE_COLUMNS]; /* cells of theirs that are not known */
};

/* ---- cells ---- */

static uint64_t load_number(const char *row, size_t at, uint8_t kind)
{
    if (kind == COLUMN_THREADS || kind == COLUMN_TID) {
        uint32_t value;
        memcpy(&value, row + at, sizeof value);
        return value;
    }
    uint64_t value;
    memcpy(&value, row + at, sizeof value);
    return value;
}

static uint64_t cell_value(const struct column *column, const char *row)
{
    uint64_t value = load_number(row, column->at, column->kind);
    return column->minus ? value - load_number(row, column->less, column->kind) : value;
}

static bool is_known(const struct column *column, const char *row)
{
    if (column->kind == COLUMN_AGE)
        return load_number(row, column->at, column->kind) != SNAPSHOT_UNKNOWN;
    return column->known == 0 || (load_number(row, column->known, COLUMN_THREADS) >> column->bit & 1) != 0;
}

static bool is_summable(const struct column *column)
{
    return column->kind != COLUMN_PEAK && column->kind != COLUMN_TID && column->kind != COLUMN_AGE;
}

static bool is_negative(const struct column *column, uint64_t value)
{
    return column->minus && value > INT64_MAX;
}

static void put_magnitude(struct writer *out, const struct column *column, uint64_t value)
{
    if (column->kind == COLUMN_SIZE || column->kind == COLUMN_PEAK)
        format_size(out, value);
    else if (column->kind == COLUMN_AGE)
        format_duration(out, value);
    else if (column->kind != COLUMN_TID)
        format_number(out, value);
    else if (value != 0)
        format_id(out, value);
    else
        writer_bytes(out, "-", 1);
}

static void put_value(struct writer *out, const struct column *column, uint64_t value)
{
    if (is_negative(column, value))
        writer_bytes(out, "-", 1);
    else if (column->plus && value > 0)
        writer_bytes(out, "+", 1);
    put_magnitude(out, column, is_negative(column, value) ? -value : value);
}

/* At least one blank before it, whatever the width: a line can always be split at its blanks. */
static void put_right(struct writer *out, const char *text, size_t length, size_t width)
{
    writer_fill(out, ' ', width > length ? width - length : 1);
    writer_bytes(out, text, length);
}

static void put_dash(const struct sheet *sheet, struct writer *out, unsigned column)
{
    put_right(out, "-", 1, sheet->width[column]);
}

static void put_cell(const struct sheet *sheet, struct writer *out, unsigned column, uint64_t value)
{
    char text[FORMAT_FIELD];
    struct writer field = {text, sizeof text, 0};
    put_value(&field, &sheet->table->columns[column], value);
    put_right(out, text, field.length, sheet->width[column]);
}

/* ---- which rows ---- */

static const char *row_at(const struct sheet *sheet, uint32_t row)
{
    return sheet->rows + row * sheet->table->row_bytes;
}

static bool is_last_row(const struct sheet *sheet, const char *row)
{
    return sheet->table->is_last && sheet->table->is_last(row);
}

/* A row that the table does not show, and that no other sums up. */
static bool is_skipped(const struct sheet *sheet, const char *row)
{
    return sheet->table->skip_zero && load_number(row, sheet->table->key_at, COLUMN_COUNT) == 0 &&
           !is_last_row(sheet, row);
}

/* The rows to show, one after the other, then NULL. */
static const char *next_shown(const struct sheet *sheet, struct rank *rank, unsigned *shown)
{
    uint32_t at;
    while (*shown < sheet->top && rank_next(rank, &at)) {
        const char *row = row_at(sheet, at);
        if (!is_last_row(sheet, row) && !is_skipped(sheet, row)) {
            ++*shown;
            return row;
        }
    }
    return NULL;
}

static void start_rank(const struct sheet *sheet, struct rank *rank)
{
    rank_start(rank, sheet->rows + sheet->table->key_at, sheet->table->row_bytes, sheet->count);
}

/* ---- what has to be known before the first line ---- */

static void subtract_row(struct sheet *sheet, const char *row)
{
    for (unsigned i = 0; i < sheet->table->column_count; i++) {
        sheet->rest[i] -= cell_value(&sheet->table->columns[i], row);
        sheet->unknown[i] -= !is_known(&sheet->table->columns[i], row);
    }
    sheet->left_out--;
}

/* No cell is longer than the sum of its column, were none negative. */
static void measure_column(struct sheet *sheet, unsigned i)
{
    const struct column *column = &sheet->table->columns[i];
    struct writer longest = {NULL, 0, 0};
    uint64_t magnitudes = 0;
    for (uint32_t row = 0; row < sheet->count; row++) {
        const uint64_t value = cell_value(column, row_at(sheet, row));
        sheet->rest[i] += value;
        sheet->unknown[i] += !is_known(column, row_at(sheet, row));
        if (is_known(column, row_at(sheet, row)))
            magnitudes += is_negative(column, value) ? -value : value;
    }
    writer_text(&longest, column->minus ? "  -" : "  ");
    put_magnitude(&longest, column, magnitudes);
    sheet->width[i] = column->width;
    if (column->kind != COLUMN_TID && column->kind != COLUMN_AGE && longest.length > column->width)
        sheet->width[i] = longest.length;
}

static size_t put_row_name(const struct sheet *sheet, struct writer *out, const char *row)
{
    if (!is_last_row(sheet, row) && sheet->table->put_name != NULL)
        return sheet->table->put_name(out, row);
    return format_name(out, is_last_row(sheet, row) ? sheet->table->last_name : row, SNAPSHOT_NAME);
}

/* One word, as every name is. */
static size_t put_rest_name(const struct sheet *sheet, struct writer *out)
{
    const size_t start = out->length;
    writer_bytes(out, "(", 1);
    format_number(out, sheet->left_out);
    writer_text(out, "-more-");
    writer_text(out, sheet->left_out == 1 ? sheet->table->one : sheet->table->many);
    writer_bytes(out, ")", 1);
    return out->length - start; /* ASCII: a column a byte */
}

/* The row will be shown: it is none of the rest. */
static void measure_row(struct sheet *sheet, const char *row)
{
    struct writer nowhere = {NULL, 0, 0};
    const size_t width = put_row_name(sheet, &nowhere, row);
    if (sheet->name_width < width)
        sheet->name_width = width;
    subtract_row(sheet, row);
}

/* Goes over the rows as the writer will, and leaves in `rest` and `left_out` what it will not show. */
static void measure_sheet(struct sheet *sheet)
{
    for (unsigned i = 0; i < sheet->table->column_count; i++)
        measure_column(sheet, i);

    for (uint32_t i = 0; i < sheet->count; i++) {
        if (is_last_row(sheet, row_at(sheet, i)))
            measure_row(sheet, row_at(sheet, i));
        else if (is_skipped(sheet, row_at(sheet, i)))
            subtract_row(sheet, row_at(sheet, i));
    }

    struct rank rank;
    unsigned shown = 0;
    const char *row;
    start_rank(sheet, &rank);
    while ((row = next_shown(sheet, &rank, &shown)) != NULL)
        measure_row(sheet, row);

    struct writer nowhere = {NULL, 0, 0};
    const size_t width = sheet->left_out > 0 ? put_rest_name(sheet, &nowhere) : 0;
    if (sheet->name_width < width)
        sheet->name_width = width;
}

/* ---- the page ---- */

static void write_head(const struct sheet *sheet, struct writer *out)
{
    writer_text(out, sheet->table->one);
    writer_fill(out, ' ', sheet->name_width - strlen(sheet->table->one));
    for (unsigned i = 0; i < sheet->table->column_count; i++) {
        const char *title = sheet->table->columns[i].title;
        put_right(out, title, strlen(title), sheet->width[i]);
    }
    if (sheet->table->tail != NULL) {
        writer_text(out, "  ");
        writer_text(out, sheet->table->tail);
    }
    writer_bytes(out, "\n", 1);
}

/* What comes behind a row's numbers, and below them. */
static void write_words(const struct table *table, struct writer *out, const char *row)
{
    if (table->tail != NULL) {
        writer_text(out, "  ");
        table->put_tail(out, row, table->of);
    }
    writer_bytes(out, "\n", 1);
    if (table->put_below != NULL)
        table->put_below(out, row, table->of);
}

static void write_row(const struct sheet *sheet, struct writer *out, const char *row)
{
    const size_t columns = put_row_name(sheet, out, row);
    writer_fill(out, ' ', sheet->name_width - columns);
    for (unsigned i = 0; i < sheet->table->column_count; i++) {
        if (is_known(&sheet->table->columns[i], row))
            put_cell(sheet, out, i, cell_value(&sheet->table->columns[i], row));
        else
            put_dash(sheet, out, i);
    }
    write_words(sheet->table, out, row);
}

static void write_rest(const struct sheet *sheet, struct writer *out)
{
    const size_t columns = put_rest_name(sheet, out);
    writer_fill(out, ' ', sheet->name_width - columns);
    for (unsigned i = 0; i < sheet->table->column_count; i++) {
        if (is_summable(&sheet->table->columns[i]) && sheet->unknown[i] == 0)
            put_cell(sheet, out, i, sheet->rest[i]);
        else
            put_dash(sheet, out, i);
    }
    writer_text(out, sheet->table->tail != NULL ? "  -\n" : "\n");
}

void table_write(struct writer *out, const struct table *table, const void *rows, uint32_t count, unsigned top)
{
    struct sheet sheet = {
        .table = table,
        .rows = rows,
        .count = count,
        .left_out = count,
        .top = top,
        .name_width = NAME_WIDTH,
    };
    measure_sheet(&sheet);
    write_head(&sheet, out);

    struct rank rank;
    unsigned shown = 0;
    const char *row;
    start_rank(&sheet, &rank);
    while ((row = next_shown(&sheet, &rank, &shown)) != NULL)
        write_row(&sheet, out, row);
    if (sheet.left_out > 0)
        write_rest(&sheet, out);
    for (uint32_t i = 0; i < count; i++)
        if (is_last_row(&sheet, row_at(&sheet, i)))
            write_row(&sheet, out, row_at(&sheet, i));
    if (table->total != NULL)
        write_row(&sheet, out, table->total);
}
