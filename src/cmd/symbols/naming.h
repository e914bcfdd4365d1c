/* Names where the process itself knew none: it looks at what its objects export, and opens few files. */
#ifndef TM_NAMING_H
#define TM_NAMING_H

#include "cmd/segment/load.h"

/* Gives call sites and frames without a function the name of theirs, as far as the files that were loaded tell.
 * Progress on a terminal's stderr. */
void name_all(struct loaded *loaded);

#endif
