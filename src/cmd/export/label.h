/* What rows of a snapshot are called: clean (see clean_text), never empty; the caller frees it. */
#ifndef TM_LABEL_H
#define TM_LABEL_H

#include <stdint.h>

#include "cmd/symbols/symbolize.h"
#include "snapshot/snapshot.h"

char *label_clean(const char *text); /* as it is, empty too */
char *label_tag(const struct snapshot *snapshot, uint32_t tag);

/* Its name, or its address; "(others)" for the row of all that have none. */
char *label_site(const struct snapshot *snapshot, uint32_t site);

/* What is called at one address, or in a whole stack, on one line: `outermost;...;innermost`, the inlined functions
 * too. No name in it has a ';' or a blank of its own. */
char *label_call(struct symbolizer *symbolizer, uint32_t object, uint64_t address);
char *label_stack(struct symbolizer *symbolizer, const struct snapshot *snapshot, const struct snapshot_stack *stack);

/* A name as such a line has it: ';' is ':' and a blank is '_'. Changes it in its place. */
void label_fold(char *name);

/* The arguments, a blank between two. */
char *label_command(const struct snapshot *snapshot);

#endif
