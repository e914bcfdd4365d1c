/* What the library counts for a tag, as text. The examples print it beside what they know themselves; it is the same
 * to the byte. */
#ifndef EXAMPLES_COUNTED_H
#define EXAMPLES_COUNTED_H

#include <inttypes.h>
#include <stdio.h>
#include <trackmalloc.h>

/* "3 blocks, 210 bytes", or "not tracked"; valid until the thread's next call. */
static inline const char *counted(tm_tag tag)
{
    static __thread char text[64];
    struct tm_tag_info info;
    info.struct_size = sizeof info; /* all that has to be set: it says which header the program was built with */
    if (tm_tag_stats(tag, 0, &info) != TM_OK)
        return "not tracked";
    snprintf(text, sizeof text, "%" PRIu64 " blocks, %" PRIu64 " bytes", info.counts.live_blocks,
             info.counts.live_bytes);
    return text;
}

#endif
