/* Whether bytes from somewhere are a snapshot that may be read: no offset, count, number of a row or end of a text
 * is trusted. */
#ifndef TM_CHECK_H
#define TM_CHECK_H

#include <stddef.h>

#include "snapshot/snapshot.h"

/* NULL: every row and text of it lies within `length` bytes, no table or text is longer than snapshot.h allows, and
 * every row that is named by another is there. Else the reason, in a few words. The bytes are aligned as a snapshot is.
 *
 * Not checked, because no face goes wrong by it: what numbers mean (sums, times, their order), what bytes names are
 * made of, whether tables overlap. Pure. */
const char *snapshot_check(const void *bytes, size_t length);

#endif
