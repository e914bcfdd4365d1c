/* The whole screen of the model. Pure. */
#ifndef TM_DRAW_H
#define TM_DRAW_H

#include "canvas.h"
#include "model.h"

/* At `wall_seconds` since 1970. Tells the model how many rows of it fit. */
void draw(struct model *model, const struct canvas *canvas, int64_t wall_seconds);

/* The process in its lines, without keys and cursor: what a pipe is given. The canvas has to have draw_rows() rows. */
void draw_page(struct model *model, const struct canvas *canvas, int64_t wall_seconds);
int draw_page_rows(const struct model *model);

/* header.c: the process, in at most so many lines from the first on; returns how many it took. */
int header_draw(const struct model *model, const struct canvas *canvas, int lines, int64_t wall_seconds);
/* help.c */
void help_draw(const struct model *model, const struct canvas *canvas);

#endif
