/* What several subcommands read from their command lines. */
#ifndef TM_ASK_H
#define TM_ASK_H

#include <argp.h>

enum { ASK_ROWS = 20, ASK_ROWS_MOST = 4096 };

/* The argument of --top: rows in a table. What is no such number ends the process as argp does. */
unsigned ask_rows(struct argp_state *state, const char *argument);

/* One snapshot: PID|FILE, and where segments are. */
struct ask_source {
    const char *directory; /* NULL: the usual places */
    const char *which;
};

/* The row of --dir, and the parser of both: for what a subcommand's own parser does not know. */
#define ASK_DIRECTORY                                           \
    {                                                           \
        "dir", 'd', "DIRECTORY", 0, "where the segments are", 0 \
    }
error_t ask_source(int key, char *argument, struct argp_state *state, struct ask_source *source);

/* The row of --all, for root above all. */
#define ASK_EVERYBODY                                                                   \
    {                                                                                   \
        "all", 'a', NULL, 0, "everybody's processes, as far as you may look at them", 0 \
    }

#endif
