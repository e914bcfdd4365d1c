/* Runs a scenario program bare and preloaded, and reads what the reports say. Used by the cmocka suites
 * test_*.c of this folder; the scenario programs themselves know nothing of it. */
#ifndef TM_TEST_HARNESS_H
#define TM_TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

/* The same in two steps, so that slow programs can run side by side: at most 4 at once, and their output is
 * read only by run_finish (more than 64 KiB of it waits until then). */
struct running *run_start(const struct run_spec *spec, const char *const *argv);
struct run run_finish(struct running *running);
pid_t run_pid(const struct running *running);
void run_free(struct run *run);

/* One line of `Current allocations by tag:`. */
struct report_tag {
    char name[64];
    uint64_t live_blocks, allocations, age[5];
    double live_size, peak_size; /* bytes, as precise as the text is */
};

struct report {
    char kind[16]; /* periodic, exit, request, alarm */
    unsigned pid, number;
    double uptime;        /* s */
    uint64_t allocations; /* overall since start */
    uint64_t live_blocks, live_bytes;
    double peak_bytes; /* as precise as the text is */
    uint64_t sizes[12], ages[5];
    unsigned tags;
    struct report_tag tag[256];
    const char *text; /* where it begins in the stream (not owned) */
};

/* How many reports stand in a stream; the n-th from 0, or from the end with n < 0. false: there is none such.
 * A report that breaks the contract of doc/report.md fails the running cmocka test. */
unsigned report_count(const char *stream);
bool report_read(const char *stream, int n, struct report *report);
const struct report_tag *report_tag(const struct report *report, const char *name); /* NULL: no such row */

/* "6,123,231" and "84.3MiB", at *at, which moves behind it; false: something else stands there. */
bool number_at(const char **at, uint64_t *value);
bool size_at(const char **at, double *bytes);

/* The stream without our reports and without our own lines (`trackmalloc: …`); malloc'ed. */
char *stream_without_reports(const char *stream);

/* The usual scenario: argv runs bare and preloaded; stdout, exit status and the program's own stderr must be
 * equal, and the last report of the preloaded run (the exit report) is handed back, with at least one
 * allocation under the program's own tag, so that no scenario passes without interposition. The caller frees
 * `tracked`. */
struct run expect_transparent(const struct run_spec *spec, const char *const *argv, struct report *last);

/* How many of our own lines (`trackmalloc: …`, reports not counted) hold the needle ("" for all of them). */
unsigned lines_told(const char *stream, const char *needle);

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
