/* Draws the model. No input or output. */
#ifndef TM_DRAW_H
#define TM_DRAW_H

#include "canvas.h"
#include "model.h"

/* The whole screen, at `wall_seconds` since 1970. Sets in the model how many rows fit. */
void draw(struct model *model, const struct canvas *canvas, int64_t wall_seconds);

/* Header and table without keys and cursor, as --once prints them. The canvas must have draw_page_rows() rows. */
void draw_page(struct model *model, const struct canvas *canvas, int64_t wall_seconds);
int draw_page_rows(const struct model *model);

/* header.c: the process, in at most `lines` lines from the top; returns how many it took. */
int header_draw(const struct model *model, const struct canvas *canvas, int lines, int64_t wall_seconds);
/* help.c */
void help_draw(const struct model *model, const struct canvas *canvas);

#endif
