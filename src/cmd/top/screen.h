/* The terminal: shows canvases, reads keys, and is restored however the command ends. */
#ifndef TM_SCREEN_H
#define TM_SCREEN_H

#include <stdbool.h>

#include "canvas.h"

enum {
    SCREEN_NOTHING = -1, /* no key in that time, or the size has changed */
    SCREEN_GONE = -2     /* the terminal is gone */
};

/* Whether characters beyond ASCII can be shown, as the locale has it. */
bool screen_utf8(void);

/* Once. false: the reason was reported on stderr. Until screen_end, stderr goes to /dev/null. */
bool screen_begin(void);
void screen_end(void);

struct canvas screen_canvas(void); /* blank, of the terminal's present size */
void screen_show(const struct canvas *canvas);

/* The next key (model.h), or an enumerator above after at most `ms`. */
int screen_key(int ms);

#endif
