/* What glibc's allocator says of itself: the features malloc_info, malloc_stats and mallinfo.
 *
 * Asked where a thread of the program's own writes the report, on request and at exit: the reporter's has no
 * thread-local storage. malloc_stats knows no other place to write to than stderr, so both texts are written there, in
 * a thread whose descriptor of that number is a file in memory: nothing reaches the program's stderr, nobody waits for
 * its reader, and no stream is made, for which malloc would be called. */
#ifndef TM_ALLOCATOR_H
#define TM_ALLOCATOR_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

/* Looks up what those features (enum tm_feature) need; others need nothing. Returns those that cannot be had, each told
 * once. Asks the loader: not from inside an allocation, and under no lock. */
unsigned allocator_find(unsigned features);

/* The text of a report like text_report, with the allocator's sections in it. Under lock_report. Keeps errno. */
size_t allocator_report(const struct snapshot *snapshot, unsigned top, char *out, size_t capacity);

#endif
