/* Names of addresses, as the files of the process have them (cmd/symbolize.h): asked for once, and no more at a time
 * than a reader of the screen has patience for. */
#ifndef TM_NAMES_H
#define TM_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/snapshot.h"
#include "view.h"

struct names;

struct names *names_new(void);
void names_free(struct names *names);

/* What the names are asked of from now on: the snapshot's objects are kept. */
void names_take(struct names *names, const struct snapshot *snapshot);

/* So long may be spent on what is not known yet. */
void names_allow(struct names *names, int64_t ms);

/* Whether something was asked for when the time was over; forgets it. */
bool names_pending(struct names *names);

/* For the model: NULL where no name is known, or none yet. */
struct namer names_namer(struct names *names);

#endif
