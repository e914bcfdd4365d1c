#include "track.h"

#include <errno.h>

#include "lib/alarm/watch.h"
#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"
#include "lib/thread/accounting.h"
#include "lib/thread/site.h"
#include "lib/thread/trace.h"
#include "track_rare.h"

/* Where on the stack our caller's address stands: of the entry point's caller, in what an entry point has jumped to. */
#define SLOT ((uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t))

static void count_failure(uintptr_t caller)
{
    struct accounting accounting = accounting_open();
    uint64_t template = site_template(accounting.slab, caller, 0);
    cell_add(&accounting.slab->tag[(uint16_t) template].failures, 1);
    accounting_close(&accounting);
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
static COLD void *leave_uncounted(char *base, size_t size, unsigned flags)
{
    unsigned tag = thread_has_slab() ? (unsigned)thread_slab->scope : TAG_UNTAGGED;
    uint32_t now = clock_now();
    if (clock_tick() == CLOCK_SELF)
        state_events.unticked(now);
    struct block *block = block_at(base, flags);
    block_fill(block, block_template(tag, 0), size, now, flags | FLAG_UNCOUNTED);
    return block_user(block);
}

/* What site_template says, where it has said it before. */
HOT bool recall_template(struct slab *slab, uintptr_t site, size_t size, uint64_t *template)
{
    uint64_t key = slab_key_slow(slab, site, size);
    *template = slab_site_template(slab_site(slab, key), key);
    return LIKELY(*template != 0);
}

/* Of the first caller that is no wrapper. Most often the wrapper is the one as last time, and its caller's key, which a
 * wrapper's never is, is in the site cache. */
static uint64_t template_behind_wrappers(struct slab *slab, struct caller caller, size_t size)
{
    uint64_t template;
    uintptr_t next = caller.address == slab->wrapper ? stack_caller(&slab->trace, caller.slot, 1) : 0;
    if (next != 0 && recall_template(slab, next, size, &template))
        return template;
    return site_template(slab, site_behind_wrappers(slab, caller.address, caller.slot), size);
}

HOT uint64_t traced_template(struct slab *slab, struct caller caller, size_t size)
{
    uint64_t template;
    if (UNLIKELY(state_is_slow(SLOW_WRAPPERS)) && caller.slot != 0)
        return template_behind_wrappers(slab, caller, size);
    return recall_template(slab, caller.address, size, &template) ? template
                                                                  : site_template(slab, caller.address, size);
}

/* The same where stacks are taken, or wrappers seen through: in a slab whose tick is in order. */
static void *trace_and_book(struct slab *slab, char *base, size_t size, struct caller caller, unsigned flags)
{
    caller.slot = stack_slot(caller.slot, caller.address);
    struct traced traced = trace_any_block(slab, base, size, flags, caller);
    bool skips = state_is_slow(SLOW_WRAPPERS);
    uint64_t template = traced_template(slab, caller, size);
    if (UNLIKELY(state_is_slow(SLOW_WRAPPERS) != skips)) /* the first wrapper of all */
        template = traced_template(slab, caller, size);
    struct block *block = block_at(traced.base, traced.flags);
    block_fill(block, template, size, slab->tick, traced.flags);
    if (traced.flags & FLAG_STACK)
        trace_record(slab, &traced, size);
    count_allocated(slab, block, size);
    return block_user(block);
}

static void *book_plain(struct slab *slab, char *base, size_t size, struct caller caller, unsigned flags)
{
    uint64_t template = site_template(slab, caller.address, size);
    if (UNLIKELY(state_is_slow(SLOW_TRACED))) /* that was the first wrapper of all */
        return trace_and_book(slab, base, size, caller, flags);
    struct block *block = block_at(base, flags);
    block_fill(block, template, size, slab->tick, flags);
    count_allocated(slab, block, size);
    return block_user(block);
}

static void *book(char *base, size_t size, struct caller caller, unsigned flags)
{
    struct accounting accounting = accounting_open();
    if (UNLIKELY(state_is_slow(SLOW_PAUSED))) { /* asked again: from here on the site cache is the newest one's */
        accounting_close(&accounting);
        return leave_uncounted(base, size, flags);
    }
    void *user = book_plain(accounting.slab, base, size, caller, flags);
    accounting_close(&accounting);
    return user;
}

static void *book_traced(char *base, size_t size, struct caller caller, unsigned flags)
{
    struct accounting accounting = accounting_open();
    void *user = trace_and_book(accounting.slab, base, size, caller, flags);
    accounting_close(&accounting);
    return user;
}

/* One of a size that somebody wants to be reported. */
static COLD void *book_watched(char *base, size_t size, struct caller caller, unsigned flags)
{
    void *user = state_is_slow(SLOW_TRACED) ? book_traced(base, size, caller, flags)
                                            : book(base, size, caller, flags & ~(unsigned)FLAG_ZEROED);
    watch_block(block_of(user));
    return user;
}

void *track_allocated_slow(char *base, size_t size, uintptr_t caller, unsigned flags)
{
    if (UNLIKELY(base == NULL))
        return track_fail(size, caller, flags & ~(unsigned)FLAG_ZEROED);
    uint32_t slow = state_slow_for(size);
    if (UNLIKELY(slow & SLOW_PAUSED))
        return leave_uncounted(base, size, flags & ~(unsigned)FLAG_ZEROED);
    if (UNLIKELY(slow & SLOW_WATCHED))
        return book_watched(base, size, (struct caller){caller, SLOT}, flags);
    if (UNLIKELY(slow & SLOW_TRACED))
        return book_traced(base, size, (struct caller){caller, SLOT}, flags);
    return book(base, size, (struct caller){caller, SLOT}, flags & ~(unsigned)FLAG_ZEROED);
}

HOT void *booked_by(struct slab *slab, uint64_t template, char *base, size_t size, unsigned flags)
{
    return track_booked(slab, slab_site_of(slab, template), base, size, slab->tick, flags & ~(unsigned)FLAG_ZEROED);
}

/* The slab and its tick are in order; the site is not at its primary place in the cache. Most blocks that are not
 * sampled need no more than what it holds elsewhere. It holds nothing of a wrapper's, nor of what is watched for. */
void *track_allocated_missed(char *base, size_t size, uintptr_t caller, unsigned flags)
{
    struct slab *slab = thread_slab;
    uint32_t slow = state_slow_for(size);
    bool all_stacks = UNLIKELY(slow & SLOW_STACKS) && trace_period == STACKS_ALL;
    uint64_t template = all_stacks ? 0 : slab_recall(slab, slab_key_slow(slab, caller, size));
    if (template != 0 && (!(slow & SLOW_STACKS) || trace_passes(slab, size)))
        return booked_by(slab, template, base, size, flags);
    if ((slow & SLOW_TRACED) && !(slow & (SLOW_PAUSED | SLOW_WATCHED)))
        return trace_and_book(slab, base, size, (struct caller){caller, SLOT}, flags);
    return track_allocated_slow(base, size, caller, flags);
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
        count_aged(slab, block, 1, size);
    return true;
}

bool track_hand_over(struct block *block, unsigned tag)
{
    if (block->flags & FLAG_UNCOUNTED) {
        block->tag = (uint16_t)tag;
        return true;
    }
    struct accounting accounting = accounting_open();
    bool done = recount(accounting.slab, block, tag);
    accounting_close(&accounting);
    return done;
}
