/* top without a terminal: its model, keys, and what it draws on a canvas. */
#ifndef TM_CMD_DRAWN_H
#define TM_CMD_DRAWN_H

#include "harness.h"

#include "cmd/top/model.h"

enum { NOW = 1795253787 }; /* a second after the story's snapshot */

struct model model_of_shop(enum view_number view);
void press_keys(struct model *model, const char *keys);

/* What is on the screen; good until the next call. */
const char *screen_of(struct model *model, int rows, int columns);
void assert_shows(struct model *model, const char *words);
void assert_hides(struct model *model, const char *words);

/* The names of the rows shown, blanks between them; good until the next call. */
const char *row_names(const struct model *model);
const struct row *row_named(const struct model *model, const char *name);

#endif
