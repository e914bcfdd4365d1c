/* The sections of the report that follow the tables of tags and threads, in their order. Each begins with a blank line,
 * shows at most `top` rows of its kind, and is left out when there is nothing that it could tell. */
#ifndef TM_SNAPSHOT_SECTIONS_H
#define TM_SNAPSHOT_SECTIONS_H

#include "format.h"
#include "snapshot.h"

enum { SECTION_NAME = 56 /* columns of a call site's name at most: the table stays below 140 */ };

void section_tree(struct format *out, const struct snapshot *snapshot, unsigned top);
void section_alarm(struct format *out, const struct snapshot *snapshot);
void section_sites(struct format *out, const struct snapshot *snapshot, unsigned top);
void section_growth(struct format *out, const struct snapshot *snapshot, unsigned top);
void section_suspects(struct format *out, const struct snapshot *snapshot, unsigned top);
void section_stacks(struct format *out, const struct snapshot *snapshot, unsigned top);
void section_leaks(struct format *out, const struct snapshot *snapshot, unsigned top); /* at exit, when wanted */
void section_memory(struct format *out, const struct snapshot *snapshot);
void section_notes(struct format *out, const struct snapshot *snapshot, unsigned top); /* before the tool's own cost */

/* What a call site is called wherever it is told of: its name, or its address. Returns the columns. */
size_t section_site_name(struct format *out, const struct snapshot_site *site);

/* The frames of a stack from number `from` on, a line each. */
void section_frames(struct format *out, const struct snapshot *snapshot, const struct snapshot_stack *stack,
                    uint32_t from);

#endif
