/* The tracked processes and who started whom. */
#ifndef TM_FAMILY_H
#define TM_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/segment/find.h"

/* What its last snapshot says; without one, `found` and perhaps `command` are all that is known. */
struct member {
    struct found found;
    bool published;
    bool past_known; /* past_bytes */
    uint64_t live_bytes;
    uint64_t live_blocks;
    uint64_t past_bytes;   /* live a minute before */
    uint64_t resident;     /* 0: not known */
    int64_t taken_seconds; /* since 1970 */
    uint32_t parent_pid;
    char *command; /* in one clean line */
    char *branch;  /* the lines of the tree before it; NULL unless laid out as one */
};

struct family {
    struct member *member;
    size_t members;
    bool broken; /* a line has told of a file that could not be read */
};

/* Loads what find_all found; a file that is gone by now is nobody's. The living first, then by live bytes. */
struct family family_load(const struct found_list *list);
void family_free(struct family *family);

/* Their order as a tree, siblings as they stood; writes the branches, with the characters of that name in UTF-8 or
 * with plain ones. */
void family_draw(struct family *family, bool utf8);

#endif
