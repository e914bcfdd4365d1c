/* OpenMetrics: what `serve` answers to Prometheus (metrics.h), of one process. */
#include "formats.h"
#include "metrics.h"

bool export_openmetrics(const struct loaded *loaded, const struct export_options *options, FILE *to)
{
    (void)options;
    metrics_write(loaded, 1, METRICS_OPEN, to);
    return true;
}
