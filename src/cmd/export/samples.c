#include "samples.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

typedef unsigned __int128 wide;

/* The stacks of one site, or of all sites without a row. */
struct group {
    const struct snapshot_site *site;
    uint64_t exact[SAMPLE_VALUES];
    wide stacks[SAMPLE_VALUES]; /* sums over its stacks, before scaling */
    wide done[SAMPLE_VALUES];   /* the same, of the stacks that were scaled already */
};

struct fitting {
    const struct snapshot *snapshot;
    struct group *group; /* by the row of the site; the last is for sites without a row */
    uint32_t sites;
    bool complete; /* the stacks account for all blocks: no stack is without a row */
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

static struct group *group_of(const struct fitting *fitting, const struct snapshot_stack *stack)
{
    return &fitting->group[stack->site < fitting->sites ? stack->site : fitting->sites];
}

/* Not the row that sums up all other sites. */
static bool is_site(const struct snapshot_site *site)
{
    return site->address != 0;
}

static void set_groups(struct fitting *fitting)
{
    const struct snapshot *snapshot = fitting->snapshot;
    const struct snapshot_site *site = snapshot_sites(snapshot);
    struct group *others = &fitting->group[fitting->sites];
    values_of(others->exact, &snapshot->total.allocated, &snapshot->total.live);
    for (uint32_t i = 0; i < fitting->sites; i++) {
        if (!is_site(&site[i]))
            continue;
        fitting->group[i].site = &site[i];
        values_of(fitting->group[i].exact, &site[i].allocated, &site[i].live);
        for (unsigned v = 0; v < SAMPLE_VALUES; v++) {
            uint64_t part = fitting->group[i].exact[v];
            others->exact[v] -= part < others->exact[v] ? part : others->exact[v];
        }
    }
}

/* Not the row that sums up all other stacks: its amounts are what the sites have beyond their stacks. */
static bool is_stack(const struct snapshot_stack *stack)
{
    return stack->frames != 0;
}

static void sum_stacks(struct fitting *fitting)
{
    const struct snapshot_stack *stack = snapshot_stacks(fitting->snapshot);
    fitting->complete = fitting->snapshot->stack_period != 0;
    for (uint32_t i = 0; i < fitting->snapshot->stacks; i++) {
        uint64_t value[SAMPLE_VALUES];
        struct group *group = group_of(fitting, &stack[i]);
        fitting->complete &= is_stack(&stack[i]);
        if (!is_stack(&stack[i]))
            continue;
        values_of(value, &stack[i].allocated, &stack[i].live);
        for (unsigned v = 0; v < SAMPLE_VALUES; v++)
            group->stacks[v] += value[v];
    }
}

/* Scales a value so that the group's sum becomes exact. Where stacks are not sampled, or some are left out, the sum may
 * rightly be less than the group's: then values are only scaled down. Rounded so that the sum has no error. */
static uint64_t fit_to_group(const struct fitting *fitting, struct group *group, unsigned v, uint64_t value)
{
    wide sum = group->stacks[v], before = group->done[v];
    group->done[v] += value;
    if (sum <= group->exact[v] && !fitting->complete)
        return value;
    /* sums in a hostile snapshot may exceed 64 bits; products must not exceed 128 */
    unsigned shift = sum >> 64 != 0 ? 32 : 0;
    wide whole = sum >> shift;
    wide from = (before >> shift) * group->exact[v] / whole;
    wide to = (group->done[v] >> shift) * group->exact[v] / whole;
    return (uint64_t)(to - from);
}

static void append_sample(struct fitting *fitting, const struct sample *sample)
{
    static const uint64_t nothing[SAMPLE_VALUES];
    if (memcmp(sample->value, nothing, sizeof nothing) != 0)
        fitting->samples.row[fitting->samples.rows++] = *sample;
}

static void append_stack_samples(struct fitting *fitting)
{
    const struct snapshot_stack *stack = snapshot_stacks(fitting->snapshot);
    for (uint32_t i = 0; i < fitting->snapshot->stacks; i++) {
        struct group *group = group_of(fitting, &stack[i]);
        struct sample sample = {.stack = &stack[i], .site = group->site};
        if (!is_stack(&stack[i]))
            continue;
        values_of(sample.value, &stack[i].allocated, &stack[i].live);
        for (unsigned v = 0; v < SAMPLE_VALUES; v++)
            if (group->stacks[v] != 0)
                sample.value[v] = fit_to_group(fitting, group, v, sample.value[v]);
        append_sample(fitting, &sample);
    }
}

static void append_rest_of_group(struct fitting *fitting, const struct group *group)
{
    struct sample sample = {.site = group->site};
    for (unsigned v = 0; v < SAMPLE_VALUES; v++) {
        bool fitted = group->stacks[v] != 0 && (fitting->complete || group->stacks[v] > group->exact[v]);
        sample.value[v] = fitted ? 0 : group->exact[v] - (uint64_t)group->stacks[v];
    }
    append_sample(fitting, &sample);
}

struct samples samples_new(const struct snapshot *snapshot)
{
    struct fitting fitting = {.snapshot = snapshot, .sites = snapshot->sites};
    fitting.group = must_allocate(((size_t)fitting.sites + 1) * sizeof *fitting.group);
    fitting.samples.row = must_allocate(((size_t)snapshot->stacks + fitting.sites + 1) * sizeof *fitting.samples.row);
    set_groups(&fitting);
    sum_stacks(&fitting);
    append_stack_samples(&fitting);
    for (uint32_t i = 0; i <= fitting.sites; i++)
        append_rest_of_group(&fitting, &fitting.group[i]);
    free(fitting.group);
    return fitting.samples;
}

void samples_free(struct samples *samples)
{
    free(samples->row);
    *samples = (struct samples){0};
}
