/* Built for speed. */
#include "track.h"

#include <errno.h>
#include <string.h>

#include "books.h"
#include "lifecycle.h"
#include "odd.h"
#include "site.h"
#include "trace.h"
#include "watch.h"

uint32_t track_pauses;
size_t track_limit;
size_t track_new_limit;

/* Where on the stack our caller's address stands: of the entry point's caller, in what an entry point has jumped to. */
#define SLOT ((uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t))

/* ---- failing ---- */

static void count_failure(uintptr_t caller)
{
    struct books books = books_open();
    uint64_t word = site_word(books.slab, caller, 0);
    cell_add(&books.slab->tag[(uint16_t)word].failures, 1);
    books_close(&books);
}

void *track_refuse(uintptr_t caller)
{
    if (UNLIKELY(!lifecycle_up()))
        return NULL; /* where errno is may not be known yet */
    if (lifecycle_tracks())
        count_failure(caller);
    errno = ENOMEM;
    return NULL;
}

/* The C++ library's own operator new of that form: it calls the new_handler, tries again, throws. A library that
 * was loaded without making its names global is asked for by name. */
static void *new_by_library(size_t size, unsigned shape, bool throws, const void *nothrow)
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

/* A block that the C++ library made through our malloc after all is counted again, as what it is. */
static void *remake(void *user, uintptr_t caller, unsigned shape);

/* The real allocator has no memory for it. */
static void *fail(size_t size, uintptr_t caller, unsigned shape)
{
    if ((shape & SHAPE_MADE) == MADE_MALLOC)
        return track_refuse(caller);
    track_refuse(caller);
    return remake(new_by_library(size, shape, true, NULL), caller, shape);
}

/* ---- allocating ---- */

static struct block *block_at(char *base, unsigned shape)
{
    return (struct block *)(base + block_offset(shape) - BLOCK_HEADER);
}

/* Only what must be known to give it back, and to answer for it. */
static COLD void *leave_uncounted(char *base, size_t size, unsigned shape)
{
    unsigned tag = thread_has_slab() ? (unsigned)thread_slab->scope : TAG_UNTAGGED;
    uint32_t now = clock_now();
    if (clock_tick() == CLOCK_SELF)
        lifecycle_unticked(now);
    struct block *block = block_at(base, shape);
    block_fill(block, block_word(tag, 0), size, now, shape | SHAPE_UNCOUNTED);
    return block_user(block);
}

/* What site_word says, where it has said it before. */
HOT bool recall_word(struct slab *slab, uintptr_t site, size_t size, uint64_t *word)
{
    uint64_t key = context_key(site, size_class(size), 0) | slab->scope;
    if (trace_period != STACKS_OFF)
        key ^= SITES_APART;
    *word = slab_site_word(slab_site(slab, key), key);
    return LIKELY(*word != 0);
}

/* Of the first caller that is no wrapper. Most often the wrapper is the one as last time, and its caller's key, which a
 * wrapper's never is, stands in the site cache. */
static uint64_t word_behind_wrappers(struct slab *slab, struct caller caller, size_t size)
{
    uint64_t word;
    uintptr_t next = caller.address == slab->wrapper ? stack_caller(&slab->trace, caller.slot, 1) : 0;
    if (next != 0 && recall_word(slab, next, size, &word))
        return word;
    return site_word(slab, site_behind_wrappers(slab, caller.address, caller.slot), size);
}

HOT uint64_t traced_word(struct slab *slab, struct caller caller, size_t size)
{
    uint64_t word;
    if (UNLIKELY(trace_skips) && caller.slot != 0)
        return word_behind_wrappers(slab, caller, size);
    return recall_word(slab, caller.address, size, &word) ? word : site_word(slab, caller.address, size);
}

/* The same where stacks are taken, or wrappers seen through: in a slab whose tick is in order. */
static void *trace_and_book(struct slab *slab, char *base, size_t size, struct caller caller, unsigned shape)
{
    caller.slot = stack_slot(caller.slot, caller.address);
    struct traced traced = trace_any_block(slab, base, size, shape, caller);
    bool skips = trace_skips;
    uint64_t word = traced_word(slab, caller, size);
    if (UNLIKELY(trace_skips != skips)) /* the first wrapper of all */
        word = traced_word(slab, caller, size);
    struct block *block = block_at(traced.base, traced.shape);
    block_fill(block, word, size, slab->tick, traced.shape);
    if (traced.shape & SHAPE_STACK)
        trace_note(slab, &traced, size);
    count_allocated(slab, block, size);
    return block_user(block);
}

