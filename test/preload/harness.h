/* Runs a scenario program bare and preloaded; report.h reads what its reports say. Used by the cmocka suites
 * test_*.c of this folder; the scenario programs themselves know nothing of it. */
#ifndef TM_TEST_HARNESS_H
#define TM_TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "report.h"

/* One finished run. Strings are zero-ended and owned by the run; run_free releases them. */
struct run {
    int status;     /* as waitpid gives it */
    bool timed_out; /* was killed by the harness after its time limit */
    char *out;      /* stdout */
    char *err;      /* stderr, our reports included */
};

/* How to run: every field may be zero. */
struct run_spec {
    const char *options;        /* TRACKMALLOC_OPTIONS; NULL: unset */
    const char *preload;        /* more libraries, colon-separated, behind ours in LD_PRELOAD */
    const char *preload_before; /* the same, in front of ours */
    bool bare;                  /* without our library (but with `preload`) */
    unsigned seconds;           /* time limit; 0: 30 s. Then SIGKILL */
    const char *const *env;     /* more environment, "NAME=VALUE", NULL-ended */
};

/* argv[0] without a slash is a scenario of this folder, build/test/preload/NAME. */
struct run run_program(const struct run_spec *spec, const char *const *argv);

/* Both ways, one after the other. */
struct run run_bare_and_tracked(const struct run_spec *spec, const char *const *argv, struct run *bare);

/* As run_program, in two steps, so that slow programs can run side by side: at most 4 at once, and their output is
 * read only by run_finish (more than 64 KiB of it waits until then). */
struct running *run_start(const struct run_spec *spec, const char *const *argv);
struct run run_finish(struct running *running);
pid_t run_pid(const struct running *running);
void run_free(struct run *run);

/* The usual scenario: argv runs bare and preloaded; stdout, exit status and the program's own stderr must be
 * equal, and the last report of the preloaded run (the exit report) is handed back, with at least one
 * allocation under the program's own tag, so that no scenario passes without interposition. The caller frees
 * `tracked`. */
struct run expect_transparent(const struct run_spec *spec, const char *const *argv, struct report *last);

/* The number in the line `key=NUMBER` of a scenario's stdout; without such a line the test fails. */
uint64_t number_told(const char *stream, const char *key);

/* Fails the running test with a message, after both streams of the run in full (cmocka cuts at 1,024 bytes). */
_Noreturn void fail_run(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The path of a file in build/test/preload (a plugin, say); owned by the harness, valid for the next 7 calls. */
const char *built(const char *name);

/* From now on, what is built is what was copied: these files of the build folder, in a new folder that every user can
 * reach and read. For programs that become another user, and then load the library again. */
void build_for_all(const char *folder, const char *const *names);

/* The library under test, and its command beside it: those of this build, or of the one that the environment's
 * TM_LIBRARY names by an absolute path. Owned by the harness. */
const char *library(void);
const char *command(void);

/* An argument list: run_program(&spec, ARGV("deepbind", "twice")). */
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
