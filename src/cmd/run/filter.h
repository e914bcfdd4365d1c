/* The seccomp filter that a program inherits from us, as in a container. */
#ifndef TM_FILTER_H
#define TM_FILTER_H

#include <stdbool.h>

/* Whether there is one, and it kills for none of the calls by which the library makes a segment file: tried in a child.
 * (What it refuses with an error does no harm.) */
bool filter_allows_segments(void);

#endif
