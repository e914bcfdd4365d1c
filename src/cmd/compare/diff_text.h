/* Two comparisons as text: of two snapshots, and of one snapshot with what its process held before. Aligned and named
 * as in the report (snapshot/text.h); names are cleaned of what could steer a terminal. */
#ifndef TM_DIFF_TEXT_H
#define TM_DIFF_TEXT_H

#include <stdbool.h>

#include "compare.h"
#include "snapshot/format.h"

struct diff {
    const struct snapshot *snapshot[SIDES];
    struct identities mine[SIDES];
    struct changes changes[BY_KINDS]; /* by enum compare_by; empty where it is not wanted */
    bool wanted[BY_KINDS];
};

/* diff_make fills the other members from `snapshot` and `wanted`; diff_free frees them. */
void diff_make(struct diff *diff);
void diff_free(struct diff *diff);

/* At most `top` rows in a table. */
void diff_text(struct writer *out, const struct diff *diff, unsigned top);

/* Tags and sites against 1 min, 10 min, 1 hour and 1 day ago, and the time series. */
void past_text(struct writer *out, const struct snapshot *snapshot, const bool wanted[BY_KINDS], unsigned top);

#endif
