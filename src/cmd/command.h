/* The table of subcommands. */
#ifndef TM_COMMAND_H
#define TM_COMMAND_H

#include "diagnostics.h"

/* A subcommand takes its own name as argv[0] ("trackmalloc show") and returns a status. It parses with argp, which
 * prints --help and --usage and ends the process with STATUS_USAGE where the words make no sense. */
typedef int command_run(int argc, char **argv);

/* The subcommands in the order of `trackmalloc --help`: name, arguments as usage shows them, summary. The function of
 * each is NAME_run, in NAME.c. `run` returns only where its program could not be started: 127, there is no such
 * program; 126, it cannot be run; else as all others do. */
#define COMMANDS(X)                                                                             \
    X(run, "PROGRAM [ARGUMENT...]", "runs a program with the library in it")                    \
    X(ps, "", "the tracked processes, as a tree")                                               \
    X(top, "[PID|FILE]", "a process's heap, live on the whole screen")                          \
    X(show, "[PID|FILE]", "the report of a process, or of a snapshot that was kept")            \
    X(diff, "[PID|FILE [PID|FILE]]", "what grew from one to the other, or since some time ago") \
    X(save, "[PID|FILE]", "keeps a snapshot of a process in a file")                            \
    X(ctl, "[PID] REQUEST", "asks a process for a report, a baseline, a pause")                 \
    X(export, "[PID|FILE]", "a snapshot as JSON, CSV, a flame graph or metrics")                \
    X(serve, "", "all tracked processes over HTTP, for Prometheus and for browsers")

#define COMMAND_DECLARED(name, arguments, summary) command_run name##_run;
COMMANDS(COMMAND_DECLARED)
#undef COMMAND_DECLARED

#endif
