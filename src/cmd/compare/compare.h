/* What changed from one snapshot to another, by tag, call site or stack. Pure but for memory. */
#ifndef TM_COMPARE_H
#define TM_COMPARE_H

#include "identity.h"
#include "snapshot/snapshot.h"

enum compare_by { BY_TAG, BY_SITE, BY_STACK, BY_KINDS };
enum { BEFORE, AFTER, SIDES };

/* One of them, in both snapshots. */
struct change {
    char *name;                                /* of a tag or a site; NULL for a stack */
    const char *tag;                           /* of a site; NULL: none */
    const struct snapshot_stack *stack[SIDES]; /* NULL: not there */
    bool there[SIDES];
    struct snapshot_amount live[SIDES];
    struct snapshot_amount allocated[SIDES];
    uint64_t grown; /* live bytes: by so much more, or 0 */
    uint64_t shrunk;
};

struct changes {
    struct change *row;
    uint32_t rows;
    bool whole[SIDES]; /* all there were have rows; else one that has none may have been among the others */
};

/* Rows of one place are added up. `mine` as identities_make makes them; the rows hold on to the snapshots. */
struct changes compare(const struct identities mine[SIDES], enum compare_by by);
void changes_free(struct changes *changes);

#endif
