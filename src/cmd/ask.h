/* What several subcommands read from their command lines. */
#ifndef TM_ASK_H
#define TM_ASK_H

#include <argp.h>

enum { ASK_ROWS = 20, ASK_ROWS_MOST = 4096 };

/* The argument of --top: rows in a table. What is no such number ends the process as argp does. */
unsigned ask_rows(struct argp_state *state, const char *argument);

#endif
