#include "track.h"

#include <errno.h>

#include "lib/alarm/watch.h"
#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "lib/thread/books.h"
#include "lib/thread/site.h"
#include "lib/thread/trace.h"
#include "track_rare.h"

/* Where on the stack our caller's address stands: of the entry point's caller, in what an entry point has jumped to. */
#define SLOT ((uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t))

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
    if (state_tracks())
        count_failure(caller);
    errno = ENOMEM;
    return NULL;
}

/* Only what must be known to give it back, and to answer for it. */
static COLD void *leave_uncounted(char *base, size_t size, unsigned shape)
{
    unsigned tag = thread_has_slab() ? (unsigned)thread_slab->scope : TAG_UNTAGGED;
    uint32_t now = clock_now();
    if (clock_tick() == CLOCK_SELF)
        state_events.unticked(now);
    struct block *block = block_at(base, shape);
    block_fill(block, block_word(tag, 0), size, now, shape | SHAPE_UNCOUNTED);
    return block_user(block);
}

/* What site_word says, where it has said it before. */
HOT bool recall_word(struct slab *slab, uintptr_t site, size_t size, uint64_t *word)
{
    uint64_t key = slab_key_slow(slab, site, size);
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
    if (UNLIKELY(state_is_slow(SLOW_WRAPPERS)) && caller.slot != 0)
        return word_behind_wrappers(slab, caller, size);
    return recall_word(slab, caller.address, size, &word) ? word : site_word(slab, caller.address, size);
}

/* The same where stacks are taken, or wrappers seen through: in a slab whose tick is in order. */
static void *trace_and_book(struct slab *slab, char *base, size_t size, struct caller caller, unsigned shape)
{
    caller.slot = stack_slot(caller.slot, caller.address);
    struct traced traced = trace_any_block(slab, base, size, shape, caller);
    bool skips = state_is_slow(SLOW_WRAPPERS);
    uint64_t word = traced_word(slab, caller, size);
    if (UNLIKELY(state_is_slow(SLOW_WRAPPERS) != skips)) /* the first wrapper of all */
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
    if (UNLIKELY(state_is_slow(SLOW_TRACED))) /* that was the first wrapper of all */
        return trace_and_book(slab, base, size, caller, shape);
    struct block *block = block_at(base, shape);
    block_fill(block, word, size, slab->tick, shape);
    count_allocated(slab, block, size);
    return block_user(block);
}

static void *book(char *base, size_t size, struct caller caller, unsigned shape)
{
    struct books books = books_open();
    if (UNLIKELY(state_is_slow(SLOW_PAUSED))) { /* asked again: from here on the site cache is the newest one's */
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
    void *user = state_is_slow(SLOW_TRACED) ? book_traced(base, size, caller, shape)
                                            : book(base, size, caller, shape & ~(unsigned)SHAPE_ZEROED);
    watch_block(block_of(user));
    return user;
}

void *track_allocated_slow(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(base == NULL))
        return track_fail(size, caller, shape & ~(unsigned)SHAPE_ZEROED);
    uint32_t slow = state_slow_for(size);
    if (UNLIKELY(slow & SLOW_PAUSED))
        return leave_uncounted(base, size, shape & ~(unsigned)SHAPE_ZEROED);
    if (UNLIKELY(slow & SLOW_WATCHED))
        return book_watched(base, size, (struct caller){caller, SLOT}, shape);
    if (UNLIKELY(slow & SLOW_TRACED))
        return book_traced(base, size, (struct caller){caller, SLOT}, shape);
    return book(base, size, (struct caller){caller, SLOT}, shape & ~(unsigned)SHAPE_ZEROED);
}

HOT void *booked_by(struct slab *slab, uint64_t word, char *base, size_t size, unsigned shape)
{
    return track_booked(slab, slab_site_of(slab, word), base, size, slab->tick, shape & ~(unsigned)SHAPE_ZEROED);
}

/* The slab and its tick are in order; the site is not at home in the cache. Most blocks that are not sampled need no
 * more than what it holds elsewhere. It holds nothing of a wrapper's, nor of what is watched for. */
void *track_allocated_missed(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    struct slab *slab = thread_slab;
    uint32_t slow = state_slow_for(size);
    bool all_stacks = UNLIKELY(slow & SLOW_STACKS) && trace_period == STACKS_ALL;
    uint64_t word = all_stacks ? 0 : slab_recall(slab, slab_key_slow(slab, caller, size));
    if (word != 0 && (!(slow & SLOW_STACKS) || trace_passes(slab, size)))
        return booked_by(slab, word, base, size, shape);
    if ((slow & SLOW_TRACED) && !(slow & (SLOW_PAUSED | SLOW_WATCHED)))
        return trace_and_book(slab, base, size, (struct caller){caller, SLOT}, shape);
    return track_allocated_slow(base, size, caller, shape);
}

void *track_allocated_peak(struct slab *slab, struct slab_tag *tag, void *user)
{
    slab_push(slab, (unsigned)(tag - slab->tag));
    return user;
}

/* ---- another tag ---- */

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
