/* What several subcommands read from their command lines, as fragments of argp.
 *
 * A subcommand lists those that it takes as children of its own argp. Its parser, called with ARGP_KEY_INIT, stores in
 * state->child_inputs[i] the address of what the i-th of them fills in. */
#ifndef TM_ARGUMENTS_H
#define TM_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>

/* --dir: fills in a const char *, which stays NULL for the usual places. */
extern const struct argp arguments_directory;

/* --dir and --all: where segments are looked for. */
struct arguments_places {
    const char *directory; /* for find.h: that of --dir; else, with --all, find_everybody; else NULL */
    bool all;
};
extern const struct argp arguments_places;

/* --dir and [PID|FILE]: one snapshot (target.h). */
struct arguments_source {
    const char *directory; /* NULL: the usual places */
    const char *which;     /* NULL: the only process that is running */
};
extern const struct argp arguments_source;

/* --top: fills in an unsigned, the rows of a table. */
enum { ARGUMENTS_ROWS = 20 };
extern const struct argp arguments_rows;

/* The number of the row that has this name. Each begins with its name (const char *); behind the last stands NULL. */
int arguments_choice(const struct argp_state *state, const char *option, const char *value, const void *rows,
                     size_t row_bytes);

/* Ends the process as argp does where the words make no sense. `allowed`: what would have. */
void arguments_invalid(const struct argp_state *state, const char *option, const char *value, const char *allowed)
    __attribute__((noreturn));

#endif
