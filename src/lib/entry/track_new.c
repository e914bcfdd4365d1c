/* operator new beside the fast path: what the C++ library does better, and what it makes is counted as made by. */
#include "lib/config/state.h"
#include "lib/thread/books.h"
#include "lib/thread/odd.h"
#include "lib/thread/site.h"
#include "track.h"
#include "track_rare.h"

/* The C++ library's own operator new of that form: it calls the new_handler, tries again, throws. A library that
 * was loaded without making its names global is asked for by name. */
void *track_new_by_library(size_t size, unsigned shape, bool throws, const void *nothrow)
{
    struct real *cxx = &real;
    if (cxx->_Znwm == NULL)
        real_find_cxx();
    bool array = (shape & SHAPE_MADE) == MADE_NEW_ARRAY;
    size_t alignment = block_offset(shape);
    if (cxx->_Znwm == NULL)
        return NULL; /* whoever calls operator new without a C++ library gets what malloc would say */
    if (shape & SHAPE_ALIGNED) {
        if (throws)
            return (array ? cxx->_ZnamSt11align_val_t : cxx->_ZnwmSt11align_val_t)(size, alignment);
        return (array ? cxx->_ZnamSt11align_val_tRKSt9nothrow_t
                      : cxx->_ZnwmSt11align_val_tRKSt9nothrow_t)(size, alignment, nothrow);
    }
    if (throws)
        return (array ? cxx->_Znam : cxx->_Znwm)(size);
    return (array ? cxx->_ZnamRKSt9nothrow_t : cxx->_ZnwmRKSt9nothrow_t)(size, nothrow);
}

static void *remake(void *user, uintptr_t caller, unsigned shape)
{
    if (user == NULL || !odd_is_ours(user))
        return user;
    struct block *block = block_of(user);
    size_t size = block_size(block);
    unsigned kept = block->shape & ~(unsigned)SHAPE_MADE;
    if (UNLIKELY(kept & SHAPE_UNCOUNTED)) {
        block->shape = (uint16_t)(kept | (shape & SHAPE_MADE));
        return user;
    }
    struct books books = books_open();
    uncount_allocated(books.slab, block, size);
    block_fill(block, site_word(books.slab, caller, size), size, books.slab->tick, kept | (shape & SHAPE_MADE));
    count_allocated(books.slab, block, size);
    books_close(&books);
    return user;
}

/* The real allocator has no memory for it. */
void *track_fail(size_t size, uintptr_t caller, unsigned shape)
{
    if ((shape & SHAPE_MADE) == MADE_MALLOC)
        return track_refuse(caller);
    track_refuse(caller);
    return remake(track_new_by_library(size, shape, true, NULL), caller, shape);
}

/* The next library's may be a jump: its caller is ours then. */
void *track_new_apart(size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(state.foreign_new) && state_tracks())
        return track_new_by_library(size, shape, true, NULL);
    return track_allocate_apart(size, caller, shape);
}

/* The real allocator is asked first, so that a refusal does not throw. */
void *track_new_nothrow(size_t size, size_t alignment, uintptr_t caller, unsigned shape, const void *nothrow)
{
    if (track_is_too_early())
        return track_boot_block(alignment, size);
    if (size >= state_malloc_limit || alignment > BLOCK_ALIGNMENT)
        return remake(track_new_by_library(size, block_aligned_shape(alignment, shape), false, nothrow), caller, shape);
    char *base = real.malloc(size + BLOCK_HEADER);
    if (UNLIKELY(base == NULL)) {
        track_refuse(caller);
        return remake(track_new_by_library(size, shape, false, nothrow), caller, shape);
    }
    return track_allocated(base, size, caller, shape);
}
