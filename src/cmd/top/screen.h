/* The terminal: shows canvases, hears keys, and is left as it was found, whatever ends us. */
#ifndef TM_SCREEN_H
#define TM_SCREEN_H

#include <stdbool.h>

#include "canvas.h"

enum {
    SCREEN_NOTHING = -1, /* no key in that time, or a new size */
    SCREEN_GONE = -2     /* nobody can press any more */
};

/* Whether characters beyond ASCII can be shown, as the locale has it. */
bool screen_utf8(void);

/* Once. false: a line has said why there is none. What is said on stderr until the end is not seen. */
bool screen_begin(void);
void screen_end(void);

struct canvas screen_canvas(void); /* blank, of the terminal's present size */
void screen_show(const struct canvas *canvas);

/* The next key as model.h has them, waited for at most `ms`. */
int screen_key(int ms);

#endif
