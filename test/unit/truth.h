/* A stack as the compiler's own unwinder sees it, and ours compared with that. */
#ifndef TM_TEST_TRUTH_H
#define TM_TEST_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/stack/stack.h"

enum { TRUTH_MOST = 512 };

struct truth {
    unsigned count;
    uintptr_t address[TRUTH_MOST]; /* as stack_node says it: an interrupted frame's is its next instruction + 1 */
    uintptr_t slot[TRUTH_MOST];
};

/* From the frame on whose return address is at `slot`. */
void truth_read(struct truth *truth, uintptr_t slot);

/* Whether a stack's number says the same: its innermost STACK_DEPTH frames. Says where they part. */
bool truth_agrees(const struct truth *truth, uint32_t id);
/* What the allocations below have found. A stack may be shorter than libgcc's where its end says so (STACK_LOST), and
 * the test allows it. */
extern struct truth_result {
    uint32_t wrong; /* by libgcc, or by a walk that knows nothing yet */
    uint32_t shorter;
    bool silent; /* wrong ones are expected */
    bool may_be_shorter;
    bool may_end_lost; /* in code without notes (makecontext's): to libgcc that is an end as well */
} truth_result;

/* What the tests call as a program calls malloc: the stack from its own caller on, by the given trace. */
uint32_t truth_allocate(struct stack_trace *trace);
uint32_t truth_allocate_quick(struct stack_trace *trace); /* without libgcc */

#endif
