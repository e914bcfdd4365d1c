/* Globs: `*` is any run of bytes, also an empty one; `?` is one byte; everything else is itself. */
#ifndef TM_GLOB_H
#define TM_GLOB_H

#include "lib/sys/base.h"

/* Whether the glob matches the whole name. Neither needs a closing zero. */
bool glob_match(const char *glob, size_t glob_length, const char *name, size_t name_length);

#endif
