#include "canvas.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cmd/diagnostics.h"

enum { LINE = 1024 }; /* bytes of a text; longer ones are cut */

struct canvas canvas_new(int rows, int columns, bool utf8)
{
    struct canvas canvas = {.rows = rows > 0 ? rows : 0, .columns = columns > 0 ? columns : 0, .utf8 = utf8};
    size_t cells = (size_t)canvas.rows * (size_t)canvas.columns;
    canvas.cell = must_allocate(cells * sizeof *canvas.cell);
    for (size_t i = 0; i < cells; i++)
        canvas.cell[i].text[0] = ' ';
    return canvas;
}

void canvas_free(struct canvas *canvas)
{
    free(canvas->cell);
    *canvas = (struct canvas){.cell = NULL};
}

struct cell *canvas_at(const struct canvas *canvas, int row, int column)
{
    bool inside = row >= 0 && row < canvas->rows && column >= 0 && column < canvas->columns;
    return inside ? &canvas->cell[(size_t)row * (size_t)canvas->columns + (size_t)column] : NULL;
}

/* ---- characters ---- */

struct character {
    char text[5];
    int columns; /* 0: it combines with the character before, and is left out */
};

static uint32_t code_point(const char *text, size_t bytes)
{
    const unsigned char *byte = (const unsigned char *)text;
    uint32_t point = bytes == 1 ? byte[0] : byte[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++)
        point = point << 6 | (byte[i] & 0x3Fu);
    return point;
}

/* The first character of a clean text; moves *text behind it. */
static struct character next_character(const char **text, bool utf8)
{
    unsigned char first = (unsigned char)**text;
    size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    struct character character = {.text = "?", .columns = 1};
    int columns = wcwidth((wchar_t)code_point(*text, bytes));
    if (bytes == 1 || (utf8 && columns >= 0)) {
        memcpy(character.text, *text, bytes);
        character.columns = bytes == 1 ? 1 : columns;
    }
    *text += bytes;
    return character;
}

static int columns_of(const char *clean, bool utf8)
{
    int columns = 0;
    while (*clean != '\0')
        columns += next_character(&clean, utf8).columns;
    return columns;
}

int canvas_width(const struct canvas *canvas, const char *text)
{
    char clean[LINE];
    clean_text(text, clean, sizeof clean);
    return columns_of(clean, canvas->utf8);
}

/* ---- drawing ---- */

static void set_cell(const struct canvas *canvas, int row, int column, const char *text, enum look look)
{
    struct cell *cell = canvas_at(canvas, row, column);
    if (cell == NULL)
        return;
    *cell = (struct cell){.look = (unsigned char)look};
    memcpy(cell->text, text, strnlen(text, sizeof cell->text - 1));
}

int canvas_put(const struct canvas *canvas, int row, int column, int space, enum look look, const char *text)
{
    char clean[LINE];
    int taken = 0;
    if (space > canvas->columns - column)
        space = canvas->columns - column;
    clean_text(text, clean, sizeof clean);
    for (const char *from = clean; *from != '\0';) {
        struct character character = next_character(&from, canvas->utf8);
        if (taken + character.columns > space)
            break;
        if (character.columns > 0)
            set_cell(canvas, row, column + taken, character.text, look);
        if (character.columns > 1)
            set_cell(canvas, row, column + taken + 1, "", look);
        taken += character.columns;
    }
    return taken;
}

int canvas_print(const struct canvas *canvas, int row, int column, int space, enum look look, const char *format, ...)
{
    char text[LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return canvas_put(canvas, row, column, space, look, text);
}

/* The end of a text that takes at most `columns` columns. */
static const char *last_columns(const char *clean, int columns, bool utf8)
{
    int left = columns_of(clean, utf8);
    while (left > columns)
        left -= next_character(&clean, utf8).columns;
    return clean;
}

int canvas_put_name(const struct canvas *canvas, int row, int column, int space, enum look look, const char *text)
{
    enum { DOTS = 2, LEAST = 8 };
    char clean[LINE];
    clean_text(text, clean, sizeof clean);
    if (columns_of(clean, canvas->utf8) <= space || space < LEAST)
        return canvas_put(canvas, row, column, space, look, clean);
    int end = (space - DOTS) / 2;
    int taken = canvas_put(canvas, row, column, space - DOTS - end, look, clean);
    taken += canvas_put(canvas, row, column + taken, DOTS, look, "..");
    return taken + canvas_put(canvas, row, column + taken, end, look, last_columns(clean, end, canvas->utf8));
}

void canvas_put_right(const struct canvas *canvas, int row, int column, int space, enum look look, const char *text)
{
    int width = canvas_width(canvas, text);
    int before = space > width ? space - width : 0;
    canvas_put(canvas, row, column + before, space - before, look, text);
}

void canvas_paint(const struct canvas *canvas, int row, int column, int space, enum look look)
{
    for (int i = 0; i < space; i++) {
        struct cell *cell = canvas_at(canvas, row, column + i);
        if (cell != NULL)
            cell->look = (unsigned char)look;
    }
}

/* ---- as text ---- */

/* Columns up to the last one that is not blank. */
static int used_columns(const struct canvas *canvas, int row)
{
    const struct cell *first = canvas->cell + (size_t)row * (size_t)canvas->columns;
    int used = canvas->columns;
    while (used > 0 && strcmp(first[used - 1].text, " ") == 0)
        used--;
    return used;
}

void canvas_write(const struct canvas *canvas, FILE *to)
{
    int rows = canvas->rows;
    while (rows > 0 && used_columns(canvas, rows - 1) == 0)
        rows--;
    for (int row = 0; row < rows; row++) {
        int used = used_columns(canvas, row);
        const struct cell *first = canvas->cell + (size_t)row * (size_t)canvas->columns;
        for (int column = 0; column < used; column++)
            fputs(first[column].text, to);
        putc('\n', to);
    }
}
