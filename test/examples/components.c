/* A component is a struct that is passed to every allocation; a block can be asked which component it belongs to; each
 * component tells its figures. The scene of INxalloc's sample (Ioannis Nompelis), where a component is a `struct
 * inXmem_s`, with what trackmalloc brings for it: the struct needs no counters, no lock, and free needs no struct. */
#include "counted.h"

#include <stdlib.h>

struct component {
    int id; /* the program's own */
    const char *name;
    tm_tag tag;
};

static struct component solver = {.id = 666, .name = "solver"}, mesh = {.id = 667, .name = "mesh"};

static void component_begin(struct component *component)
{
    component->tag = tm_tag_register(component->name, NULL);
}

/* Counts under its caller's line, for it is always inlined: as tm_malloc does. */
static inline __attribute__((always_inline)) void *component_malloc(const struct component *component, size_t size)
{
    return tm_malloc(component->tag, size);
}

/* Whose block it is; NULL: no component's, or nobody counts. */
static const struct component *component_of(const void *block)
{
    struct tm_block_info info = {.struct_size = sizeof info};
    if (tm_ask(block, &info) != TM_OK)
        return NULL;
    return info.tag == solver.tag ? &solver : info.tag == mesh.tag ? &mesh : NULL;
}

static void component_report(const struct component *component, unsigned blocks, size_t bytes)
{
    struct tm_tag_info info = {.struct_size = sizeof info};
    printf("%s: %u blocks, %zu bytes (trackmalloc: %s)\n", component->name, blocks, bytes, counted(component->tag));
    if (tm_tag_stats(component->tag, 0, &info) == TM_OK)
        printf("    component %d: %" PRIu64 " allocations, %" PRIu64 " resizes, %" PRIu64 " frees\n", component->id,
               info.counts.allocated_blocks, info.resizes, info.counts.freed_blocks);
}

static void block_report(const char *name, const void *block)
{
    const struct component *component = component_of(block);
    printf("%s belongs to %s\n", name, component != NULL ? component->name : "no component that is known");
}

int main(void)
{
    component_begin(&solver);
    component_begin(&mesh);
    void *first = component_malloc(&solver, 32);
    void *second = component_malloc(&solver, 64);
    void *third = component_malloc(&solver, 128);
    void *theirs = malloc(256);
    component_report(&solver, 3, 32 + 64 + 128);

    block_report("the first block", first);
    block_report("the second block", second);
    block_report("a plain malloc's block", theirs);

    tm_retag(second, mesh.tag); /* a component may give a block to another one */
    block_report("the second block", second);
    component_report(&solver, 2, 32 + 128);
    component_report(&mesh, 1, 64);

    third = realloc(third, 512); /* stays the solver's, through realloc as well */
    block_report("the third block", third);
    component_report(&solver, 2, 32 + 512);

    free(first); /* free finds the component by itself */
    free(second);
    component_report(&solver, 1, 512);
    component_report(&mesh, 0, 0);
    free(third);
    free(theirs);
    component_report(&solver, 0, 0);
    return 0;
}
