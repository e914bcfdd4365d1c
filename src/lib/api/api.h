/* What the files of the public API (include/trackmalloc.h) share: what is misused is told, once each. */
#ifndef TM_API_H
#define TM_API_H

#include "lib/account/tag.h"
#include "lib/sys/base.h"

#define TM_LIBRARY
#include "trackmalloc.h"

enum api_misuse {
    MISUSE_NAME,
    MISUSE_TAG,
    MISUSE_TAGS_FULL,
    MISUSE_DEPTH,
    MISUSE_POP,
    MISUSE_RESTORE,
    MISUSE_NULL,
    MISUSE_FOREIGN,
    MISUSE_STRUCT,
    MISUSE_FLAGS,
    MISUSE_RESUME,
    MISUSE_ALARM,
    MISUSE_DESCRIPTOR,
    MISUSES
};

/* Tells of the first of its kind, in one line; returns the error. */
COLD int api_misuse(enum api_misuse kind, int error);

/* Whether there is anything to tell or ask of; a forked child is set up. */
COLD bool api_tracks(void);

/* Copies what a caller's struct has space for. Both begin with their size; TM_INVALID: that cannot be one. */
int api_give(void *to, const void *from);

HOT bool api_knows(tm_tag tag)
{
    return tag < tag_count();
}

#endif
