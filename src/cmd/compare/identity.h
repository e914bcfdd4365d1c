/* Names for places in code that are the same in two runs, whatever the addresses, also on two hosts.
 *
 * Two objects are the same if their build-ids are, or if both have none and their base names are the same; a place in
 * them is identified by its offset in the file. If only the base names are the same, they are two builds of one object:
 * offsets differ, and a place is identified by its function. */
#ifndef TM_IDENTITY_H
#define TM_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot/snapshot.h"

/* The objects of one snapshot, compared with those of another. Points to the snapshot. */
struct identities {
    const struct snapshot *snapshot;
    struct identity *object; /* by row */
};

/* `mine[0]` is the first snapshot compared with the second, `mine[1]` the second compared with the first. */
void identities_make(const struct snapshot *const snapshots[2], struct identities mine[2]);
void identities_free(struct identities mine[2]);

/* A key that is equal for equal places; the caller frees it. `name` is as in a snapshot: module!function+0x12, or
 * empty. */
char *identity_key(const struct identities *mine, uint32_t object, uint64_t address, const char *name);

/* The name to show for the place, without an offset where the key has none; the caller frees it. */
char *identity_name(const struct identities *mine, uint32_t object, uint64_t address, const char *name);

/* Iterates, with *row from 0, over the base names of objects of which the other snapshot has another build. NULL: no
 * more. */
const char *identity_rebuilt(const struct identities *mine, uint32_t *row);

#endif
