/* Blocks whose stacks are taken (option stacks): all, or a sample; and what each stack holds.
 *
 * Such a block has a prefix at its base, sixteen bytes more, and so leaves the fast path when it is freed. Whether any
 * are taken is decided at start: the site cache then answers no plain key, and every allocation comes by here. */
#ifndef TM_TRACE_H
#define TM_TRACE_H

#include "lib/account/block.h"
#include "lib/account/slab.h"
#include "lib/config/options.h"
#include "lib/sys/base.h"

/* STACKS_OFF, STACKS_ALL, or the mean distance of samples in bytes. */
SHARED uint64_t trace_period;

/* Whether no stack is taken of a thread's next block, of fewer than BLOCK_HUGE_SIZE bytes; only then it is counted out
 * of the sampler, and need not come by trace_block. */
HOT bool trace_passes(struct slab *slab, size_t size)
{
    if (trace_period == STACKS_ALL || slab->sampler.left < (int64_t)size)
        return false;
    slab->sampler.left -= (int64_t)size;
    return true;
}

/* What a stack holds: estimates where stacks are sampled. Blocks have 16 bits behind the point (sample.h). */
struct trace_sums {
    uint64_t samples;
    struct amount allocated;
    struct amount freed;
};

/* Once, before the first block; the rules are known. No memory: no stacks, and false. */
bool trace_start(uint64_t period);

/* Who called the allocator: the return address, and where it is on the stack; 0: that is not known. */
struct caller {
    uintptr_t address;
    uintptr_t slot;
};

struct traced {
    char *base;
    unsigned flags;
    uint32_t stack; /* STACK_NONE: not taken */
};

/* Decides of a block that was just made, and makes space for its prefix. `flags` may have
 * FLAG_ZEROED; what is returned has not. */
struct traced trace_block(struct slab *slab, char *base, size_t size, unsigned flags, struct caller caller);

HOT uint32_t trace_stack(struct slab *slab, struct caller caller)
{
    return LIKELY(caller.slot != 0) ? stack_here(&slab->trace, caller.slot) : stack_intern(STACK_LOST, caller.address);
}

/* The same; in place for the block that is usual where every stack is taken: malloc's, with its header at its base. */
HOT struct traced trace_any_block(struct slab *slab, char *base, size_t size, unsigned flags, struct caller caller)
{
    if (UNLIKELY(trace_period != STACKS_ALL || (flags & ~(unsigned)FLAGS_FAMILY) != 0))
        return trace_block(slab, base, size, flags, caller);
    return (struct traced){base, flags | FLAG_STACK | 1 << FLAGS_SPACE_SHIFT, trace_stack(slab, caller)};
}

/* Notes the stack in a block whose header is filled, and counts it. */
void trace_record(const struct slab *slab, const struct traced *traced, size_t size);

/* Decides of a block without FLAG_STACK that is about to grow: its new bytes are sampled as a new block's are, else
 * what begins small and grows would hardly ever be seen. The caller's slot may be one further in. STACK_NONE: it stays
 * as it is; else it is noted as of its old size, and trace_resized comes next. */
uint32_t trace_growth(struct slab *slab, size_t from, size_t to, struct caller caller);

/* A block with FLAG_STACK is freed, or has another size now. */
void trace_freed(const struct block *block);
void trace_resized(const struct block *block, size_t from, size_t to);
/* It moves to another one, whose header is filled, and takes its prefix along; trace_resized comes next. */
void trace_moved(const struct block *from, const struct block *to);

/* For the report: what a stack holds, by its number; and which numbers there may be. Any thread. */
struct trace_sums trace_sums(uint32_t stack);

#endif
