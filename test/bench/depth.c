/* Allocations deep in a program: what call sites and stacks cost.
 *
 * Between two allocations the outer frames stay and the innermost change, as in programs: the measuring loop calls four
 * functions, each drawn anew among the few or several of its level, of which the last allocates. So three or four
 * frames differ from the allocation before, and there are 512 stacks. The functions have frames of several sizes and no
 * frame pointers. Depth counts from the measuring loop's callers in; seven frames, of start-up and bench.h, lie further
 * out. */
#include "bench.h"

#define NOINLINE __attribute__((noinline))

enum { LIVE = 10000, BYTES = 64, INNER = 5 /* the loop, and the four below it */ };

/* Which functions to call: each level takes its digit. */
typedef void *inner_step(uint32_t way);

/* The asm behind the call keeps it from becoming a jump, and the frame from being left early. */
#define INNER_STEP(name, room, allocation)                        \
    static NOINLINE void *name(uint32_t way)                      \
    {                                                             \
        char frame[room];                                         \
        __asm__ volatile("" : : "r"(frame), "r"(way) : "memory"); \
        void *p = allocation;                                     \
        __asm__ volatile("" : "+r"(p) : "r"(frame));              \
        return p;                                                 \
    }

/* clang-format off */
#define LEVEL_OF_4(level, allocation)                                                                     \
    INNER_STEP(level##_0, 24, allocation) INNER_STEP(level##_1, 56, allocation)                           \
    INNER_STEP(level##_2, 120, allocation) INNER_STEP(level##_3, 200, allocation)                         \
    static inner_step *const level[] = {level##_0, level##_1, level##_2, level##_3};
#define LEVEL_OF_8(level, allocation)                                                                     \
    INNER_STEP(level##_0, 24, allocation) INNER_STEP(level##_1, 8, allocation)                            \
    INNER_STEP(level##_2, 88, allocation) INNER_STEP(level##_3, 40, allocation)                           \
    INNER_STEP(level##_4, 152, allocation) INNER_STEP(level##_5, 24, allocation)                          \
    INNER_STEP(level##_6, 8, allocation) INNER_STEP(level##_7, 280, allocation)                           \
    static inner_step *const level[] = {level##_0, level##_1, level##_2, level##_3,                       \
                                        level##_4, level##_5, level##_6, level##_7};
/* clang-format on */

/* What programs put around malloc. */
NOINLINE void *xmalloc(size_t size)
{
    void *p = malloc(size);
    if (!p)
        abort();
    return p;
}

LEVEL_OF_8(fourth, malloc(BYTES))
LEVEL_OF_4(third, fourth[way & 7](way >> 3))
LEVEL_OF_4(second, third[way & 3](way >> 2))
LEVEL_OF_4(first, second[way & 3](way >> 2))

LEVEL_OF_8(wrapped, xmalloc(BYTES))
LEVEL_OF_4(wrapped_third, wrapped[way & 7](way >> 3))
LEVEL_OF_4(wrapped_second, wrapped_third[way & 3](way >> 2))
LEVEL_OF_4(wrapped_first, wrapped_second[way & 3](way >> 2))

/* ---- the loops ---- */

struct deep {
    struct bench_random random;
    long depth;
    void **block; /* NULL: freed at once */
    uint32_t next;
};

static void *deep_make(long depth)
{
    static struct deep deep;
    deep = (struct deep){bench_seed(1), depth, NULL, 0};
    return &deep;
}

static void *deep_make_fifo(long depth)
{
    struct deep *deep = deep_make(depth);
    deep->block = calloc(LIVE, sizeof(void *));
    return deep;
}

static void *allocate(struct bench_random *random, inner_step *const *level)
{
    uint32_t way = bench_next(random);
    return bench_use(level[way & 3](way >> 2));
}

static NOINLINE void pairs(struct deep *deep, uint64_t operations)
{
    while (operations--)
        free(allocate(&deep->random, first));
}

static NOINLINE void wrapped_pairs(struct deep *deep, uint64_t operations)
{
    while (operations--)
        free(allocate(&deep->random, wrapped_first));
}

/* Blocks stay for as long as it takes to allocate all others. */
static NOINLINE void fifo(struct deep *deep, uint64_t operations)
{
    while (operations--) {
        void **block = &deep->block[deep->next];
        deep->next = deep->next + 1 == LIVE ? 0 : deep->next + 1;
        free(*block);
        *block = allocate(&deep->random, first);
    }
}

/* ---- the outer frames ---- */

typedef void loop(struct deep *deep, uint64_t operations);
typedef void outer_step(struct deep *deep, uint64_t operations, loop *body, long further);
static outer_step *const outer[8];

#define OUTER_STEP(n, room)                                                                          \
    static NOINLINE void outer_##n(struct deep *deep, uint64_t operations, loop *body, long further) \
    {                                                                                                \
        char frame[room];                                                                            \
        __asm__ volatile("" : : "r"(frame) : "memory");                                              \
        if (further == 0)                                                                            \
            body(deep, operations);                                                                  \
        else                                                                                         \
            outer[further % 8](deep, operations, body, further - 1);                                 \
        __asm__ volatile("" : : "r"(frame) : "memory");                                              \
    }
OUTER_STEP(0, 40)
OUTER_STEP(1, 104)
OUTER_STEP(2, 24)
OUTER_STEP(3, 1000)
OUTER_STEP(4, 56)
OUTER_STEP(5, 8)
OUTER_STEP(6, 300)
OUTER_STEP(7, 72)
static outer_step *const outer[8] = {outer_0, outer_1, outer_2, outer_3, outer_4, outer_5, outer_6, outer_7};

static void at_depth(struct deep *deep, uint64_t operations, loop *body)
{
    if (deep->depth == INNER)
        body(deep, operations);
    else
        outer[0](deep, operations, body, deep->depth - INNER - 1);
}

static void deep_pair(void *state, uint64_t operations)
{
    at_depth(state, operations, pairs);
}

static void deep_wrapper(void *state, uint64_t operations)
{
    at_depth(state, operations, wrapped_pairs);
}

static void deep_fifo(void *state, uint64_t operations)
{
    at_depth(state, operations, fifo);
}

static const struct bench_case cases[] = {
    {"depth-5", 5, deep_make, deep_pair, NULL},
    {"depth-15", 15, deep_make, deep_pair, NULL},
    {"depth-40", 40, deep_make, deep_pair, NULL},
    {"depth-5-fifo", 5, deep_make_fifo, deep_fifo, NULL},
    {"depth-15-fifo", 15, deep_make_fifo, deep_fifo, NULL},
    {"depth-40-fifo", 40, deep_make_fifo, deep_fifo, NULL},
    {"depth-15-wrapper", 15, deep_make, deep_wrapper, NULL},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
