/* Call sites: which code an allocation is counted under, with what tag, and in which context.
 *
 * A site is a return address in an object (object.h): what is unloaded keeps its sites, and what is loaded to the same
 * place gets others. Sites are numbered as contexts are; the first allocation from one asks the loader, the rules and
 * the object's name, all others are told by the thread's site cache. */
#ifndef TM_SITE_H
#define TM_SITE_H

#include "lib/account/block.h"
#include "lib/account/slab.h"
#include "lib/sys/base.h"

enum {
    SITE_NONE = 0, /* of contexts without a site: the table is full, or callers=off */
    SITES_NUMBERED = CONTEXTS_WITH_SITE
};

void site_start(void);  /* once, before the first look-up */
void site_forked(void); /* in a forked child: what another thread had begun in the parent is taken back */

/* The header word for a block of this size from this site. */
uint64_t site_template(struct slab *slab, uintptr_t caller, size_t size);

/* Whom to count an allocation under whose caller is a wrapper (option skip): the first that is none. `slot` is where
 * the caller's address is on the stack. */
uintptr_t site_behind_wrappers(struct slab *slab, uintptr_t caller, uintptr_t slot);

/* The context of a block of another size class from the same site, under the same tag. */
unsigned site_context_resized(struct slab *slab, const struct block *block, unsigned size_class);

/* The same block's under another tag (TAG_UNTAGGED: the site's own); 0: there is no space for one more. */
unsigned site_context_handed(struct slab *slab, const struct block *block, unsigned tag);

/* For the report. Any thread. */
unsigned site_count(void); /* numbers run from 1 to count - 1 */
uintptr_t site_address(unsigned site);
unsigned site_object(unsigned site);

/* Before a dlclose of the object with that dynamic section: names its sites while it can be read. After it: what is
 * gone is forgotten by the site caches of all threads. Both in a thread of the program. */
void site_before_unload(uintptr_t dynamic);
void site_after_unload(void);

#endif
