/* A program that was run, and its exit report, for suites that compare what it did with what is said of it. */
#ifndef TM_TEST_OBSERVED_H
#define TM_TEST_OBSERVED_H

#include "sections.h"
#include "suite.h"

extern struct observed {
    struct run run;
    struct report report;
    struct report_sites sites;
} observed, other; /* a test has a process of its own, and these for itself */

/* Runs a program to its exit report, whose sums must be right; beside its reports there are `lines` of our own, or
 * none. */
void observe_with_lines(unsigned lines, struct observed *of, const struct run_spec *spec, const char *const *argv);
void observe(struct observed *of, const struct run_spec *spec, const char *const *argv);
void read_sites(struct observed *of);

/* Of `observed`: the sum of a function's rows; that it has none; that nothing of what it allocated was freed. */
struct report_site site(const char *function);
void expect_no_site(const char *function);
void expect_kept(const char *function, uint64_t blocks);

void expect_number(const char *what, uint64_t counted, uint64_t truth);
void expect_bytes(const char *key, double shown, uint64_t bytes);

/* All rows, `(others)` and what is left out too, make up the totals. */
void expect_rows_make_up_the_total(const struct observed *of);

bool begins(const char *name, const char *with);

#endif
