/* A snapshot as tables of named values, the same for every form that tells all of it (doc/export.md): a name that
 * stands here is a promise to scripts. */
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
    uint32_t fixed;   /* so many rows in the head, if any; 0: as many as the head says */
    uint16_t rows_at; /* where the head says how many; of a fixed table whether it has any; 0: it always has */
    uint16_t at;      /* where the head says from where on; of a fixed table where it is itself */
};

/* End with one whose name is NULL. */
extern const struct field_table field_tables[];

const struct field_table *fields_table(const char *name); /* NULL: there is none */
uint32_t fields_rows(const struct field_table *table, const struct snapshot *snapshot);
const void *fields_row(const struct field_table *table, const struct snapshot *snapshot, uint32_t row);

#endif
