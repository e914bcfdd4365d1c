/* What rows of a snapshot are called: clean (see clean_text), never empty; the caller frees it. */
#ifndef TM_LABEL_H
#define TM_LABEL_H

#include <stdint.h>

#include "snapshot/snapshot.h"

char *label_clean(const char *text); /* as it is, empty too */
char *label_tag(const struct snapshot *snapshot, uint32_t tag);

/* Its name, or its address; "(others)" for the row of all that have none. */
char *label_site(const struct snapshot *snapshot, uint32_t site);

/* The function that the snapshot knows, else object+0x123 by its file's addresses, else the address. */
char *label_frame(const struct snapshot *snapshot, const struct snapshot_frame *frame);

#endif
