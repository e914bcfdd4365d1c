/* The tracked processes and who started whom. */
#ifndef TM_PROCESS_TREE_H
#define TM_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/segment/find.h"

/* What its last snapshot says; without one, `found` and perhaps `command` are all that is known. */
struct tracked_process {
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

struct process_tree {
    struct tracked_process *process;
    size_t processes;
    bool broken; /* a line has told of a file that could not be read */
};

/* Loads what find_all found; a file that is gone by now is nobody's. The living first, then by live bytes. */
struct process_tree process_tree_load(const struct found_list *list);
void process_tree_free(struct process_tree *tree);

/* Their order as a tree, siblings as they stood; writes the branches, with the characters of that name in UTF-8 or
 * with plain ones. */
void process_tree_draw(struct process_tree *tree, bool utf8);

#endif
