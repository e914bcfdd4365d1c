/* The sections of the report below its bars, and what they share. */
#ifndef TM_SNAPSHOT_SECTIONS_H
#define TM_SNAPSHOT_SECTIONS_H

#include "format.h"
#include "snapshot.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { SECTION_NAME = 56 /* columns of a call site's name at most: the table stays below 140 */ };

/* The sections in their order: name, and the part of the report that it is left out with (enum snapshot_part; 0: it is
 * not). section_NAME begins with a blank line, but for that of tags, shows at most `top` rows of its kind, and writes
 * nothing when there is nothing to say. */
#define SECTIONS(X)                    \
    X(tags, 0)                         \
    X(alarm, 0)                        \
    X(tree, SNAPSHOT_PART_COUNTS)      \
    X(lifetimes, SNAPSHOT_PART_COUNTS) \
    X(threads, SNAPSHOT_PART_THREADS)  \
    X(sites, SNAPSHOT_PART_COUNTS)     \
    X(growth, SNAPSHOT_PART_COUNTS)    \
    X(suspects, SNAPSHOT_PART_COUNTS)  \
    X(stacks, 0)                       \
    X(leaks, 0)                        \
    X(memory, SNAPSHOT_PART_VM)

/* Those behind what only the process itself can report (text.h); the tool's own cost is behind them. */
#define LAST_SECTIONS(X) X(notes, 0)

#define DECLARE(section, part) \
    void section_##section(struct writer *out, const struct snapshot *snapshot, unsigned top);
SECTIONS(DECLARE)
LAST_SECTIONS(DECLARE)
#undef DECLARE

/* What a call site is called in every section: its name, or its address. Returns the columns. */
size_t section_site_name(struct writer *out, const struct snapshot_site *site);

/* The frames of a stack from number `from` on, a line each. */
void section_frames(struct writer *out, const struct snapshot *snapshot, const struct snapshot_stack *stack,
                    uint32_t from);

#endif
