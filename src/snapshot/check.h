/* Whether bytes from somewhere are a snapshot that may be read: nobody's word is taken for an offset, a count, a row
 * or the end of a text. */
#ifndef TM_CHECK_H
#define TM_CHECK_H

#include <stddef.h>

#include "snapshot/snapshot.h"

/* NULL: every row and text of it lies within `length` bytes, no table or text is longer than snapshot.h says, and every
 * row that is named by another is there. Else the reason, in a few words. The bytes are aligned as a snapshot is.
 *
 * Not checked, because no face goes wrong by it: what numbers say (sums, times, their order), what bytes names are made
 * of, whether tables overlap. Pure. */
const char *snapshot_check(const void *bytes, size_t length);

#endif
