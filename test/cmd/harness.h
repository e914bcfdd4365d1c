/* Runs the command and looks at what it says; makes segment files; starts programs under the library for it to look at.
 * Whatever is wrong fails the running cmocka test. */
#ifndef TM_CMD_HARNESS_H
#define TM_CMD_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "snapshot/segment.h"
#include "snapshot/snapshot.h"

/* ---- a place of the suite's own ---- */

/* For cmocka_run_group_tests: a scratch directory, which is the XDG_RUNTIME_DIR of all that is run, and where the
 * segments of this process's tests are; no TRACKMALLOC_OPTIONS, no NO_COLOR. */
int harness_setup(void **state);
int harness_teardown(void **state);

const char *scratch(void);                 /* the directory */
const char *in_scratch(const char *name);  /* a path in it; good for the next 15 calls */
const char *segments(void);                /* where the segments are: made when first asked for */
const char *in_segments(const char *name); /* as in_scratch */
const char *built(const char *name); /* a path in the build folder: "libtrackmalloc.so", "test/cmd/programs/grows" */

/* From now on, `built` knows the library, the command and programs/obeys only: copies in the scratch directory, where
 * every user can reach them who may enter that. */
void build_for_all(void);

/* The file's bytes with a zero behind them; the caller frees them. */
char *file_read(const char *path, size_t *bytes);
void file_write(const char *path, const void *bytes, size_t length);

/* ---- the command ---- */

struct outcome {
    int status; /* as a shell has it: 128 + the signal that killed it */
    char *out;  /* stdout, a zero behind its last byte */
    size_t out_bytes;
    char *err;
};

/* Any program, its path first; standard input is empty. Killed after 60 s. */
struct outcome run_program(const char *const *argv);
void outcome_free(struct outcome *outcome);

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* trackmalloc with these arguments: run_command("show", path). */
#define run_command(...) run_program(ARGV(built("trackmalloc"), __VA_ARGS__))

/* It failed as it should: that status, nothing on stdout, one line `trackmalloc: …` with these words. */
void assert_refused(struct outcome *outcome, int status, const char *words);

void assert_has(const char *text, const char *words);
void assert_has_not(const char *text, const char *words);

/* ---- segments ---- */

/* A file with this snapshot in it, as a process that lives or was killed leaves it. */
void segment_write(const char *path, const struct snapshot *snapshot);

/* ---- a program under the library ---- */

struct target {
    pid_t pid;
    int to;   /* its standard input */
    int from; /* its standard output */
};

/* argv[0] is a path. Its stderr is kept in the scratch directory, "PID.err"; it dies with the suite. */
struct target target_start(const char *options, const char *const *argv);
/* The line that it says next, without its end; good until the next call. */
const char *target_line(struct target *target);
void target_tell(struct target *target, const char *line);
/* Waits until it has published more than `after` snapshots; returns how many. */
uint32_t target_published(struct target *target, uint32_t after);
/* Its end: by that signal, or 0: of itself, once its standard input is closed. Returns what waitpid said. */
int target_end(struct target *target, int signal);

#endif
