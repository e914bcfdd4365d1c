/* Reads the report's further sections: call sites, growth, suspects, and what is left at exit. Like harness.h, it fails
 * the running test where a section does not look as doc/report.md says. */
#ifndef TM_TEST_SECTIONS_H
#define TM_TEST_SECTIONS_H

#include "harness.h"

enum { SECTION_ROWS = 1100, SECTION_NAME = 64, SECTION_SUSPECTS = 16, SECTION_WINDOWS = 4 };

/* One line of a table of call sites. Names hold no blanks. Sizes are as precise as the text is: whole bytes below
 * 1 KiB, else a tenth of the unit. A column that its table does not have is 0, as is a peak that is not told. */
struct report_site {
    char name[SECTION_NAME];
    char tag[SECTION_NAME]; /* empty: it has the site's own module */
    uint64_t live_blocks, allocations, frees;
    double live_size, peak_size, allocated_size;
    double age; /* s; below 0: not told */
};

struct report_sites {
    uint64_t live_blocks, live_bytes; /* of the line above the table, where it has one */
    unsigned count;
    struct report_site row[SECTION_ROWS]; /* as they stand, `(others)` and what is left out too */
};

struct report_growth {
    bool known[SECTION_WINDOWS]; /* 1 min, 10 min, 1 hour, 1 day */
    double by[SECTION_WINDOWS];  /* bytes */
};

struct report_suspects {
    unsigned count;
    char name[SECTION_SUSPECTS][SECTION_NAME]; /* `tag NAME`, or a call site's */
    uint64_t made[SECTION_SUSPECTS], freed[SECTION_SUSPECTS];
};

/* Each is false where the report has no such section, or no such line. */
bool report_sites(const struct report *report, struct report_sites *sites); /* Current allocations by call site */
bool report_leaks(const struct report *report, struct report_sites *sites); /* Still allocated at exit */
bool report_growth(const struct report *report, const char *tag, struct report_growth *growth);
bool report_suspects(const struct report *report, struct report_suspects *suspects); /* `none` is a section too */

/* `COUNT Call sites seen` and the like: the number in front of these words. */
double report_figure(const struct report *report, const char *words);

/* The sum of the lines of a function's calls, `MODULE!FUNCTION`; how many there are. Its age is the oldest's. */
unsigned sites_of(const struct report_sites *sites, const char *function, struct report_site *sum);

/* Whether that is how a report says so many bytes. */
bool size_says(double shown, uint64_t bytes);

#endif
