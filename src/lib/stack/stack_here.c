#include "stack.h"

enum {
    OWN_FRAMES = 32,
    EAGER = 64, /* walks */
    WORD_BYTES = sizeof(uintptr_t)
};

/* A stack in the making. The trace's frames [0, old) are the last stack's and lie further out than what was found so
 * far; those from `begin` on are the new ones, the outermost first as well. */
struct walk {
    struct stack_trace *trace;
    struct unwind_range *range;
    unsigned old;
    unsigned begin;
    uint32_t rbp_at; /* of struct stack_frame, for the frame at hand */
    uint32_t root;
    struct unwind_range beyond; /* of the stack that a signal interrupted; none: high is 0 */
    struct unwind_frame own;    /* where stack_here stands; no address: it has been asked for rbp */
};

/* ---- where to begin ---- */

/* The registers as they are right here: to an unwinder, a frame whose next instruction follows. */
#define FRAME_HERE(frame)                                                                    \
    do {                                                                                     \
        __asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"             \
                         : "=r"((frame)->address), "=r"((frame)->slot), "=r"((frame)->rbp)); \
        (frame)->address++;                                                                  \
        (frame)->rbp_at = (frame)->slot;                                                     \
        (frame)->slot -= WORD_BYTES;                                                         \
    } while (0)

/* Finds rbp for a frame that has none yet, through our own frames. Once: false if it has one or none is to be had. */
HOT bool leave_own(struct unwind_range *range, struct unwind_frame *own, uintptr_t slot, struct unwind_frame *at)
{
    struct unwind_frame frame = *own;
    own->address = 0;
    if (frame.address == 0 || at->rbp_at != frame.rbp_at)
        return false;
    for (unsigned i = 0; i < OWN_FRAMES && frame.slot < slot; i++)
        if (UNLIKELY(unwind_step(range, &frame) != UNWIND_STEPPED))
            return false;
    if (UNLIKELY(frame.slot != slot))
        return false;
    at->rbp = frame.rbp;
    at->rbp_at = frame.rbp_at;
    return true;
}

static COLD bool find_rbp(struct unwind_range *range, struct unwind_frame *own, uintptr_t slot, struct unwind_frame *at)
{
    return leave_own(range, own, slot, at);
}

/* The frame whose return address is at `slot`, without its rbp: most stacks are followed without that. Where frame
 * pointers are in use it is needed every time, and then had at once. */
HOT struct unwind_frame frame_at(struct stack_trace *trace, struct unwind_frame *own, uintptr_t slot)
{
    struct unwind_frame frame = {.address = unwind_load(slot), .slot = slot, .rbp_at = own->rbp_at};
    if (trace->eager != 0) {
        trace->eager--;
        leave_own(&trace->range, own, slot, &frame);
    }
    return frame;
}

/* ---- what is left of the last stack ---- */

HOT uint32_t rbp_distance(uintptr_t slot, uintptr_t rbp_at)
{
    return (uint32_t)((slot - rbp_at) / WORD_BYTES);
}

/* Where rbp of a frame of the last stack stands: frames that leave rbp alone have it from their callee. 0: it comes
 * from `same`, the innermost frame that is in both stacks, or from further in, where much may have changed. */
HOT uintptr_t rbp_place(const struct stack_frame *frame, const struct stack_frame *same)
{
    for (; frame < same; frame++)
        if (LIKELY(frame->rbp_at != 0))
            return frame->slot - (uintptr_t)frame->rbp_at * WORD_BYTES;
    return 0;
}

/* And what it is now. `inner` is that frame `same`, as it is now. */
HOT uintptr_t rbp_now(const struct stack_frame *frame, const struct stack_frame *same, const struct unwind_frame *inner)
{
    uintptr_t place = rbp_place(frame, same);
    return place != 0 ? unwind_load(place) : inner->rbp;
}

/* From frame `from` on, which is `inner`: how many of the outermost frames may have changed. The innermost of those
 * is where it stood, and rbp_now holds of it; what is in it may be another return address. */
HOT unsigned changed(const struct stack_frame *frames, unsigned from, const struct unwind_frame *inner)
{
    const struct stack_frame *same = &frames[from];
    for (const struct stack_frame *frame = same;; frame--) {
        if (frame->used != 0 && UNLIKELY(rbp_now(frame, same, inner) != frame->used))
            return (unsigned)(frame - frames) + 1;
        if (frame == frames)
            return 0;
        if (UNLIKELY(unwind_load(frame[-1].slot) != frame[-1].address))
            return (unsigned)(frame - frames);
    }
}

/* The outermost frame is the last stack's, which had no caller that could be told. Is it so again? */
static bool ends_again(struct walk *walk, unsigned from, const struct unwind_frame *inner)
{
    const struct stack_frame *outermost = &walk->trace->frame[0];
    struct unwind_frame frame = {.address = outermost->address, .slot = outermost->slot};
    if (outermost->used != UNWIND_MEMORY || walk->trace->root == STACK_DEEPER ||
        unwind_load(outermost->slot) != outermost->address)
        return false;
    frame.rbp = rbp_now(outermost, &outermost[from], inner);
    enum unwind_result result = unwind_step(walk->range, &frame);
    return result == (walk->trace->root == STACK_LOST ? UNWIND_LOST : UNWIND_OUTERMOST);
}

/* What the stack was when frame `i`, further out than `from`, is the first to differ from the last one's. */
static void stand_at(struct walk *walk, unsigned i, unsigned from, struct unwind_frame *at)
{
    const struct stack_frame *frames = walk->trace->frame;
    uintptr_t place = rbp_place(&frames[i], &frames[from]);
    if (place != 0) {
        at->rbp_at = place;
        at->rbp = unwind_load(place);
    }
    at->slot = frames[i].slot;
    at->address = unwind_load(at->slot);
    walk->rbp_at = frames[i].rbp_at;
}

/* The last stack has the frame `at` too, as number old - 1; of its frames, `left` may be others now. Takes over what is
 * the same. True: that is all; else `at` is the frame from which to unwind. */
static COLD bool part(struct walk *walk, struct unwind_frame *at, unsigned left, uintptr_t slot)
{
    struct stack_frame *frame = walk->trace->frame;
    unsigned from = walk->old - 1;
    bool by_rbp = left != 0 && unwind_load(frame[left - 1].slot) == frame[left - 1].address;
    if (by_rbp && find_rbp(walk->range, &walk->own, slot, at))
        left = changed(frame, from, at);
    if (left == 1 && ends_again(walk, from, at))
        left = 0;
    if (left == 0 && (walk->trace->root != STACK_DEEPER || walk->begin == walk->old))
        return true;
    left += left == 0; /* there was no space for more, and now there is */
    if (left - 1 < from)
        stand_at(walk, left - 1, from, at);
    for (unsigned i = from; i >= left; i--)
        frame[--walk->begin] = frame[i];
    walk->old = left - 1;
    return false;
}

/* The last stack has the frame too. Whether all is the same from there on. */
HOT bool joins(struct walk *walk, struct unwind_frame *at, uintptr_t slot)
{
    struct stack_frame *frames = walk->trace->frame;
    frames[walk->old - 1].rbp_at = walk->rbp_at;
    unsigned left = changed(frames, walk->old - 1, at);
    bool same = LIKELY(left == 0 && walk->trace->root != STACK_DEEPER);
    if (!same) {
        struct unwind_frame copy = *at;
        same = part(walk, &copy, left, slot);
        *at = copy;
    }
    return same;
}

/* ---- out to the end, or to what is the same ---- */

HOT bool meets(struct walk *walk, const struct unwind_frame *at)
{
    const struct stack_frame *frame = walk->trace->frame;
    unsigned old = walk->old;
    while (old > 0 && frame[old - 1].slot < at->slot)
        old--;
    walk->old = old;
    return old > 0 && frame[old - 1].slot == at->slot && frame[old - 1].address == at->address;
}

HOT void record(struct walk *walk, const struct unwind_frame *at, uintptr_t used)
{
    walk->trace->frame[--walk->begin] = (struct stack_frame){at->slot, at->address, used, walk->rbp_at, STACK_NONE};
    if (UNLIKELY(walk->old > walk->begin))
        walk->old = 0; /* deeper than there is space for */
}

/* No caller was found on this stack. Is there one, or one beyond a signal? If not, the walk is over. */
static COLD bool go_beyond(struct walk *walk, struct unwind_frame *at, enum unwind_result result)
{
    walk->old = 0;
    walk->root = result == UNWIND_OUTERMOST ? STACK_NONE : STACK_LOST;
    if (result != UNWIND_JUMPED)
        return false;
    walk->range = &walk->beyond;
    return unwind_begin_other(walk->range, at->slot + WORD_BYTES);
}

/* A step that failed may only have lacked rbp. What is known of the outermost frame is not known for good, unless it
 * says itself that it is the outermost. */
static COLD enum unwind_result step_again(struct walk *walk, struct unwind_frame *at, struct unwind_frame *from,
                                          enum unwind_result result, uintptr_t slot)
{
    if (result == UNWIND_LOST && find_rbp(walk->range, &walk->own, slot, from)) {
        *at = *from;
        result = unwind_step(walk->range, at);
    }
    if (result == UNWIND_LOST || (result == UNWIND_OUTERMOST && at->slot != from->slot))
        at->used = UNWIND_MEMORY;
    return result;
}

HOT void walk_out(struct walk *walk, uintptr_t slot)
{
    struct unwind_frame at = frame_at(walk->trace, &walk->own, slot);
    for (;;) {
        if (meets(walk, &at) && joins(walk, &at, slot)) {
            walk->root = walk->trace->root;
            return;
        }
        if (UNLIKELY(walk->begin == 0)) {
            walk->root = STACK_DEEPER;
            walk->old = 0;
            return;
        }
        struct unwind_frame from = at;
        enum unwind_result result = unwind_step(walk->range, &at);
        if (UNLIKELY(result != UNWIND_STEPPED)) {
            struct unwind_frame copy = at;
            struct unwind_frame before = from;
            result = step_again(walk, &copy, &before, result, slot);
            at = copy;
            from = before;
        }
        record(walk, &from, at.used);
        walk->rbp_at = at.rbp_at == from.rbp_at ? 0 : rbp_distance(at.slot, at.rbp_at);
        if (UNLIKELY(result != UNWIND_STEPPED)) {
            struct unwind_frame copy = at;
            bool more = go_beyond(walk, &copy, result);
            at = copy;
            if (!more)
                return;
        }
    }
}

/* ---- numbers ---- */

/* A frame that was taken over still has its number, if its callers have theirs. */
HOT uint32_t number(const struct stack_frame *frame, uint32_t parent)
{
    if (frame->node >= STACK_FIRST && stack_node(frame->node).parent == parent)
        return frame->node;
    return stack_intern(parent, stack_address(frame->address)); /* garbage names no object */
}

/* Puts the new frames next to the old ones that are kept, and returns the innermost one's number. */
HOT uint32_t finish(struct walk *walk)
{
    struct stack_frame *frame = walk->trace->frame;
    unsigned count = walk->old;
    uint32_t parent = count != 0 ? frame[count - 1].node : walk->root;
    for (unsigned i = walk->begin; i < STACK_DEPTH; i++) {
        frame[count] = frame[i];
        parent = frame[count++].node = number(&frame[i], parent);
    }
    /* A slot beyond a signal need not be higher than one before it: such a stack is not remembered. */
    walk->trace->count = walk->beyond.high == 0 ? count : 0;
    walk->trace->root = walk->root;
    return parent;
}

/* ---- entries ---- */

/* Brings what is known of the calling thread's stack up to date. */
HOT void enter(struct stack_trace *trace, uintptr_t stack_pointer)
{
    uint32_t generation = __atomic_load_n(&unwind_generation, __ATOMIC_ACQUIRE); /* pairs with unwind_forget */
    if (UNLIKELY(trace->generation != generation)) {
        trace->generation = generation;
        trace->range = (struct unwind_range){0, 0};
    }
    if (UNLIKELY(!unwind_enter(&trace->range, stack_pointer)))
        trace->count = 0;
}

/* `own` has been asked for rbp: so it will be, for a while. */
HOT void learn(struct stack_trace *trace, const struct unwind_frame *own)
{
    if (own->address == 0 && trace->eager == 0)
        trace->eager = EAGER;
}

HOT uint32_t follow(struct stack_trace *trace, uintptr_t slot, const struct unwind_frame *own)
{
    enter(trace, own->slot + WORD_BYTES);
    struct walk walk;
    walk.trace = trace;
    walk.range = &trace->range;
    walk.old = trace->count;
    walk.begin = STACK_DEPTH;
    walk.rbp_at = 0;
    walk.beyond.high = 0;
    walk.own = *own;
    walk_out(&walk, slot);
    learn(trace, &walk.own);
    return finish(&walk);
}

HOT uintptr_t find_caller(struct stack_trace *trace, uintptr_t slot, unsigned levels, struct unwind_frame *own)
{
    enter(trace, own->slot + WORD_BYTES);
    struct unwind_frame at = frame_at(trace, own, slot);
    for (; levels > 0; levels--) {
        struct unwind_frame from = at;
        if (LIKELY(unwind_step(&trace->range, &at) == UNWIND_STEPPED))
            continue;
        struct unwind_frame again = from;
        if (!find_rbp(&trace->range, own, slot, &again) || unwind_step(&trace->range, &again) != UNWIND_STEPPED)
            return 0;
        at = again;
    }
    learn(trace, own);
    return at.address;
}

/* A signal handler allocates while this thread is in here already: for that, nothing is remembered. */
static COLD uint32_t follow_nested(uintptr_t slot, const struct unwind_frame *own)
{
    struct stack_trace alone;
    stack_reset(&alone);
    return follow(&alone, slot, own);
}

static COLD uintptr_t find_caller_nested(uintptr_t slot, unsigned levels, const struct unwind_frame *own)
{
    struct stack_trace alone;
    struct unwind_frame copy = *own;
    stack_reset(&alone);
    return find_caller(&alone, slot, levels, &copy);
}

/* What lies between is the thread's own: a handler that comes meanwhile finds it busy. */
HOT void hold(struct stack_trace *trace, bool busy)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    trace->busy = busy;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

__attribute__((noinline)) uint32_t stack_here(struct stack_trace *trace, uintptr_t slot)
{
    struct unwind_frame own;
    FRAME_HERE(&own);
    if (UNLIKELY(trace->busy)) {
        struct unwind_frame copy = own;
        return follow_nested(slot, &copy);
    }
    hold(trace, true);
    uint32_t id = follow(trace, slot, &own);
    hold(trace, false);
    return id;
}

__attribute__((noinline)) uintptr_t stack_caller(struct stack_trace *trace, uintptr_t slot, unsigned levels)
{
    struct unwind_frame own;
    FRAME_HERE(&own);
    if (UNLIKELY(trace->busy)) {
        struct unwind_frame copy = own;
        return find_caller_nested(slot, levels, &copy);
    }
    hold(trace, true);
    uintptr_t address = find_caller(trace, slot, levels, &own);
    hold(trace, false);
    return address;
}

static COLD uintptr_t slot_further_out(uintptr_t address)
{
    struct unwind_frame at;
    struct unwind_range range;
    FRAME_HERE(&at);
    unwind_begin(&range, at.slot + WORD_BYTES);
    for (unsigned i = 0; i < OWN_FRAMES; i++)
        if (unwind_step(&range, &at) != UNWIND_STEPPED)
            return 0;
        else if (at.address == address)
            return at.slot;
    return 0;
}

uintptr_t stack_slot(uintptr_t slot, uintptr_t address)
{
    return LIKELY(unwind_load(slot) == address) ? slot : slot_further_out(address);
}
