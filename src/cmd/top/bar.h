/* Pictures of numbers, in characters. Pure. */
#ifndef TM_BAR_H
#define TM_BAR_H

#include <stdint.h>

#include "canvas.h"
#include "snapshot/snapshot.h"

/* A bar of round(columns * sum of parts / whole) columns, one at least where there is anything, each part with its own
 * character and look, so that it can be read without colour. */
void bar_put(const struct canvas *canvas, int row, int column, int columns, const uint64_t part[SNAPSHOT_AGE_ROWS],
             uint64_t whole);

/* A bar of round(columns * value / whole) columns. */
void bar_plain(const struct canvas *canvas, int row, int column, int columns, uint64_t value, uint64_t whole);

/* The character of a part, as bars show it. */
const char *bar_mark(const struct canvas *canvas, int part);

/* The moments from the first on over all columns, from 0 to the largest; a moment without a point is as the one
 * before. A column shows the largest of its moments. */
void bar_line(const struct canvas *canvas, int row, int column, int columns, const struct snapshot_point *point,
              int points);

#endif
