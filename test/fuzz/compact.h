/* An input of the fuzz target: a segment's file without what is empty in it, so that no change is lost in zeros. The
 * beginning of the head; then what is in the first buffer, whose length is then the rest of the input. */
#ifndef TM_FUZZ_COMPACT_H
#define TM_FUZZ_COMPACT_H

#include "snapshot/segment.h"

enum { COMPACT_HEAD = sizeof(struct segment) - SEGMENT_VALUE };

#endif
