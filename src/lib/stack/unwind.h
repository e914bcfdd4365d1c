/* From a frame to its caller's, without frame pointers: by what compilers note for unwinding (cfi.h), remembered for
 * each return address in one word.
 *
 * Takes no lock, allocates nothing, and finds the notes by glibc's _dl_find_object, which waits for nobody: neither
 * dlopen in another thread nor a signal handler in this one can stop it. Memory is read where the kernel has said that
 * it can be, and only further out than the frame at hand. A stack that cannot be followed ends early; none is guessed.
 *
 * After nongnu libunwind's cache of trace rules (Lassi Tuura, 2011: src/x86_64/Gtrace.c), but with no state a thread.
 */
#ifndef TM_UNWIND_H
#define TM_UNWIND_H

#include "lib/sys/base.h"

/* Memory of one stack that could be read when the kernel was asked: [low, high), whole pages. Its owner is on that
 * stack, so it stays until the owner leaves it: on another stack, begin anew. */
struct unwind_range {
    uintptr_t low;
    uintptr_t high;
};

struct unwind_frame {
    uintptr_t address; /* a return address: the call ends one byte before; see UNWIND_JUMPED */
    uintptr_t slot;    /* where it stands; the frame's stack pointer is slot + 8 */
    uintptr_t rbp;     /* its value in this frame (not always that of a frame pointer) */
    uintptr_t rbp_at;  /* where it was read; somewhere below the first frame if it still was in the register */
    uintptr_t used;    /* unwind_step: the value of rbp that led here, 0 if none did; or UNWIND_MEMORY */
};

enum { UNWIND_MEMORY = 1 }; /* words led here that are neither return addresses nor saved registers */

enum unwind_result {
    UNWIND_STEPPED,
    UNWIND_JUMPED,    /* over a signal: what was interrupted may run on another stack, so it has another range. Its
                         address is its next instruction + 1, so that one byte before is in it as in all others */
    UNWIND_OUTERMOST, /* nobody called this frame: it says so itself, or its return address is 0 */
    UNWIND_LOST       /* there may be more, but how to go on is not known, or cannot be right */
};

/* The word that is remembered of a return address: the address's upper bits as a tag, above a rule. Where a word is
 * tells the rest of the address, so nothing is taken for another's, and nearby code has nearby words. Words are written
 * whole: writers may race. */
enum {
    UNWIND_HOME_BITS = 16,
    UNWIND_CACHE = 1 << UNWIND_HOME_BITS, /* words; sparse */
    UNWIND_RULE_BITS = 31,
    UNWIND_TAG_SHIFT = UNWIND_HOME_BITS - 1, /* with the bit by which a word's second place differs from its first */

    RULE_KIND = 7,       /* mask */
    RULE_NONE = 0,       /* an empty word */
    RULE_RSP = 1,        /* CFA = stack pointer + offset */
    RULE_RBP = 2,        /* CFA = rbp + offset */
    RULE_LOADED_RBP = 3, /* CFA is at rbp - offset; rbp's own value is at rbp (a realigned frame) */
    RULE_OUTERMOST = 4,
    RULE_LOST = 5,
    RULE_WIDE = 6, /* fits no word: never stored */

    RULE_SAVED = 0xff8,     /* mask: rbp stands that many bytes below the CFA; 0: still in the register */
    RULE_OFFSET_SHIFT = 12, /* from here on: offset / 8 */
    RULE_OFFSET_BITS = UNWIND_RULE_BITS - RULE_OFFSET_SHIFT
};

SHARED uint64_t unwind_cache[UNWIND_CACHE];

/* Changes when what was known of code or stacks holds no longer (unwind_forget). */
SHARED uint32_t unwind_generation;

/* An address of the stack, or what a stack holds: read once, and nobody's object to a sanitizer. */
HOT uintptr_t unwind_load(uintptr_t address)
{
    uintptr_t value;
    __asm__("movq %1, %0" : "=r"(value) : "m"(*(const uintptr_t *)address));
    return value;
}

/* A new range: the page that this thread's stack pointer is in, or that of a stack which it may have left by a
 * signal. False: that one cannot be read. */
