/* What the kernel has mapped where. */
#ifndef TM_MAPS_H
#define TM_MAPS_H

#include "lib/sys/base.h"

/* The absolute path of the file that is mapped at an address, as the kernel names it: links are followed, and of a file
 * that is gone it is the last one. false: there is none, it does not fit, or there is no /proc.
 *
 * One caller at a time: at start, or under the accounting lock. Takes a descriptor for a moment, as image_open does.
 * 0.1 ms, more where there are thousands of mappings below. */
bool maps_path(uintptr_t address, char *path, size_t space);

/* Takes the kernel's mark of a file that is gone off its name. (Another may truly be called so.) */
void maps_unmark(char *path);

#endif
