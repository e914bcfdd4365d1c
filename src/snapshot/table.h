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
    COLUMN_TID,     /* uint32_t, a name rather than an amount; 0 is none */
    COLUMN_AGE      /* uint64_t, ms; SNAPSHOT_UNKNOWN is none; never summed up */
};

struct column {
    char title[15];
    uint8_t width; /* at least, a leading blank included; wider when its sum is long */
    uint8_t kind;  /* enum column_kind */
    uint8_t minus; /* 1: the cell is `at` less `less`, and may be negative */
    uint8_t plus;  /* 1: and carries its sign when it is not */
    uint8_t bit;   /* of the known ones */
    uint16_t at;   /* where the value is in a row */
    uint16_t less;
    uint16_t known; /* where a uint32_t is whose `bit` says whether the cell is known; 0: it always is */
};

/* Every row begins with its name, SNAPSHOT_NAME bytes, unless there is a put_name. */
struct table {
    const char *one;  /* "tag": what a row is; heads the column of names */
    const char *many; /* "tags" */
    const struct column *columns;
    unsigned column_count;
    size_t row_bytes;
    size_t key_at;                    /* the uint64_t whose largest come first */
    bool skip_zero;                   /* rows whose key is 0 are left out for good */
    bool (*is_last)(const void *row); /* NULL, or: does this row come after all others, whatever its key? */
    const char *last_name;            /* of such a row */

    /* NULL, or: writes a row's name, one word; returns the columns it takes. */
    size_t (*put_name)(struct writer *out, const void *row);

    /* NULL, or: a last column of words, one a row, and what to write below a row. Both are handed `of`. */
    const char *tail;
    void (*put_tail)(struct writer *out, const void *row, const void *of);
    void (*put_below)(struct writer *out, const void *row, const void *of);
    const void *of;
    const void *total; /* NULL, or: one more row that closes the table */
};

/* Of a table whose rows are the tags: all such tables have them in one order, by what lives. */
#define TABLE_OF_TAGS(COLUMNS)                                                           \
    .one = "tag", .many = "tags", .columns = (COLUMNS), .column_count = LENGTH(COLUMNS), \
    .row_bytes = sizeof(struct snapshot_tag), .key_at = offsetof(struct snapshot_tag, counts.live.bytes)

/* At most `top` rows; then one that sums up those left out, then those that are last. */
void table_write(struct writer *out, const struct table *table, const void *rows, uint32_t count, unsigned top);

#endif