void unwind_begin(struct unwind_range *range, uintptr_t stack_pointer);
bool unwind_begin_other(struct unwind_range *range, uintptr_t stack_pointer);
/* This thread's stack pointer stands outside of the range. True: it has only gone deeper, and the range with it.
 * False: it is on another stack, and the range begins anew. */
bool unwind_move(struct unwind_range *range, uintptr_t stack_pointer);
/* Whether the eight bytes there, above the range, can be read, and all between; then the range reaches to them. */
bool unwind_reach(struct unwind_range *range, uintptr_t address);

COLD uint32_t unwind_learn(uintptr_t address);
COLD enum unwind_result unwind_step_rare(struct unwind_range *range, struct unwind_frame *frame, uint32_t rule);

/* Another object may be where one was: all rules are dropped, and every thread looks at its stack anew. To be called
 * when dlclose has returned. From any thread. */
void unwind_forget(void);

/* Every thread looks at its stack anew: to be called before memory is unmapped that may have been a stack (a
 * coroutine's). What comes there next may be a smaller one, and all that was readable above it no longer. */
void unwind_forget_stacks(void);

/* Brings the range to this thread's stack pointer. True: on the same stack as before. */
HOT bool unwind_enter(struct unwind_range *range, uintptr_t stack_pointer)
{
    return LIKELY(stack_pointer - range->low < range->high - range->low) || unwind_move(range, stack_pointer);
}

/* Where the word of an address is, if it does not stand UNWIND_CACHE / 2 further on. */
HOT size_t unwind_primary(uintptr_t address)
{
    return (address ^ address >> UNWIND_HOME_BITS) % UNWIND_CACHE;
}

HOT bool unwind_describes(uint64_t word, uintptr_t address)
{
    return word >> UNWIND_RULE_BITS == address >> UNWIND_TAG_SHIFT;
}

HOT uint32_t unwind_rule(uintptr_t address)
{
    uint64_t word = cell_read(&unwind_cache[unwind_primary(address)]);
    return LIKELY(unwind_describes(word, address)) ? (uint32_t)word : unwind_learn(address);
}

HOT uintptr_t unwind_offset(uint32_t rule)
{
    return (uintptr_t)(rule >> RULE_OFFSET_SHIFT & ((1u << RULE_OFFSET_BITS) - 1)) * sizeof(uintptr_t);
}

/* Whether eight bytes there can be read: not below the frame at hand. */
HOT bool unwind_known(struct unwind_range *range, uintptr_t slot, uintptr_t address)
{
    if (UNLIKELY(address <= slot))
        return false;
    return LIKELY(address <= range->high - sizeof(uintptr_t)) || unwind_reach(range, address);
}

/* The frame is copied for the sake of the usual steps: those keep it in registers. */
HOT enum unwind_result unwind_step_other(struct unwind_range *range, struct unwind_frame *frame, uint32_t rule)
{
    struct unwind_frame copy = *frame;
    enum unwind_result result = unwind_step_rare(range, &copy, rule);
    *frame = copy;
    return result;
}

/* Replaces a frame by its caller's; what is left of it when there is none is of no use, but for `used`. */
HOT enum unwind_result unwind_step(struct unwind_range *range, struct unwind_frame *frame)
{
    uint32_t rule = unwind_rule(frame->address);
    uintptr_t cfa = unwind_offset(rule);
    frame->used = 0;
    if (LIKELY((rule & RULE_KIND) == RULE_RSP))
        cfa += frame->slot + sizeof(uintptr_t);
    else if (LIKELY((rule & RULE_KIND) == RULE_RBP))
        cfa += frame->used = frame->rbp;
    else
        return unwind_step_other(range, frame, rule);
    if (UNLIKELY(!unwind_known(range, frame->slot, cfa - sizeof(uintptr_t))))
        return UNWIND_LOST;
    /* One test for "not saved" and "popped already": below the stack pointer, in an epilogue that a signal interrupted.
     */
    uintptr_t saved = rule & RULE_SAVED;
    if (saved - 1 < cfa - frame->slot - 1) {
        frame->rbp_at = cfa - saved;
        frame->rbp = unwind_load(frame->rbp_at);
    }
    frame->slot = cfa - sizeof(uintptr_t);
    frame->address = unwind_load(frame->slot);
    return LIKELY(frame->address != 0) ? UNWIND_STEPPED : UNWIND_OUTERMOST;
}

#endif
