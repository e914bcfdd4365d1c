#include "truth.h"

#include <stdio.h>
#include <string.h>
#include <unwind.h>

struct truth_result truth_result;

struct reading {
    struct truth *truth;
    uintptr_t slot;
    bool begun; /* beyond a signal, frames may stand lower again */
};

static _Unwind_Reason_Code read_frame(struct _Unwind_Context *context, void *argument)
{
    struct reading *reading = argument;
    struct truth *truth = reading->truth;
    int before = 0;
    uintptr_t address = _Unwind_GetIPInfo(context, &before);
    uintptr_t slot = _Unwind_GetCFA(context) - sizeof(uintptr_t);
    reading->begun |= slot == reading->slot;
    if (!reading->begun)
        return _URC_NO_REASON;
    if (address == 0 || truth->count == TRUTH_MOST)
        return _URC_END_OF_STACK;
    truth->address[truth->count] = address + (before != 0);
    truth->slot[truth->count++] = slot;
    return _URC_NO_REASON;
}

void truth_read(struct truth *truth, uintptr_t slot)
{
    struct reading reading = {truth, slot, false};
    truth->count = 0;
    _Unwind_Backtrace(read_frame, &reading);
}

static void complain(const char *form, size_t a, size_t b)
{
    if (!truth_result.silent)
        fprintf(stderr, form, a, b);
}

bool truth_agrees(const struct truth *truth, uint32_t id)
{
    unsigned frames = truth->count < STACK_DEPTH ? truth->count : STACK_DEPTH;
    for (unsigned i = 0; i < frames; i++) {
        struct stack_node node = stack_node(id);
        if (id == STACK_LOST && truth_result.may_be_shorter) {
            __atomic_fetch_add(&truth_result.shorter, 1, __ATOMIC_RELAXED);
            return true;
        }
        if (node.address != truth->address[i]) {
            complain("frame %zu is not at %#zx\n", i, truth->address[i]);
            return false;
        }
        id = node.parent;
    }
    uint32_t end = truth->count > STACK_DEPTH ? STACK_DEEPER : STACK_NONE;
    if (id == end || (id == STACK_LOST && truth_result.may_end_lost))
        return true;
    complain("%zu frames, and then %zu\n", truth->count, id);
    return false;
}

/* The library's own frames lie between. */
static __attribute__((noinline)) uint32_t ours(struct stack_trace *trace, uintptr_t slot)
{
    uint32_t id = stack_here(trace, slot);
    __asm__ volatile("" : : : "memory");
    return id;
}

static bool same_without_memory(uint32_t id, uintptr_t slot)
{
    struct stack_trace fresh = {.count = 0}; /* its own: a signal handler may come here as well */
    uint32_t again = ours(&fresh, slot);
    if (again != id)
        complain("%zu with what was remembered, %zu without\n", id, again);
    return again == id;
}

static void count_wrong(bool right)
{
    if (!right)
        __atomic_fetch_add(&truth_result.wrong, 1, __ATOMIC_RELAXED);
}

__attribute__((noinline)) uint32_t truth_allocate_quick(struct stack_trace *trace)
{
    uintptr_t slot = (uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t);
    uint32_t id = ours(trace, slot);
    count_wrong(same_without_memory(id, slot));
    return id;
}

__attribute__((noinline)) uint32_t truth_allocate(struct stack_trace *trace)
{
    uintptr_t slot = (uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t);
    struct truth truth;
    uint32_t id = ours(trace, slot);
    truth_read(&truth, slot);
    count_wrong(same_without_memory(id, slot) && truth_agrees(&truth, id));
    return id;
}
