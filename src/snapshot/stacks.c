/* Stacks: the largest, each with the calls that led to it. */
#include <stdbool.h>

#include "rank.h"
#include "sections.h"

static void put_frame(struct writer *out, const struct snapshot *snapshot, const struct snapshot_frame *frame)
{
    const char *names = snapshot_names(snapshot);
    if (frame->name_at == 0 || frame->name_at >= snapshot->names_bytes)
        format_address(out, frame->address);
    else
        format_name(out, names + frame->name_at, snapshot->names_bytes - frame->name_at);
}

void section_frames(struct writer *out, const struct snapshot *snapshot, const struct snapshot_stack *stack,
                    uint32_t from)
{
    for (uint32_t i = from; i < stack->frames && (uint64_t)stack->frame + i < snapshot->frames; i++) {
        writer_text(out, "    ");
        put_frame(out, snapshot, &snapshot_frames(snapshot)[stack->frame + i]);
        writer_text(out, "\n");
    }
    if (stack->truncated != 0)
        writer_text(out, "    (truncated)\n");
    else if (stack->frames == 0)
        writer_text(out, "    (others)\n");
}

/* An estimate is marked as one. */
static void put_amount(struct writer *out, const struct snapshot_amount *amount, const char *of_what, bool estimated)
{
    const char *sign = estimated ? "~" : "";
    writer_text(out, sign);
    format_size(out, amount->bytes);
    writer_text(out, of_what);
    writer_text(out, " in ");
    writer_text(out, sign);
    format_number(out, amount->blocks);
    writer_text(out, amount->blocks == 1 ? " block" : " blocks");
}

static void write_amounts(struct writer *out, const struct snapshot_amount *live,
                          const struct snapshot_amount *allocated, bool estimated)
{
    put_amount(out, live, " live", estimated);
    writer_text(out, ", ");
    put_amount(out, allocated, " allocated", estimated);
    writer_text(out, ":\n");
}

static void write_heading(struct writer *out, const struct snapshot *snapshot)
{
    writer_text(out, "\nCurrent allocations by stack:");
    if (snapshot->stack_period != 0) {
        writer_text(out, " (estimated from samples, one for each ");
        format_size(out, snapshot->stack_period);
        writer_text(out, ")");
    }
    writer_text(out, "\n");
}

static void write_rest(struct writer *out, const struct snapshot *snapshot, struct rank *rank)
{
    struct snapshot_amount live = {0, 0};
    uint32_t row;
    uint32_t more = 0;
    for (; rank_next(rank, &row); more++) {
        live.blocks += snapshot_stacks(snapshot)[row].live.blocks;
        live.bytes += snapshot_stacks(snapshot)[row].live.bytes;
    }
    if (more == 0)
        return;
    put_amount(out, &live, " live", snapshot->stack_period != 0);
    writer_text(out, " by ");
    format_number(out, more);
    writer_text(out, more == 1 ? " more stack\n" : " more stacks\n");
}

void section_stacks(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    const struct snapshot_stack *stacks = snapshot_stacks(snapshot);
    struct rank rank;
    uint32_t row;
    if (snapshot->stacks == 0)
        return;
    write_heading(out, snapshot);
    rank_start(&rank, &stacks->live.bytes, sizeof *stacks, snapshot->stacks);
    for (unsigned shown = 0; shown < top && rank_next(&rank, &row); shown++) {
        write_amounts(out, &stacks[row].live, &stacks[row].allocated, snapshot->stack_period != 0);
        section_frames(out, snapshot, &stacks[row], 0);
    }
    write_rest(out, snapshot, &rank);
}
