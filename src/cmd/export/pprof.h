/* A profile for pprof and what understands it (go tool pprof, Parca, Pyroscope, Speedscope): doc/pprof.md. */
#ifndef TM_PPROF_H
#define TM_PPROF_H

#include <stdbool.h>
#include <stdio.h>

#include "cmd/symbols/symbolize.h"
#include "snapshot/snapshot.h"

/* Writes the checked snapshot as a gzipped profile.proto. Errors of `to` are its owner's. false: a line has said why.
 */
bool pprof_write(const struct snapshot *snapshot, struct symbolizer *symbolizer, FILE *to);

#endif
