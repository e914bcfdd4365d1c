/* Odd pointers: not ours, freed before, or freed in another way than made. Told in one line each, twenty at most of a
 * kind; never fatal: the real allocator has the exit report. */
#ifndef TM_POINTER_H
#define TM_POINTER_H

#include "lib/account/block.h"
#include "lib/sys/base.h"

enum { POINTER_REALLOC = 3 }; /* beside the ways of freeing, which are enum made */

struct pointer_counts {
    uint64_t foreign; /* passed on: another allocator's */
    uint64_t wild;
    uint64_t mismatched;
};
SHARED struct pointer_counts pointer_counts;

/* Whether the sixteen bytes before a pointer can be read. Before every glibc block they can; another allocator's may
 * begin a mapping. */
bool pointer_has_header(const void *user);

/* Whether a pointer is a live block of ours. */
bool pointer_is_ours(const void *user);

/* The header of a live block of ours, or NULL: of any number at all, mapped or not. */
const struct block *pointer_block(const void *any);

/* What the real allocator gets of a pointer that is not ours. One that cannot be its own is told. */
void *pointer_unknown(void *user, unsigned call);

/* Told, unless one of the two is an object's with a C++ library of its own inside. `caller`: who frees. */
void pointer_mismatch(const struct block *block, unsigned call, uintptr_t caller);

#endif
