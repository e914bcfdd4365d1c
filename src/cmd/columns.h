/* Columns of text: values as the cells of a row, and how they are aligned. One for all tables of the command that are
 * not the report's own (snapshot/table.h). */
#ifndef TM_COLUMNS_H
#define TM_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/format.h"

/* Text that a zero closes. One that is too long for it loses its end: no number, size or duration is. */
typedef char column_cell[FORMAT_FIELD];

/* Each fills a cell with one value, in the form that format.h gives it. */
void cell_put_text(column_cell cell, const char *text);
void cell_put_number(column_cell cell, uint64_t number); /* 1,234,567 */
void cell_put_id(column_cell cell, uint64_t id);         /* 1234567 */
void cell_put_size(column_cell cell, uint64_t bytes);    /* 84.3MiB */
void cell_put_duration(column_cell cell, uint64_t ms);   /* 5.2min */

/* By how much a number of bytes, or any other number, has changed: +12.3MiB, -1,234. */
void cell_put_size_change(column_cell cell, uint64_t from, uint64_t to);
void cell_put_number_change(column_cell cell, uint64_t from, uint64_t to);

/* Writes the text at the right or the left edge of a column of `width` characters. A text that fills the column still
 * has one blank before it at the right edge, and none behind it at the left. ASCII: one byte is one character. */
void column_put_right(struct writer *out, const char *text, size_t width);
void column_put_left(struct writer *out, const char *text, size_t width);

#endif
