/* Snapshots in the formats that Prometheus and compatible systems scrape; doc/export.md lists the names. */
#ifndef TM_METRICS_H
#define TM_METRICS_H

#include <stdio.h>

#include "cmd/segment/load.h"

enum metrics_format {
    METRICS_OPEN, /* OpenMetrics 1.0.0 */
    METRICS_PLAIN /* Prometheus' own text format 0.0.4. It has no gauge histograms: buckets are untyped */
};

enum { METRICS_TAGS = 200 /* at most, of one process; further ones are summed up in one more */ };

extern const char *const metrics_types[]; /* Content-Type, by format */

/* All processes in one text. No two may have the same pid. */
void metrics_write(const struct loaded *processes, size_t count, enum metrics_format format, FILE *to);

#endif