static void *book_plain(struct slab *slab, char *base, size_t size, struct caller caller, unsigned shape)
{
    uint64_t word = site_word(slab, caller.address, size);
    if (UNLIKELY(trace_is_on())) /* that was the first wrapper of all */
        return trace_and_book(slab, base, size, caller, shape);
    struct block *block = block_at(base, shape);
    block_fill(block, word, size, slab->tick, shape);
    count_allocated(slab, block, size);
    return block_user(block);
}

static void *book(char *base, size_t size, struct caller caller, unsigned shape)
{
    struct books books = books_open();
    if (UNLIKELY(word_read(&track_pauses) != 0)) { /* asked again: from here on the site cache is the newest one's */
        books_close(&books);
        return leave_uncounted(base, size, shape);
    }
    void *user = book_plain(books.slab, base, size, caller, shape);
    books_close(&books);
    return user;
}

static void *book_traced(char *base, size_t size, struct caller caller, unsigned shape)
{
    struct books books = books_open();
    void *user = trace_and_book(books.slab, base, size, caller, shape);
    books_close(&books);
    return user;
}

/* One of a size that somebody wants to be told of. */
static COLD void *book_watched(char *base, size_t size, struct caller caller, unsigned shape)
{
    void *user = trace_is_on() ? book_traced(base, size, caller, shape)
                               : book(base, size, caller, shape & ~(unsigned)SHAPE_ZEROED);
    watch_block(block_of(user));
    return user;
}

void *track_allocated_slow(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(base == NULL))
        return fail(size, caller, shape & ~(unsigned)SHAPE_ZEROED);
    if (UNLIKELY(word_read(&track_pauses) != 0))
        return leave_uncounted(base, size, shape & ~(unsigned)SHAPE_ZEROED);
    if (UNLIKELY(size >= watch_least))
        return book_watched(base, size, (struct caller){caller, SLOT}, shape);
    if (UNLIKELY(trace_is_on()))
        return book_traced(base, size, (struct caller){caller, SLOT}, shape);
    return book(base, size, (struct caller){caller, SLOT}, shape & ~(unsigned)SHAPE_ZEROED);
}

HOT void *booked_by(struct slab *slab, uint64_t word, char *base, size_t size, unsigned shape)
{
    return track_booked(slab, slab_site_of(slab, word), base, size, slab->tick, shape & ~(unsigned)SHAPE_ZEROED);
}

/* Where stacks are taken, the site cache has keys of another kind only (site_word). Most blocks that are not sampled
 * need no more than that. */
static void *allocated_apart(char *base, size_t size, uintptr_t caller, unsigned shape, uintptr_t slot)
{
    struct slab *slab = thread_slab;
    if (trace_period != STACKS_ALL) {
        uint64_t key = (context_key(caller, size_class(size), 0) | slab->scope) ^ SITES_APART;
        uint64_t word = slab_recall(slab, key);
        if (word != 0 && trace_passes(slab, size))
            return booked_by(slab, word, base, size, shape);
    }
    return trace_and_book(slab, base, size, (struct caller){caller, slot}, shape);
}

/* The slab and its tick are in order; the site is not at home in the cache. */
void *track_allocated_missed(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(trace_is_on()) && (word_read(&track_pauses) != 0 || size >= watch_least))
        return track_allocated_slow(base, size, caller, shape);
    if (UNLIKELY(trace_period != STACKS_OFF))
        return allocated_apart(base, size, caller, shape, SLOT);
    struct slab *slab = thread_slab;
    uint64_t key = context_key(caller, size_class(size), 0) | slab->scope;
    uint64_t word = slab_recall(slab, key);
    if (word == 0 && trace_is_on()) /* a wrapper has no key */
        return trace_and_book(slab, base, size, (struct caller){caller, SLOT}, shape);
    if (word == 0)
        return track_allocated_slow(base, size, caller, shape);
    return booked_by(slab, word, base, size, shape);
}

void *track_allocated_peak(struct slab *slab, struct slab_tag *tag, void *user)
{
    slab_push(slab, (unsigned)(tag - slab->tag));
    return user;
}

