/* The text face of a snapshot: the report of doc/report.md. Pure: no allocation, no locale, no libc but
 * string.h, so that it can run inside the target on a small stack and in the command alike. */
#ifndef TM_SNAPSHOT_TEXT_H
#define TM_SNAPSHOT_TEXT_H

#include <stddef.h>

#include "format.h"
#include "snapshot.h"

/* Writes the report into out, at most capacity bytes, without a closing zero. `top` is the greatest number of
 * rows in a table (largest live size first; what is left out is summed up in a closing row). Returns the length
 * that the whole report has; when that is more than capacity, out holds its beginning. */
size_t text_report(const struct snapshot *snapshot, unsigned top, char *out, size_t capacity);

/* The same in two parts, for a caller that has one more section in between. */
void text_begin(struct writer *out, const struct snapshot *snapshot, unsigned top);
void text_end(struct writer *out, const struct snapshot *snapshot, unsigned top);

#endif
