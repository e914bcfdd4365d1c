/* The rows of the list of processes. */
#ifndef TM_PROCESSES_H
#define TM_PROCESSES_H

#include "cmd/segment/find.h"
#include "rows.h"

/* One row for each segment (find.h); the caller frees both. */
void processes_collect(const char *directory, struct rows *rows, struct found_list *list);

/* The process with the key of a row; NULL: it is not in the list. */
const struct found *processes_find(const struct found_list *list, uint64_t key);

#endif
