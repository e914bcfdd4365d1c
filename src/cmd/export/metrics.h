/* Snapshots as Prometheus and its kin scrape them (doc/export.md has the names). */
#ifndef TM_METRICS_H
#define TM_METRICS_H

#include <stdio.h>

#include "cmd/segment/load.h"

enum metrics_form {
    METRICS_OPEN, /* OpenMetrics 1.0.0 */
    METRICS_PLAIN /* Prometheus' own text format 0.0.4, which has no histogram of what can fall: buckets are untyped */
};

enum { METRICS_TAGS = 200 /* label values of a process; all other tags are summed up in one more */ };

extern const char *const metrics_types[]; /* Content-Type, by form */

/* All processes in one text. No two have the same pid. */
void metrics_write(const struct loaded *processes, size_t count, enum metrics_form form, FILE *to);

#endif