/* What was asked for: kept in a header only where the room is the whole alignment. */
static unsigned aligned_shape(size_t alignment, unsigned shape)
{
    return alignment > BLOCK_ALIGNMENT ? shape | SHAPE_ALIGNED | log2_floor(alignment) << SHAPE_ROOM_SHIFT : shape;
}

/* A real block with room for the alignment, from memalign: malloc's room would not fit the header, or not be known. */
static void *make_far_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    if (size >= TRACK_HUGE)
        shape |= SHAPE_HUGE;
    return track_allocated_slow(real.memalign(alignment, size + alignment), size, caller, shape);
}

/* From malloc, and aligned inside: glibc's memalign takes longer, and leaves odd pieces of heap before each block. */
static void *make_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    unsigned asked = aligned_shape(alignment, shape);
    if (alignment > (size_t)PTRDIFF_MAX || size > (size_t)PTRDIFF_MAX - alignment)
        return fail(size, caller, asked);
    if (alignment > BLOCK_ROOM_MOST - BLOCK_HEADER || size >= TRACK_HUGE)
        return make_far_aligned(alignment, size, caller, asked);
    size_t header = trace_is_on() ? BLOCK_NOTED : BLOCK_HEADER;
    char *base = real.malloc(size + alignment + header - BLOCK_HEADER);
    if (UNLIKELY(base == NULL))
        return track_allocated_slow(NULL, size, caller, asked);
    uintptr_t user = ((uintptr_t)base + header + alignment - 1) & -alignment;
    return track_allocated(base, size, caller, shape | block_room(user - (uintptr_t)base));
}

/* ---- beside the fast path: before there is an allocator, where this program is not tracked, and huge blocks ---- */

/* Never counted: the program did not ask for it. Here and in what follows nothing is called that another library has,
 * nor what a compiler would make such a call of: our own relocations may still be to come. */
void *track_boot_block(size_t alignment, size_t size)
{
    unsigned shape = alignment > BLOCK_ALIGNMENT ? aligned_shape(alignment, SHAPE_BOOT) : SHAPE_BOOT;
    char *base = size < TRACK_HUGE ? real_arena_take(alignment, size + block_offset(shape)) : NULL;
    if (base == NULL)
        return NULL;
    struct block *block = block_at(base, shape);
    block_fill(block, block_word(TAG_UNTAGGED, 0), size, 0, shape);
    return block_user(block);
}

static char *boot_copy(const volatile char *string, size_t most)
{
    size_t length = 0;
    while (length < most && string[length] != '\0')
        length++;
    volatile char *copy = track_boot_block(BLOCK_ALIGNMENT, length + 1);
    for (size_t i = 0; copy != NULL && i < length; i++)
        copy[i] = string[i];
    return (char *)copy;
}

static bool comes_too_early(void)
{
    return UNLIKELY(track_limit == 0) && !lifecycle_up();
}

static bool is_passed_on(void)
{
    return UNLIKELY(track_limit == 0) && !lifecycle_tracks();
}

/* operator new belongs to the C++ library then, whose forms call each other, and a malloc that may not be ours. */
static void *pass_on(size_t size, unsigned shape)
{
    if ((shape & SHAPE_MADE) != MADE_MALLOC)
        return new_by_library(size, shape, true, NULL);
    return shape & SHAPE_ZEROED ? real.calloc(1, size) : real.malloc(size);
}

/* 16 bytes of alignment will do; the shape only says where the header is. */
static void *allocate_huge(size_t size, uintptr_t caller, unsigned shape)
{
    enum { ROOM = 2 * BLOCK_HEADER };
    if (size > (size_t)PTRDIFF_MAX - ROOM)
        return fail(size, caller, shape & ~(unsigned)SHAPE_ZEROED);
    char *base = shape & SHAPE_ZEROED ? real.calloc(1, size + ROOM) : real.malloc(size + ROOM);
    return track_allocated_slow(base, size, caller, (shape & ~(unsigned)SHAPE_ZEROED) | BLOCK_HUGE);
}

void *track_allocate_apart(size_t size, uintptr_t caller, unsigned shape)
{
    if (comes_too_early())
        return track_boot_block(BLOCK_ALIGNMENT, size);
    if (is_passed_on())
        return pass_on(size, shape);
    if (size >= TRACK_HUGE)
        return allocate_huge(size, caller, shape);
    /* The library has just come up. */
    return shape & SHAPE_ZEROED ? track_calloc(1, size, caller) : track_malloc_for(size, caller, shape);
}

