/* Reads reports out of a program's stderr, as doc/report.md says that they are; where one is not, the running cmocka
 * test fails. The sections that follow the contracted part are sections.h's. */
#ifndef TM_TEST_REPORT_H
#define TM_TEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* How many of our own lines (`trackmalloc: …`, reports not counted) hold the needle ("" for all of them). */
unsigned lines_told(const char *stream, const char *needle);

#endif
