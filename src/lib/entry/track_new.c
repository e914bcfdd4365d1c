/* operator new beside the fast path: what the C++ library does better, and what it makes is counted as made by. */
#include "lib/config/state.h"
#include "lib/thread/accounting.h"
#include "lib/thread/pointer.h"
#include "lib/thread/site.h"
#include "track.h"
#include "track_rare.h"

/* The C++ library's own operator new of that form: it calls the new_handler, tries again, throws. A library that
 * was loaded without making its names global is asked for by name. */
void *track_new_by_library(size_t size, unsigned flags, bool throws, const void *nothrow)
{
    struct real *cxx = &real;
    if (cxx->_Znwm == NULL)
        real_find_cxx();
    bool array = (flags & FLAGS_FAMILY) == FAMILY_NEW_ARRAY;
    size_t alignment = block_offset(flags);
    if (cxx->_Znwm == NULL)
        return NULL; /* whoever calls operator new without a C++ library gets what malloc would say */
    if (flags & FLAG_ALIGNED) {
        if (throws)
            return (array ? cxx->_ZnamSt11align_val_t : cxx->_ZnwmSt11align_val_t)(size, alignment);
        return (array ? cxx->_ZnamSt11align_val_tRKSt9nothrow_t
                      : cxx->_ZnwmSt11align_val_tRKSt9nothrow_t)(size, alignment, nothrow);
    }
    if (throws)
        return (array ? cxx->_Znam : cxx->_Znwm)(size);
    return (array ? cxx->_ZnamRKSt9nothrow_t : cxx->_ZnwmRKSt9nothrow_t)(size, nothrow);
}

static void *remake(void *user, uintptr_t caller, unsigned flags)
{
    if (user == NULL || !pointer_is_ours(user))
        return user;
    struct block *block = block_of(user);
    size_t size = block_size(block);
    unsigned kept = block->flags & ~(unsigned)FLAGS_FAMILY;
    if (UNLIKELY(kept & FLAG_UNCOUNTED)) {
        block->flags = (uint16_t)(kept | (flags & FLAGS_FAMILY));
        return user;
    }
    struct accounting accounting = accounting_open();
    uncount_allocated(accounting.slab, block, size);
    block_fill(block, site_template(accounting.slab, caller, size), size, accounting.slab->tick,
               kept | (flags & FLAGS_FAMILY));
    count_allocated(accounting.slab, block, size);
    accounting_close(&accounting);
    return user;
}

/* The real allocator has no memory for it. */
void *track_fail(size_t size, uintptr_t caller, unsigned flags)
{
    if ((flags & FLAGS_FAMILY) == FAMILY_MALLOC)
        return track_refuse(caller);
    track_refuse(caller);
    return remake(track_new_by_library(size, flags, true, NULL), caller, flags);
}

/* The next library's may be a jump: its caller is ours then. */
void *track_new_rare(size_t size, uintptr_t caller, unsigned flags)
{
    if (UNLIKELY(state.foreign_new) && state_tracks())
        return track_new_by_library(size, flags, true, NULL);
    return track_allocate_rare(size, caller, flags);
}

/* The real allocator is asked first, so that a refusal does not throw. */
void *track_new_nothrow(size_t size, size_t alignment, uintptr_t caller, unsigned flags, const void *nothrow)
{
    if (track_is_too_early())
        return track_boot_block(alignment, size);
    if (size >= state_malloc_limit || alignment > BLOCK_ALIGNMENT)
        return remake(track_new_by_library(size, block_aligned_flags(alignment, flags), false, nothrow), caller, flags);
    char *base = real.malloc(size + BLOCK_HEADER);
    if (UNLIKELY(base == NULL)) {
        track_refuse(caller);
        return remake(track_new_by_library(size, flags, false, nothrow), caller, flags);
    }
    return track_allocated(base, size, caller, flags);
}
