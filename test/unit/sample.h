/* Snapshots for tests: made up, but in themselves as consistent as real ones. */
#ifndef TM_TEST_SAMPLE_H
#define TM_TEST_SAMPLE_H

#include "snapshot/snapshot.h"

/* All zero but for its tables' places and the fields that every snapshot has. The caller frees it with free(). */
struct snapshot *sample_new(uint32_t tags, uint32_t threads);

/* How many rows of each table, by its name in SNAPSHOT_TABLES. */
#define SAMPLE_ROWS(table, row, rows, most) uint32_t table;
struct sample_rows {
    SNAPSHOT_TABLES(SAMPLE_ROWS)
};
#undef SAMPLE_ROWS

/* The same snapshot with these tables as well, all zero; the one before is freed. */
struct snapshot *sample_more(struct snapshot *snapshot, struct sample_rows more);

struct snapshot_site *sample_site(struct snapshot *snapshot, uint32_t index);
struct snapshot_suspect *sample_suspect(struct snapshot *snapshot, uint32_t index);
struct snapshot_note *sample_note(struct snapshot *snapshot, uint32_t index);
struct snapshot_stack *sample_stack(struct snapshot *snapshot, uint32_t index);
struct snapshot_frame *sample_frame(struct snapshot *snapshot, uint32_t index);

/* A call site with its live blocks; what it freed is what it allocated less these, 100 bytes each. */
void sample_holds(struct snapshot_site *site, const char *name, struct snapshot_amount live, uint64_t allocations,
                  uint64_t age_ms);

/* Adds a frame of that name ("": none) to the stack that was begun last. */
void sample_call(struct snapshot *snapshot, struct snapshot_stack *stack, const char *name);

struct snapshot_tag *sample_tag(struct snapshot *snapshot, uint32_t index);
struct snapshot_thread *sample_thread(struct snapshot *snapshot, uint32_t index);

/* A tag with live blocks, of which the rows of `ages` count (and sum up to) all. */
void sample_live(struct snapshot_tag *tag, const char *name, uint64_t live_bytes, uint64_t allocations,
                 const uint64_t *ages);

/* total = the sum over the tags; its sizes are left alone. */
void sample_total(struct snapshot *snapshot);

/* A snapshot of random numbers, some large, that add up. */
struct snapshot *sample_random(unsigned seed, uint32_t tags, uint32_t threads);

/* The whole report, zero-ended; the caller frees it. */
char *sample_report(const struct snapshot *snapshot, unsigned top);

/* A pseudo-random number; the same ones in every run. */
uint64_t sample_number(uint64_t *state);

#endif
