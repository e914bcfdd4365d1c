/* Names of addresses out of the files of the process (symbols/symbolize.h). Each is looked for once, and in slices of
 * time, so that keys are not delayed. */
#ifndef TM_NAMES_H
#define TM_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/snapshot.h"
#include "view.h"

struct names;

struct names *names_new(void);
void names_free(struct names *names);

/* The snapshot whose objects are searched from now on; it is copied. */
void names_take(struct names *names, const struct snapshot *snapshot);

/* From now on, `ms` may be spent on names that are not known yet. */
void names_allow(struct names *names, int64_t ms);

/* Whether names were left out since the last call, because the time was over. */
bool names_pending(struct names *names);

/* For the model: finds NULL where no name is known, or none yet. */
struct namer names_namer(struct names *names);

#endif
