/* `trackmalloc serve`: all tracked processes of the user over HTTP, for Prometheus, for profilers that pull, and for
 * people with a browser (doc/export.md). */
#ifndef TM_SERVE_H
#define TM_SERVE_H

#include "command.h"

command_run serve_run;

#endif
