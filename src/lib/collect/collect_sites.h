/* The snapshot's rows of call sites and of the objects that they are in. */
#ifndef TM_COLLECT_SITES_H
#define TM_COLLECT_SITES_H

#include "lib/account/slab.h"
#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

enum { COLLECT_SITES = SNAPSHOT_SITES + 1 /* and all others */ };

/* What the accounting say, summed up: by context, and the row of each tag. */
struct collect_counts {
    const struct slab_cell *context;
    unsigned contexts;
    const uint32_t *tag_row;
    uint32_t now; /* tick */
};

/* Under lock_report. Fills the rows and their numbers in the head, without names. */
void collect_sites(struct snapshot *head, struct snapshot_site rows[COLLECT_SITES],
                   const struct collect_counts *counts);
void collect_objects(struct snapshot *head, struct snapshot_object rows[SNAPSHOT_OBJECTS]);

/* The mean ages of the rows' live blocks, and what is ranked by them; the accounting lock is not needed. */
void collect_ages(const struct snapshot *head, struct snapshot_site *rows, const struct collect_counts *counts);

/* Names those that a report of `top` rows may show. */
void collect_names(struct snapshot *head, struct snapshot_site *rows, unsigned top, struct lock_owner self);

/* Under lock_report: peaks of sites begin anew. */
void collect_forget_peaks(void);

/* The number of a row's site. */
unsigned collect_site_number(uint32_t row);

/* The row of an object, by its number. */
uint32_t collect_object_row(unsigned object);

#endif