/* The next library's may be a jump: its caller is ours then. */
void *track_new_apart(size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(lifecycle_foreign_new) && lifecycle_tracks())
        return new_by_library(size, shape, true, NULL);
    return track_allocate_apart(size, caller, shape);
}

void track_start(bool news)
{
    __atomic_store_n(&track_limit, TRACK_HUGE, __ATOMIC_RELEASE);
    __atomic_store_n(&track_new_limit, news ? TRACK_HUGE : 0, __ATOMIC_RELEASE);
}

void *track_memalign(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    if (comes_too_early())
        return track_boot_block(alignment, size);
    if (is_passed_on())
        return shape == MADE_MALLOC ? real.memalign(alignment, size) : pass_on(size, aligned_shape(alignment, shape));
    if (alignment > BLOCK_ALIGNMENT)
        return make_aligned(alignment, size, caller, shape);
    return track_malloc_for(size, caller, shape);
}

void *track_memalign_rounded(size_t alignment, size_t size, uintptr_t caller)
{
    size_t rounded = BLOCK_ALIGNMENT;
    while (rounded < alignment && rounded <= SIZE_MAX / 4 + 1)
        rounded *= 2;
    if (rounded < alignment) {
        errno = EINVAL;
        return NULL;
    }
    return track_memalign(rounded, size, caller, MADE_MALLOC);
}

int track_posix_memalign(void **user, size_t alignment, size_t size, uintptr_t caller)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    bool early = comes_too_early(); /* then where errno is may not be known yet, and it stays as it is */
    int error = early ? 0 : errno;
    void *block = early ? track_boot_block(alignment, size) : track_memalign(alignment, size, caller, MADE_MALLOC);
    if (!early)
        errno = error;
    if (block == NULL)
        return ENOMEM;
    *user = block;
    return 0;
}

void *track_pvalloc(size_t size, uintptr_t caller)
{
    size_t rounded;
    if (__builtin_add_overflow(size, PAGE_BYTES - 1, &rounded))
        return track_refuse(caller);
    return track_memalign(PAGE_BYTES, rounded & -(size_t)PAGE_BYTES, caller, MADE_MALLOC);
}

char *track_strndup(const char *string, size_t most, uintptr_t caller)
{
    if (comes_too_early())
        return boot_copy(string, most);
    if (is_passed_on())
        return real.strndup(string, most);
    size_t length = most == SIZE_MAX ? strlen(string) : strnlen(string, most);
    char *copy = track_malloc_for(length + 1, caller, MADE_MALLOC);
    if (LIKELY(copy != NULL)) {
        memcpy(copy, string, length);
        copy[length] = '\0';
    }
    return copy;
}

/* The real allocator is asked first, so that a refusal does not throw. */
void *track_new_nothrow(size_t size, size_t alignment, uintptr_t caller, unsigned shape, const void *nothrow)
{
    if (comes_too_early())
        return track_boot_block(alignment, size);
    if (size >= track_limit || alignment > BLOCK_ALIGNMENT)
        return remake(new_by_library(size, aligned_shape(alignment, shape), false, nothrow), caller, shape);
    char *base = real.malloc(size + BLOCK_HEADER);
    if (UNLIKELY(base == NULL)) {
        track_refuse(caller);
        return remake(new_by_library(size, shape, false, nothrow), caller, shape);
    }
    return track_allocated(base, size, caller, shape);
}

void *track_calloc(size_t count, size_t size, uintptr_t caller)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return track_refuse(caller);
    if (UNLIKELY(bytes >= track_limit))
        return track_allocate_apart(bytes, caller, SHAPE_ZEROED);
    if (bytes > TRACK_CALLOC_SMALL)
        return track_allocated(real.calloc(1, bytes + BLOCK_HEADER), bytes, caller, SHAPE_ZEROED);
    char *base = real.malloc(bytes + BLOCK_HEADER);
    if (LIKELY(base != NULL))
        memset(base, 0, bytes + BLOCK_HEADER);
    return track_allocated(base, bytes, caller, SHAPE_ZEROED);
}

/* ---- freeing ---- */

