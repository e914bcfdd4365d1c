/* What changed from one snapshot to another, by tag, call site or stack. No input or output. */
#ifndef TM_COMPARE_H
#define TM_COMPARE_H

#include "identity.h"
#include "snapshot/snapshot.h"

enum compare_by { BY_TAG, BY_SITE, BY_STACK, BY_KINDS };
enum { BEFORE, AFTER, SIDES };

/* One tag, site or stack, in both snapshots. */
struct change {
    char *name;                                /* of a tag or a site; NULL for a stack */
    const char *tag;                           /* of a site; NULL: none */
    const struct snapshot_stack *stack[SIDES]; /* NULL: not there */
    bool there[SIDES];
    struct snapshot_amount live[SIDES];
    struct snapshot_amount allocated[SIDES];
    uint64_t grown; /* live bytes more, or 0 */
    uint64_t shrunk;
};

struct changes {
    struct change *row;
    uint32_t rows;
    bool whole[SIDES]; /* all have rows; else one without a row may have been there too */
};

/* Rows of the same place are added up. `mine` is as identities_make fills it. The rows point into the snapshots. */
struct changes compare(const struct identities mine[SIDES], enum compare_by by);
void changes_free(struct changes *changes);

#endif
