/* What dead processes left is removed. */
#ifndef TM_GC_H
#define TM_GC_H

#include "find.h"

/* Removes the segments of those that have ended, never one of a process that lives or of which nobody here can tell,
 * and no file that is not that process's segment, whatever its name; says how many bytes are free again. Safe beside
 * processes that start, fork and end meanwhile, and beside another one of its kind. A status. */
int gc_run(const struct found_list *list);

#endif
