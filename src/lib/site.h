/* Call sites: which context a site's blocks are booked under. */
#ifndef TM_SITE_H
#define TM_SITE_H

#include "base.h"
#include "block.h"
#include "slab.h"

/* The header word for a block of this size from this site. */
uint64_t site_word(struct slab *slab, uintptr_t caller, size_t size);

/* The context of a block of another size class from the same site, under the same tag. */
unsigned site_context_resized(struct slab *slab, const struct block *block, unsigned size_class);

#endif
