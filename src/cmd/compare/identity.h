/* What code is called wherever it was loaded: the same in two runs, after ASLR, and on two hosts.
 *
 * An object is the same where its build-id is, else where it has none and the base name is. Then a place in it is its
 * offset in the file. Where only the name is the same, it is another build: its offsets say nothing, and a place is its
 * function. */
#ifndef TM_IDENTITY_H
#define TM_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot/snapshot.h"

/* The objects of one snapshot, as another one sees them. Holds on to the snapshot. */
struct identities {
    const struct snapshot *snapshot;
    struct identity *object; /* a row each */
};

/* Both ways at once: `mine[0]` of the first snapshot, `mine[1]` of the second. */
void identities_make(const struct snapshot *const snapshots[2], struct identities mine[2]);
void identities_free(struct identities mine[2]);

/* The place's key, which the caller frees; equal keys are equal places. `name` as in a snapshot: module!function+0x12,
 * or empty. */
char *identity_key(const struct identities *mine, uint32_t object, uint64_t address, const char *name);

/* The place's name as it is to be shown, without the offset where the key has none; the caller frees it. */
char *identity_name(const struct identities *mine, uint32_t object, uint64_t address, const char *name);

/* The base name of an object that is another build in the other snapshot, from row *row on; NULL: there is no more.
 * Moves *row behind it. */
const char *identity_rebuilt(const struct identities *mine, uint32_t *row);

#endif
