/* Stacks: who called whom, down to an allocation, interned as a number of 32 bits.
 *
 * A stack is a node of a tree, {its caller's node, return address}, so stacks that differ in their innermost frames
 * share all others. Nodes are given once and never taken back; their table is bounded, and what finds no space in it is
 * STACK_TRUNCATED. Between two allocations of a thread only a few frames change: the thread remembers its last stack,
 * unwinds until it meets a frame that still is where it stood, and compares what lies beyond. */
#ifndef TM_STACK_H
#define TM_STACK_H

#include "lib/objects/object.h"
#include "lib/sys/base.h"
#include "unwind.h"

enum {
    STACK_DEPTH = 64, /* the innermost frames */

    /* Numbers that are no nodes. */
    STACK_NONE = 0,      /* as a caller: there is none */
    STACK_TRUNCATED = 1, /* the table is full, or there is none */
    STACK_DEEPER = 2,    /* as a caller: frames further out than STACK_DEPTH */
    STACK_LOST = 3,      /* as a caller: frames that could not be followed */
    STACK_FIRST = 4      /* the first node */
};

/* ---- the tree ---- */

struct stack_node {
    uintptr_t address; /* a return address: the call ends one byte before; and an object above (stack_retire) */
    uint32_t parent;   /* the caller's node, or one of the numbers above */
    uint32_t next;     /* of the same hash; 0 ends the list */
};

/* Lists of nodes, one for each value of a hash. Nodes only come, at the front, and what a node says never changes: so a
 * reader needs nothing but the front, and a writer that finds another front than it has searched searches the rest. */
struct stack_table {
    uint32_t *front; /* NULL: no table */
    struct stack_node *node;
    uint32_t mask; /* how many lists, less one */
    uint32_t limit;
    uint32_t count; /* numbers given, the reserved ones too; may run past the limit */
    uint32_t spare; /* a number that was given and not needed */
    uint64_t refused;
};

SHARED struct stack_table stack_table;

/* Room for so many nodes, at 16 bytes each, resident as they are used. Once. False: no memory; then every stack is
 * STACK_TRUNCATED, as it is before. */
bool stack_start(uint32_t nodes);

COLD uint32_t stack_add(uint32_t *front, uint32_t searched, uint32_t parent, uintptr_t address);

/* The node in a list from `id` up to, and without, `end`; or 0. */
HOT uint32_t stack_find(uint32_t id, uint32_t end, uint32_t parent, uintptr_t address)
{
    for (; id != end; id = stack_table.node[id].next)
        if (LIKELY(stack_table.node[id].address == address && stack_table.node[id].parent == parent))
            return id;
    return 0;
}

/* The node of a return address below its caller's. From any thread and any signal handler, without a lock: who interns
 * the same at once gets the same number.
 *
 * Of a stack, all addresses are known before the first number: so the number comes in last, and waits for nothing but
 * an addition. The multiplier: 2^64 / golden ratio (Knuth). */
HOT uint32_t stack_intern(uint32_t parent, uintptr_t address)
{
    uint32_t *front = __atomic_load_n(&stack_table.front, __ATOMIC_ACQUIRE); /* pairs with stack_start */
    if (UNLIKELY(front == NULL || parent == STACK_TRUNCATED))
        return STACK_TRUNCATED;
    front += ((uint32_t)(address * 0x9E3779B97F4A7C15u >> 32) + parent) & stack_table.mask;
    uint32_t first = __atomic_load_n(front, __ATOMIC_ACQUIRE); /* pairs with stack_add */
    uint32_t id = stack_find(first, 0, parent, address);
    return LIKELY(id != 0) ? id : stack_add(front, first, parent, address);
}

/* What a number says; of those that are no nodes, zeros. From any thread. */
struct stack_node stack_node(uint32_t id);

uint32_t stack_count(void);   /* numbers from STACK_FIRST to count - 1 are nodes (few of them may be unused: zeros) */
uint64_t stack_refused(void); /* how often a node found no space */

/* The code between two addresses was an object's that is gone: its nodes are that object's from now on, and what is
 * loaded to the same place makes others. Any thread; a stack that is taken at this moment may still use the old ones.
 */
void stack_retire(uintptr_t begin, uintptr_t end, unsigned object);

/* A node's return address, and the object that was there when that is gone; 0: whatever is there now. */
HOT uintptr_t stack_address(uintptr_t address)
{
    return object_key_address(address);
}

HOT uintptr_t stack_node_address(const struct stack_node *node)
{
    return stack_address(node->address);
}

HOT unsigned stack_node_object(const struct stack_node *node)
{
    return object_key_object(node->address);
}

/* ---- the calling thread's stack ---- */

struct stack_frame {
    uintptr_t slot; /* where its return address stands */
    uintptr_t address;
    uintptr_t used;  /* of struct unwind_frame */
    uint32_t rbp_at; /* how many words below the slot the frame's rbp was read; 0: it is its callee's */
    uint32_t node;
};

/* What a thread remembers of its last stack; its owner's alone. All zeros at first, and again when it is handed on to
 * another thread (stack_reset). */
struct stack_trace {
    struct unwind_range range;
    uint32_t generation;
    uint32_t count;
    uint32_t root;                         /* what stands for the outermost frame's caller */
    uint32_t eager;                        /* for so many walks more, rbp is had at once */
    uint32_t busy;                         /* a signal handler that allocates meanwhile leaves it alone */
    struct stack_frame frame[STACK_DEPTH]; /* the outermost first */
};

/* The stack of the calling thread from the frame on whose return address is at `slot`: that of a function which
 * has called, perhaps through others, and has not returned. Never a node of those others. Never faults on what it
 * meets, keeps errno; makes system calls when the stack reaches where it was not yet, none once sys_calls forbids them.
 */
uint32_t stack_here(struct stack_trace *trace, uintptr_t slot);

/* Where on the calling thread's stack that return address stands, of a function that has called: `slot`, if it is
 * there, or further out; 0: nowhere near. */
uintptr_t stack_slot(uintptr_t slot, uintptr_t address);

/* The return address `levels` frames further out than the one at `slot` (0: that itself); 0 where there is none. */
uintptr_t stack_caller(struct stack_trace *trace, uintptr_t slot, unsigned levels);

/* The trace's next user is another thread. */
HOT void stack_reset(struct stack_trace *trace)
{
    trace->range = (struct unwind_range){0, 0};
    trace->generation = trace->count = trace->eager = trace->busy = 0;
}

#endif
