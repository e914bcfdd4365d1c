/* A compilation unit of DWARF: the functions at an address, and their lines. */
#ifndef TM_UNIT_H
#define TM_UNIT_H

#include <stdbool.h>

#include "debug.h"
#include "spans.h"

struct unit {
    Dwarf_Die die;
    Dwarf_Die described; /* the same, or with split DWARF the unit in the other file */
    struct spans functions;
    bool known; /* `functions` is filled */
};

struct unit unit_of(Dwarf_Die *die);
void unit_free(struct unit *unit);

/* Fills the frames, at least one, and the beginning of the last frame's function (0: not known). Functions get their
 * linkage names, if they are in the DWARF. Returns the name that the last one has in the source, or NULL. */
const char *unit_find(struct unit *unit, Dwarf_Addr address, struct debug_place *place);

#endif
