#include "columns.h"

#include <string.h>

static struct writer cell_writer(column_cell cell)
{
    memset(cell, 0, FORMAT_FIELD);
    return (struct writer){cell, FORMAT_FIELD - 1, 0};
}

void cell_put_text(column_cell cell, const char *text)
{
    struct writer out = cell_writer(cell);
    writer_text(&out, text);
}

void cell_put_number(column_cell cell, uint64_t number)
{
    struct writer out = cell_writer(cell);
    format_number(&out, number);
}

void cell_put_id(column_cell cell, uint64_t id)
{
    struct writer out = cell_writer(cell);
    format_id(&out, id);
}

void cell_put_size(column_cell cell, uint64_t bytes)
{
    struct writer out = cell_writer(cell);
    format_size(&out, bytes);
}

void cell_put_duration(column_cell cell, uint64_t ms)
{
    struct writer out = cell_writer(cell);
    format_duration(&out, ms);
}

void cell_put_size_change(column_cell cell, uint64_t from, uint64_t to)
{
    struct writer out = cell_writer(cell);
    format_change(&out, from, to);
}

void cell_put_number_change(column_cell cell, uint64_t from, uint64_t to)
{
    struct writer out = cell_writer(cell);
    writer_text(&out, to > from ? "+" : to < from ? "-" : "");
    format_number(&out, to > from ? to - from : from - to);
}

void column_put_right(struct writer *out, const char *text, size_t width)
{
    const size_t length = strlen(text);
    writer_fill(out, ' ', length < width ? width - length : 1);
    writer_text(out, text);
}

void column_put_left(struct writer *out, const char *text, size_t width)
{
    const size_t length = strlen(text);
    writer_text(out, text);
    writer_fill(out, ' ', length < width ? width - length : 0);
}
