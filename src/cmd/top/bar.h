/* Bars and curves made of characters. No input or output. */
#ifndef TM_BAR_H
#define TM_BAR_H

#include <stdint.h>

#include "canvas.h"
#include "snapshot/snapshot.h"

/* A bar of round(columns * sum of parts / whole) columns, at least one unless the sum is 0. Each part has a character
 * and a look of its own, so that it can be read without colour. */
void bar_put(const struct canvas *canvas, int row, int column, int columns, const uint64_t part[SNAPSHOT_AGE_ROWS],
             uint64_t whole);

/* A bar of round(columns * value / whole) columns. */
void bar_plain(const struct canvas *canvas, int row, int column, int columns, uint64_t value, uint64_t whole);

/* The character of a part. */
const char *bar_mark(const struct canvas *canvas, int part);

/* A curve of the live bytes over all columns, scaled from 0 to the largest point. A column shows the largest of its
 * points; one without a point repeats the one before. */
void bar_line(const struct canvas *canvas, int row, int column, int columns, const struct snapshot_point *point,
              int points);

#endif
