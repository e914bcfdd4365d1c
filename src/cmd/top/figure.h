/* Values for a narrow column, in at most FIGURE_TEXT - 1 characters: three significant digits and a unit. */
#ifndef TM_FIGURE_H
#define TM_FIGURE_H

#include <stdint.h>

#include "cmd/columns.h"

enum { FIGURE_TEXT = sizeof(column_cell) };

#define FIGURE_UNKNOWN INT64_MIN

enum figure_kind {
    FIGURE_BYTES,  /* 84.3MiB, 1023KiB, 12B */
    FIGURE_CHANGE, /* the same with its sign: +84.3MiB */
    FIGURE_COUNT,  /* 123456, 1.23M */
    FIGURE_RATE,   /* a second: 12.3k/s */
    FIGURE_SHARE,  /* tenths of a percent: 12.3% */
    FIGURE_TIME,   /* ms: 5.2min */
    FIGURE_ID,     /* a number that is a name: 1234567 */
    FIGURE_NONE    /* no number: drawn otherwise, or a text */
};

/* FIGURE_UNKNOWN is "-". Returns `text`. */
char *figure_text(char text[FIGURE_TEXT], enum figure_kind kind, int64_t value);

/* An unsigned number as a value; one that is too large becomes the largest value. */
int64_t figure_of(uint64_t number);
/* The difference from `before`, with its sign. */
int64_t figure_change(uint64_t now, uint64_t before);
/* The nearest value there is. */
int64_t figure_round(double number);

#endif
