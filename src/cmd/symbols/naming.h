/* Demangled names in a snapshot, for all that show it. The process itself gives few names, and mangled ones: it reads
 * mostly what its objects export. */
#ifndef TM_NAMING_H
#define TM_NAMING_H

#include "cmd/segment/load.h"

/* Replaces the names of call sites, frames and the alarm by those that the loaded files or the snapshot have. Shows its
 * progress on stderr, if that is a terminal. */
void name_all(struct loaded *loaded);

#endif
