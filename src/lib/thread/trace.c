#include "trace.h"

#include <errno.h>
#include <string.h>

#include "accounting.h"
#include "lib/code/rule.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/next/real.h"
#include "lib/objects/object.h"
#include "lib/sys/glibc.h"
#include "lib/sys/sys.h"

/* At most, and at least where address space is limited: there, one part in NODES_SHARE of it is for stacks. */
enum { NODES_MOST = 1 << 20, NODES_LEAST = 1 << 14, NODES_SHARE = 32 };

uint64_t trace_period;
static struct trace_sums *sums;

static uint32_t nodes_wanted(void)
{
    enum { NODE_BYTES = sizeof(struct stack_node) + sizeof(struct trace_sums) };
    uint64_t fit = sys_address_limit() / NODES_SHARE / NODE_BYTES;
    if (fit >= NODES_MOST)
        return NODES_MOST;
    return fit > NODES_LEAST ? (uint32_t)fit : NODES_LEAST;
}

bool trace_start(uint64_t period)
{
    if (rules_skip())
        state_slow_add(SLOW_WRAPPERS);
    if (period == STACKS_OFF)
        return true;
    uint32_t nodes = nodes_wanted();
    sums = sys_memory((nodes + STACK_FIRST) * sizeof *sums);
    if (sums == NULL || !stack_start(nodes))
        return false;
    if (period == STACKS_ALL)
        real_add_space(BLOCK_HEADER);
    trace_period = period;
    state_slow_add(SLOW_STACKS);
    return true;
}

/* ---- which blocks, and where their prefixes are ---- */

static bool wanted(struct slab *slab, size_t size)
{
    if (trace_period == STACKS_ALL || size >= BLOCK_HUGE_SIZE)
        return true;
    if (UNLIKELY(slab->sampler.random == 0))
        sample_seed(&slab->sampler, (uintptr_t)slab ^ clock_uptime_ns(), trace_period);
    return sample_hits(&slab->sampler, size, trace_period);
}

/* Every block that malloc gives has space (real_add_space). */
static char *with_given_space(char *base, size_t size, unsigned flags)
{
    if (flags & FLAG_ZEROED && size <= BLOCK_CALLOC_SMALL)
        memset(base + BLOCK_PREFIXED, 0, size); /* was zeroed sixteen bytes too low */
    return base;
}

/* A block as was asked for is given back for a larger one; NULL: there is none. */
static char *with_more_space(char *base, size_t size, unsigned flags)
{
    size_t bytes = size + BLOCK_PREFIXED;
    int error = errno;
    char *larger = flags & FLAG_ZEROED ? real.calloc(1, bytes) : real.malloc(bytes);
    errno = error;
    if (larger != NULL)
        real.free(base);
    return larger;
}

struct traced trace_block(struct slab *slab, char *base, size_t size, unsigned flags, struct caller caller)
{
    unsigned plain = flags & ~(unsigned)FLAG_ZEROED;
    struct traced traced = {base, plain, STACK_NONE};
    if (trace_period == STACKS_OFF || !wanted(slab, size))
        return traced;
    if (block_offset(plain) < BLOCK_PREFIXED) {
        traced.flags += 1 << FLAGS_SPACE_SHIFT;
        traced.base =
            trace_period == STACKS_ALL ? with_given_space(base, size, flags) : with_more_space(base, size, flags);
    }
    if (UNLIKELY(traced.base == NULL))
        return (struct traced){base, plain, STACK_NONE};
    traced.flags |= FLAG_STACK;
    traced.stack = trace_stack(slab, caller);
    return traced;
}

uint32_t trace_growth(struct slab *slab, size_t from, size_t to, struct caller caller)
{
    if (to <= from || !wanted(slab, to >= BLOCK_HUGE_SIZE ? to : to - from))
        return STACK_NONE;
    caller.slot = stack_slot(caller.slot, caller.address);
    return trace_stack(slab, caller);
}

/* ---- what stacks hold ---- */