/* Takes a block out of the books, and marks it: nobody may take it for a live one again. */
static void unbook(struct block *block)
{
    if (LIKELY(!(block->shape & SHAPE_UNCOUNTED))) {
        struct books books = books_open();
        count_freed(books.slab, block, block_size(block));
        if (UNLIKELY(block->shape & SHAPE_STACK))
            trace_freed(block);
        books_close(&books);
    }
    block_wipe(block);
}

/* operator delete belongs to the C++ library then, whose free is the program's. A block of the arena stays, and so does
 * another one before there is an allocator. */
static void free_untracked(void *user, unsigned shape)
{
    if (real_from_arena(user))
        return;
    bool array = (shape & SHAPE_MADE) == MADE_NEW_ARRAY;
    if ((shape & SHAPE_MADE) != MADE_MALLOC && real._ZdlPv != NULL)
        return (array ? real._ZdaPv : real._ZdlPv)(user);
    if (real.free != NULL)
        real.free(user);
}

/* What looks like a block of ours is one only where we track. */
void track_free_slow(void *user)
{
    struct block *block = block_of(user);
    if (UNLIKELY(!lifecycle_tracks()))
        return free_untracked(user, block->shape);
    char *base = block_base(block);
    unbook(block);
    real.free(base);
}

/* The fast path's second half for blocks that have aged: no lock, no look-up, some adds more. */
void track_free_settled(void *user)
{
    struct block *block = block_of(user);
    count_freed(thread_slab, block, block->size_low);
    block_wipe(block);
    real.free(block);
}

/* Counted already. */
void track_free_peak(void *user)
{
    struct block *block = block_of(user);
    slab_push(thread_slab, block->tag);
    block_wipe(block);
    real.free(block);
}

/* A block whose stack is known, in a thread whose slab and tick are in order. */
static void free_traced(struct slab *slab, struct block *block)
{
    char *base = block_base(block);
    count_freed(slab, block, block->size_low);
    trace_freed(block);
    block_wipe(block);
    real.free(base);
}

void track_free_other(void *user, unsigned shape)
{
    struct block *block = block_of(user);
    if (UNLIKELY(lifecycle_foreign_new) && (shape & SHAPE_MADE) != MADE_MALLOC)
        return free_untracked(user, shape);
    if ((block->shape_check | BLOCK_ROOM) == BLOCK_LIVE(shape | SHAPE_STACK | BLOCK_ROOM) &&
        thread_slab->tick == clock_tick())
        return free_traced(thread_slab, block);
    if (UNLIKELY(!lifecycle_up()) || UNLIKELY(!lifecycle_tracks()))
        return free_untracked(user, shape);
    if (block_is_ours(block) && block->shape & SHAPE_BOOT)
        return;
    if (!block_is_ours(block))
        return real.free(odd_pointer(user, shape));
    if (block_made(block) != (shape & SHAPE_MADE) && !lifecycle_own_new)
        odd_mismatch(block, shape, CALLER);
    track_free_slow(user);
}

void track_free_page_start(void *user, unsigned shape)
{
    if (user == NULL)
        return;
    if (!odd_has_header(user))
        return free_untracked(user, shape);
    track_free_other(user, shape);
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

/* Uncounted first: a peak never sees the block twice. */
static bool recount(struct slab *slab, struct block *block, unsigned tag)
{
    size_t size = block_size(block);
    unsigned context = site_context_handed(slab, block, tag);
    if (context == 0)
        return false;
    uncount_allocated(slab, block, size);
    block->context = (uint16_t)context;
    block->tag = (uint16_t)context_tag(context);
    count_allocated(slab, block, size);
    if (block->birth != slab->tick)
        count_settled(slab, block, 1, size);
    return true;
}

bool track_hand_over(struct block *block, unsigned tag)
{
    if (block->shape & SHAPE_UNCOUNTED) {
        block->tag = (uint16_t)tag;
        return true;
    }
    struct books books = books_open();
    bool done = recount(books.slab, block, tag);
    books_close(&books);
    return done;
}

size_t track_usable_size(void *user)
{
    if (user == NULL)
        return 0;
    const struct block *block = block_of(user);
    if (real_from_arena(user))
        return block_size(block);
    if (!lifecycle_tracks() || !odd_is_ours(user))
        return real.malloc_usable_size != NULL ? real.malloc_usable_size(user) : 0;
    return real.malloc_usable_size(block_base(block)) - block_offset(block->shape);
}
