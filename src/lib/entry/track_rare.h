/* What the files of the slow path share; track.h has what entry points call. */
#ifndef TM_TRACK_RARE_H
#define TM_TRACK_RARE_H

#include "lib/sys/base.h"

/* The real allocator has no memory for it: counts that, and what the kind of allocation promises then. */
void *track_fail(size_t size, uintptr_t caller, unsigned flags);

/* The C++ library's own operator new of that form: it calls the new_handler, tries again, throws. A library that was
 * loaded without making its names global is asked for by name. */
void *track_new_by_library(size_t size, unsigned flags, bool throws, const void *nothrow);

/* Whether there is no allocator yet, and track_boot_block serves. */
bool track_is_too_early(void);
/* Whether this program is not tracked, and everything is left to whoever comes next. */
bool track_is_disabled(void);
/* operator new belongs to the C++ library then, whose forms call each other, and a malloc that may not be ours. */
void *track_untracked(size_t size, unsigned flags);
/* A copy of at most so many characters, made without a library's string functions. */
char *track_boot_copy(const volatile char *string, size_t most);

#endif
