/* Names of the rows of a snapshot: clean (see clean_text), never empty; the caller frees them. */
#ifndef TM_LABEL_H
#define TM_LABEL_H

#include <stdint.h>

#include "cmd/symbols/symbolize.h"
#include "snapshot/snapshot.h"

char *label_clean(const char *text); /* any text; an empty one stays empty */
char *label_tag(const struct snapshot *snapshot, uint32_t tag);

/* Its name, or its address; "(others)" for the row that sums up all sites without a row. */
char *label_site(const struct snapshot *snapshot, uint32_t site);

/* The functions at one address, or of a whole stack, on one line: `outermost;...;innermost`, with inlined functions.
 * The names are folded (see label_fold). */
char *label_call(struct symbolizer *symbolizer, uint32_t object, uint64_t address);
char *label_stack(struct symbolizer *symbolizer, const struct snapshot *snapshot, const struct snapshot_stack *stack);

/* Replaces, in place, what separates names and counts in such a line: ';' by ':', a blank by '_'. */
void label_fold(char *name);

/* The command line: its arguments, separated by blanks. */
char *label_command(const struct snapshot *snapshot);

#endif
