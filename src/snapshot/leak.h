/* How much a call site's live blocks look like a leak when the program ends, where every program still holds blocks on
 * purpose. */
#ifndef TM_SNAPSHOT_LEAK_H
#define TM_SNAPSHOT_LEAK_H

#include "snapshot.h"

/* Live bytes, weighed by the mean age of their blocks: a, as a part of the uptime, weighs 4 a (1 - a).
 *
 * A site that kept blocks all along has a mean age of half the uptime, and counts whole. What was set up at the start
 * and stayed is as old as the program: it did not grow, and counts next to nothing, as does what was still in work at
 * the end. An age that is not known counts as a half. Never 0 while there are live bytes, and never more than they are,
 * so that among sites of one age the larger is first. Pure; in bytes. */
uint64_t leak_score(uint64_t live_bytes, uint64_t age_ms, uint64_t uptime_ms);

#endif
