#include "collect_stacks.h"

#include <string.h>

#include "collect_sites.h"
#include "lib/code/name.h"
#include "lib/config/options.h"
#include "lib/objects/object.h"
#include "lib/stack/stack.h"
#include "lib/thread/trace.h"
#include "snapshot/rank.h"

/* ---- which stacks: a heap of the largest so far, the least of them on top ---- */

struct entry {
    uint64_t live;
    uint64_t made;
    uint32_t id;
};

enum { KEPT = SNAPSHOT_STACKS - 1 };

static struct {
    struct entry heap[KEPT];
    uint32_t count;
    struct trace_sums others;
} work SPARSE;

static bool is_less(const struct entry *a, const struct entry *b)
{
    return a->live != b->live ? a->live < b->live : a->made < b->made;
}

/* Lets an entry sink from `at` to its place. */
static void sink(uint32_t at, struct entry entry)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < work.count && is_less(&work.heap[child + 1], &work.heap[child]))
            child++;
        if (child >= work.count || !is_less(&work.heap[child], &entry))
            break;
        work.heap[at] = work.heap[child];
        at = child;
    }
    work.heap[at] = entry;
}

static void rise(uint32_t at, struct entry entry)
{
    for (; at > 0 && is_less(&entry, &work.heap[(at - 1) / 2]); at = (at - 1) / 2)
        work.heap[at] = work.heap[(at - 1) / 2];
    work.heap[at] = entry;
}

static void add_sums(struct trace_sums *to, const struct trace_sums *from)
{
    to->samples += from->samples;
    to->allocated.blocks += from->allocated.blocks;
    to->allocated.bytes += from->allocated.bytes;
    to->freed.blocks += from->freed.blocks;
    to->freed.bytes += from->freed.bytes;
}

static void leave_out(uint32_t id)
{
    struct trace_sums sums = trace_sums(id);
    add_sums(&work.others, &sums);
}

static void consider_stack(uint32_t id)
{
    struct trace_sums sums = trace_sums(id);
    if (sums.samples == 0)
        return;
    struct entry entry = {not_negative(sums.allocated.bytes - sums.freed.bytes), sums.allocated.bytes, id};
    if (work.count < KEPT)
        return rise(work.count++, entry);
    if (!is_less(&work.heap[0], &entry))
        return leave_out(id);
    leave_out(work.heap[0].id);
    sink(0, entry);
}

static void choose_stacks(void)
{
    work.count = 0;
    work.others = (struct trace_sums){0};
    consider_stack(STACK_TRUNCATED);
    uint32_t count = stack_count();
    for (uint32_t id = STACK_FIRST; id < count; id++)
        consider_stack(id);
}

/* ---- their rows ---- */

static uint64_t whole_blocks(uint64_t weight)
{
    return (weight + SAMPLE_WEIGHT_ONE / 2) / SAMPLE_WEIGHT_ONE;
}

static void fill_stack_row(struct snapshot_stack *row, const struct trace_sums *sums)
{
    *row = (struct snapshot_stack){.site = SNAPSHOT_NONE, .samples = sums->samples};
    row->allocated.blocks = whole_blocks(sums->allocated.blocks);
    row->allocated.bytes = sums->allocated.bytes;
    row->live.blocks = whole_blocks(not_negative(sums->allocated.blocks - sums->freed.blocks));
    row->live.bytes = not_negative(sums->allocated.bytes - sums->freed.bytes);
}

static unsigned object_of_node(const struct stack_node *node)
{
    unsigned gone = stack_node_object(node);
    return gone != 0 ? gone : object_at(stack_node_address(node) - 1);
}

static void add_frames(struct snapshot *head, struct snapshot_stack *row, uint32_t id)
{
    struct snapshot_frame *frames = snapshot_writable_frames(head);
    row->id = id;
    row->frame = head->frames;
    struct stack_node node = stack_node(id);
    while (node.address != 0 && row->frames < SNAPSHOT_FRAMES) {
        struct snapshot_frame *frame = &frames[head->frames++];
        *frame = (struct snapshot_frame){.address = stack_node_address(&node)};
        frame->object = collect_object_row(object_of_node(&node));
        row->frames++;
        id = node.parent;
        node = stack_node(id);
    }
    row->truncated = id == STACK_TRUNCATED || id == STACK_DEEPER || id == STACK_LOST;
}

/* The site that the stack's blocks are counted under: of its innermost frames, the first that is one's (wrappers are
 * none). */
static uint32_t site_row(const struct snapshot *head, const struct snapshot_stack *stack)
{
    enum { WRAPPERS = 8 };
    const struct snapshot_site *sites = snapshot_sites(head);
    const struct snapshot_frame *frame = &snapshot_frames(head)[stack->frame];
    for (uint32_t i = 0; i < stack->frames && i <= WRAPPERS; i++)
        for (uint32_t row = 0; row < head->sites; row++)
            if (sites[row].address == frame[i].address && sites[row].object == frame[i].object)
                return row;
    return SNAPSHOT_NONE;
}

/* ---- their names ---- */

static void name_frame(struct snapshot *head, struct snapshot_frame *frame, struct lock_owner self)
{
    uint32_t row = frame->object;
    unsigned object = row != SNAPSHOT_NONE ? row + 1 : OBJECT_NONE;
    char name[SNAPSHOT_SITE_NAME];
    size_t bytes = name_copy(object, frame->address, name, self) + 1;
    if (frame->name_at != 0 || bytes > SNAPSHOT_NAMES - head->names_bytes)
        return;
    memcpy(snapshot_writable_names(head) + head->names_bytes, name, bytes);
    frame->name_at = head->names_bytes;
    head->names_bytes += (uint32_t)bytes;
}

static void name_largest_stacks(struct snapshot *head, unsigned top, struct lock_owner self)
{
    const struct snapshot_stack *stacks = snapshot_stacks(head);
    struct rank rank;
    uint32_t at;
    rank_start(&rank, &stacks->live.bytes, sizeof *stacks, head->stacks);
    for (unsigned shown = 0; shown < top && rank_next(&rank, &at); shown++)
        for (uint32_t i = 0; i < stacks[at].frames; i++)
            name_frame(head, &snapshot_writable_frames(head)[stacks[at].frame + i], self);
}

void collect_stacks(struct snapshot *head, unsigned top, struct lock_owner self)
{
    struct snapshot_stack *stacks = snapshot_writable_stacks(head);
    head->names_bytes = 1; /* the first is no name */
    if (trace_period == STACKS_OFF)
        return;
    choose_stacks();
    for (uint32_t i = 0; i < work.count; i++) {
        struct snapshot_stack *row = &stacks[head->stacks++];
        struct trace_sums sums = trace_sums(work.heap[i].id);
        fill_stack_row(row, &sums);
        add_frames(head, row, work.heap[i].id);
        row->site = site_row(head, row);
    }
    if (work.others.samples != 0)
        fill_stack_row(&stacks[head->stacks++], &work.others);
    head->stack_period = trace_period == STACKS_ALL ? 0 : trace_period;
    name_largest_stacks(head, top, self);
}
