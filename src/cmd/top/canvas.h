/* A screen of characters and their looks, in memory: it is written to a pipe as text, copied to the terminal as a
 * whole, and read by tests. */
#ifndef TM_CANVAS_H
#define TM_CANVAS_H

#include <stdbool.h>
#include <stdio.h>

enum { CANVAS_AGES = 5 };

enum look {
    LOOK_PLAIN,
    LOOK_FAINT,
    LOOK_STRONG,
    LOOK_BAR,  /* heads and feet of the screen */
    LOOK_KEY,  /* what may be pressed */
    LOOK_HERE, /* the row at the cursor */
    LOOK_MORE, /* something grew */
    LOOK_LESS,
    LOOK_ALERT,
    LOOK_AGE, /* and the next four, for older and older blocks */
    LOOKS = LOOK_AGE + CANVAS_AGES
};

struct cell {
    char text[5]; /* one character of UTF-8; "": the second half of a wide one */
    unsigned char look;
};

struct canvas {
    int rows;
    int columns;
    bool utf8; /* else all that is not ASCII is shown as '?' */
    struct cell *cell;
};

/* A blank canvas, which the caller frees. Drawing outside of it has no effect. */
struct canvas canvas_new(int rows, int columns, bool utf8);
void canvas_free(struct canvas *canvas);

struct cell *canvas_at(const struct canvas *canvas, int row, int column); /* NULL: outside */

/* Text, cleaned (command.h), in at most `space` columns; returns the columns it took. */
int canvas_put(const struct canvas *canvas, int row, int column, int space, enum look look, const char *text);
int canvas_print(const struct canvas *canvas, int row, int column, int space, enum look look, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same; a text that is too long loses its middle. */
int canvas_put_name(const struct canvas *canvas, int row, int column, int space, enum look look, const char *text);
/* The same, right-aligned. */
void canvas_put_right(const struct canvas *canvas, int row, int column, int space, enum look look, const char *text);
/* Changes the look of part of a row, not its text. */
void canvas_paint(const struct canvas *canvas, int row, int column, int space, enum look look);

/* The columns that a text takes on the screen. */
int canvas_width(const struct canvas *canvas, const char *text);

/* As lines without blanks at their ends, and without blank lines at the end. */
void canvas_write(const struct canvas *canvas, FILE *to);

#endif
