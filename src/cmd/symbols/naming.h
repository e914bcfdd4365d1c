/* Names as they were written, in one place for all who show a snapshot: the process itself knows few, for it looks at
 * what its objects export and opens few files, and those as the linker does. */
#ifndef TM_NAMING_H
#define TM_NAMING_H

#include "cmd/segment/load.h"

/* Gives call sites, frames and the alarm their names, as far as the files that were loaded or the process itself tell.
 * Progress on a terminal's stderr. */
void name_all(struct loaded *loaded);

#endif
