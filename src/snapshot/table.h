/* A table of named rows, largest first: which columns it has is data, how they are aligned is the same for all. */
#ifndef TM_SNAPSHOT_TABLE_H
#define TM_SNAPSHOT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

enum { TABLE_COLUMNS = 12 }; /* at most */

enum column_kind {
    COLUMN_COUNT,   /* uint64_t */
    COLUMN_SIZE,    /* uint64_t, bytes */
    COLUMN_PEAK,    /* the same, but the rows reached theirs at different times: never summed up */
    COLUMN_THREADS, /* uint32_t */
    COLUMN_TID      /* uint32_t, a name rather than an amount; 0 is none */
};

struct column {
    char title[15];
    uint8_t width; /* at least, a leading blank included; wider when its sum is long */
    uint8_t kind;  /* enum column_kind */
    uint8_t minus; /* 1: the cell is `at` less `less`, and may be negative */
    uint16_t at;   /* where the value stands in a row */
    uint16_t less;
};

/* Every row begins with its name, SNAPSHOT_NAME bytes. */
struct table {
    const char *one;  /* "tag": what a row is; heads the column of names */
    const char *many; /* "tags" */
    const struct column *columns;
    unsigned column_count;
    size_t row_bytes;
    size_t key_at;                  /* the uint64_t whose largest come first */
    bool (*apart)(const void *row); /* NULL, or: does this row stand at the table's end, whatever its key? */
    const char *apart_name;         /* what such a row is called */
};

/* At most `top` rows; then one that sums up those left out, then those apart. */
void table_write(struct format *out, const struct table *table, const void *rows, uint32_t count, unsigned top);

#endif
