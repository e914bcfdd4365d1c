/* A compilation unit of DWARF: the functions at an address, and their lines. */
#ifndef TM_UNIT_H
#define TM_UNIT_H

#include <stdbool.h>

#include "debug.h"
#include "spans.h"

struct unit {
    Dwarf_Die die;
    Dwarf_Die described; /* the same, or its part in another file */
    struct spans functions;
    bool known; /* its functions are */
};

struct unit unit_of(Dwarf_Die *die);
void unit_free(struct unit *unit);

/* Fills the place's frames, at least one, and where the last frame's function begins (0: not known). Functions have
 * their linkage names, if DWARF gives them. Returns the last one's name in the source, or NULL. */
const char *unit_find(struct unit *unit, Dwarf_Addr address, struct debug_place *place);

#endif
