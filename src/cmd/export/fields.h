/* A snapshot as tables of named values, the same for every format that has all of it (doc/export.md). Scripts rely on
 * the names. */
#ifndef TM_FIELDS_H
#define TM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "value.h"

struct field_table {
    const char *name;
    const struct field *fields; /* end with one whose name is NULL */
    size_t row_bytes;
    uint32_t fixed;   /* number of rows, in the snapshot's head; 0: `rows_at` has the number */
    uint16_t rows_at; /* offset in the head of the number of rows; of a fixed table, 0 or a flag that it is filled */
    uint16_t at;      /* offset in the head of the first row's offset; of a fixed table, of the first row itself */
};

/* End with one whose name is NULL. */
extern const struct field_table field_tables[];

const struct field_table *fields_table(const char *name); /* NULL: there is none */
uint32_t fields_rows(const struct field_table *table, const struct snapshot *snapshot);
const void *fields_row(const struct field_table *table, const struct snapshot *snapshot, uint32_t row);

#endif
