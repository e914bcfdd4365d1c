#include "samples.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

typedef unsigned __int128 wide;

/* The stacks of one site, or of all sites without a row. */
struct group {
    const struct snapshot_site *site;
    uint64_t exact[SAMPLE_VALUES];
    wide stacks[SAMPLE_VALUES]; /* sums of what the stacks say */
    wide done[SAMPLE_VALUES];   /* of those that have been fitted */
};

struct work {
    const struct snapshot *snapshot;
    struct group *group; /* by the row of the site; the last one's sites have none */
    uint32_t sites;
    bool complete; /* the stacks stand for all blocks: none are left out */
    struct samples samples;
};

static void values_of(uint64_t value[SAMPLE_VALUES], const struct snapshot_amount *allocated,
                      const struct snapshot_amount *live)
{
    value[SAMPLE_ALLOC_OBJECTS] = allocated->blocks;
    value[SAMPLE_ALLOC_SPACE] = allocated->bytes;
    value[SAMPLE_INUSE_OBJECTS] = live->blocks;
    value[SAMPLE_INUSE_SPACE] = live->bytes;
}

static struct group *group_of(const struct work *work, const struct snapshot_stack *stack)
{
    return &work->group[stack->site < work->sites ? stack->site : work->sites];
}

/* The row of all others is no site. */
static bool is_site(const struct snapshot_site *site)
{
    return site->address != 0;
}

static void set_groups(struct work *work)
{
    const struct snapshot *snapshot = work->snapshot;
    const struct snapshot_site *site = snapshot_sites(snapshot);
    struct group *others = &work->group[work->sites];
    values_of(others->exact, &snapshot->total.allocated, &snapshot->total.live);
    for (uint32_t i = 0; i < work->sites; i++) {
        if (!is_site(&site[i]))
            continue;
        work->group[i].site = &site[i];
        values_of(work->group[i].exact, &site[i].allocated, &site[i].live);
        for (unsigned v = 0; v < SAMPLE_VALUES; v++) {
            uint64_t part = work->group[i].exact[v];
            others->exact[v] -= part < others->exact[v] ? part : others->exact[v];
        }
    }
}

/* The row of all other stacks has no frames: what it stands for is what is left of the sites. */
static bool is_stack(const struct snapshot_stack *stack)
{
    return stack->frames != 0;
}

static void sum_stacks(struct work *work)
{
    const struct snapshot_stack *stack = snapshot_stacks(work->snapshot);
    work->complete = work->snapshot->stack_period != 0;
    for (uint32_t i = 0; i < work->snapshot->stacks; i++) {
        uint64_t value[SAMPLE_VALUES];
        struct group *group = group_of(work, &stack[i]);
        work->complete &= is_stack(&stack[i]);
        if (!is_stack(&stack[i]))
            continue;
        values_of(value, &stack[i].allocated, &stack[i].live);
        for (unsigned v = 0; v < SAMPLE_VALUES; v++)
            group->stacks[v] += value[v];
    }
}

/* Estimates are stretched or shrunk to what is exact; counts, and parts of a whole, are only shrunk. Rounded so that
 * the sum over the group is exact. */
static uint64_t fit(const struct work *work, struct group *group, unsigned v, uint64_t value)
{
    wide sum = group->stacks[v], before = group->done[v];
    group->done[v] += value;
    if (sum <= group->exact[v] && !work->complete)
        return value;
    /* sums of a hostile snapshot may have more than 64 bits, no product has more than 128 */
    unsigned shift = sum >> 64 != 0 ? 32 : 0;
    wide whole = sum >> shift;
    wide from = (before >> shift) * group->exact[v] / whole;
    wide to = (group->done[v] >> shift) * group->exact[v] / whole;
    return (uint64_t)(to - from);
}

static void add(struct work *work, const struct sample *sample)
{
    static const uint64_t nothing[SAMPLE_VALUES];
    if (memcmp(sample->value, nothing, sizeof nothing) != 0)
        work->samples.row[work->samples.rows++] = *sample;
}

static void add_stacks(struct work *work)
{
    const struct snapshot_stack *stack = snapshot_stacks(work->snapshot);
    for (uint32_t i = 0; i < work->snapshot->stacks; i++) {
        struct group *group = group_of(work, &stack[i]);
        struct sample sample = {.stack = &stack[i], .site = group->site};
        if (!is_stack(&stack[i]))
            continue;
        values_of(sample.value, &stack[i].allocated, &stack[i].live);
        for (unsigned v = 0; v < SAMPLE_VALUES; v++)
            if (group->stacks[v] != 0)
                sample.value[v] = fit(work, group, v, sample.value[v]);
        add(work, &sample);
    }
}

static void add_rest(struct work *work, const struct group *group)
{
    struct sample sample = {.site = group->site};
    for (unsigned v = 0; v < SAMPLE_VALUES; v++) {
        bool fitted = group->stacks[v] != 0 && (work->complete || group->stacks[v] > group->exact[v]);
        sample.value[v] = fitted ? 0 : group->exact[v] - (uint64_t)group->stacks[v];
    }
    add(work, &sample);
}

struct samples samples_new(const struct snapshot *snapshot)
{
    struct work work = {.snapshot = snapshot, .sites = snapshot->sites};
    work.group = must_allocate(((size_t)work.sites + 1) * sizeof *work.group);
    work.samples.row = must_allocate(((size_t)snapshot->stacks + work.sites + 1) * sizeof *work.samples.row);
    set_groups(&work);
    sum_stacks(&work);
    add_stacks(&work);
    for (uint32_t i = 0; i <= work.sites; i++)
        add_rest(&work, &work.group[i]);
    free(work.group);
    return work.samples;
}

void samples_free(struct samples *samples)
{
    free(samples->row);
    *samples = (struct samples){0};
}