/* Several threads may count in one place. Until there is a second one, no lock prefix is paid (tag.c). */
HOT void add(uint64_t *sum, uint64_t amount, bool alone)
{
    if (LIKELY(alone))
        cell_add(sum, amount);
    else
        __atomic_fetch_add(sum, amount, __ATOMIC_RELAXED);
}

HOT uint64_t weight_of(const struct block *block)
{
    return block->flags & FLAG_HUGE ? SAMPLE_WEIGHT_ONE : block_prefix(block)->size_or_weight;
}

HOT void add_amount(struct amount *to, uint64_t weight, size_t size, bool alone)
{
    uint64_t bytes = LIKELY(weight == SAMPLE_WEIGHT_ONE) ? size : sample_bytes(weight, size);
    add(&to->blocks, weight, alone);
    add(&to->bytes, bytes, alone);
}

/* The objects of a new stack's frames are told while they are surely loaded: the report must not ask the loader. */
static COLD void record_objects(uint32_t stack, const struct slab *slab)
{
    struct accounting accounting;
    if (!accounting_lock(slab, &accounting))
        return;
    uint64_t now_ms = clock_uptime_ms();
    for (struct stack_node node = stack_node(stack); node.address != 0; node = stack_node(node.parent))
        if (object_at(node.address) == OBJECT_NONE)
            object_of(node.address, now_ms);
    accounting_close(&accounting);
}

void trace_record(const struct slab *slab, const struct traced *traced, size_t size)
{
    struct block_prefix *prefix = (struct block_prefix *)traced->base;
    bool sure = trace_period == STACKS_ALL || traced->flags & FLAG_HUGE;
    uint64_t weight = sure ? SAMPLE_WEIGHT_ONE : sample_weight(size, trace_period);
    if (!(traced->flags & FLAG_HUGE))
        prefix->size_or_weight = weight;
    prefix->stack = traced->stack;
    struct trace_sums *to = &sums[traced->stack];
    if (UNLIKELY(cell_read(&to->samples) == 0))
        record_objects(traced->stack, slab);
    bool alone = __libc_single_threaded;
    add(&to->samples, 1, alone);
    add_amount(&to->allocated, weight, size, alone);
}

void trace_freed(const struct block *block)
{
    const struct block_prefix *prefix = block_prefix(block);
    add_amount(&sums[prefix->stack].freed, weight_of(block), block_size(block), __libc_single_threaded);
}

/* A resize moves the allocation to its new size, as in the accounting; growth makes it likelier to have been sampled.
 */
void trace_resized(const struct block *block, size_t from, size_t to)
{
    struct trace_sums *of_stack = &sums[block_prefix(block)->stack];
    uint64_t before = weight_of(block);
    uint64_t weight = before;
    bool alone = __libc_single_threaded;
    if (to > from && before != SAMPLE_WEIGHT_ONE) {
        weight = block_prefix(block)->size_or_weight = sample_weight_grown(before, to - from, trace_period);
        add(&of_stack->allocated.blocks, weight - before, alone);
    }
    add(&of_stack->allocated.bytes, sample_bytes(weight, to) - sample_bytes(before, from), alone);
}

void trace_moved(const struct block *from, const struct block *to)
{
    uint64_t weight = weight_of(from);
    uint32_t stack = block_prefix(to)->stack = block_prefix(from)->stack;
    if (!(to->flags & FLAG_HUGE)) {
        block_prefix(to)->size_or_weight = weight;
        return;
    }
    /* A huge block has no space for a weight: it stands for itself alone. */
    size_t size = block_size(from);
    add(&sums[stack].allocated.blocks, SAMPLE_WEIGHT_ONE - weight, __libc_single_threaded);
    add(&sums[stack].allocated.bytes, size - sample_bytes(weight, size), __libc_single_threaded);
}

struct trace_sums trace_sums(uint32_t stack)
{
    const struct trace_sums *from = &sums[stack];
    return (struct trace_sums){cell_read(&from->samples),
                               {cell_read(&from->allocated.blocks), cell_read(&from->allocated.bytes)},
                               {cell_read(&from->freed.blocks), cell_read(&from->freed.bytes)}};
}
