/* Single-threaded cases: what one call costs. */
#include "bench.h"
#include "sites.h"

#include <sys/wait.h>

/* Allocate and free at once: the shortest way through an allocator and through us. */
static void pair(void *state, uint64_t operations)
{
    size_t size = (size_t) * (long *)state;
    while (operations--)
        free(bench_use(malloc(size)));
}

static void pair_calloc(void *state, uint64_t operations)
{
    size_t size = (size_t) * (long *)state;
    while (operations--)
        free(bench_use(calloc(1, size)));
}

static void pair_memalign(void *state, uint64_t operations)
{
    size_t alignment = (size_t) * (long *)state;
    while (operations--) {
        void *p;
        if (posix_memalign(&p, alignment, 200))
            abort();
        free(bench_use(p));
    }
}

struct blocks {
    struct bench_random random;
    uint32_t count;
    uint32_t next;
    void **block;
};

static void *blocks_make(long count)
{
    static struct blocks blocks;
    blocks = (struct blocks){bench_seed(1), (uint32_t)count, 0, malloc((size_t)count * sizeof(void *))};
    for (uint32_t i = 0; i < blocks.count; i++)
        blocks.block[i] = bench_use(malloc(bench_size(&blocks.random)));
    return &blocks;
}

/* A program in a steady state: any of the live blocks goes, one of another size comes. */
static void replace(void *state, uint64_t operations)
{
    struct blocks *blocks = state;
    while (operations--) {
        void **block = &blocks->block[bench_below(&blocks->random, blocks->count)];
        free(*block);
        *block = bench_use(malloc(bench_size(&blocks->random)));
    }
}

/* Queues and logs: the oldest goes. */
static void fifo(void *state, uint64_t operations)
{
    struct blocks *blocks = state;
    while (operations--) {
        void **block = &blocks->block[blocks->next];
        blocks->next = blocks->next + 1 == blocks->count ? 0 : blocks->next + 1;
        free(*block);
        *block = bench_use(malloc(bench_size(&blocks->random)));
    }
}

/* Blocks that age. Replacing a million blocks at full speed frees them younger than a tick of 1/4 s; so a slice
 * replaces one in twenty, after a pause. The average block lives through twenty slices, which is seconds; few are freed
 * in the tick in which they were born. */
static double aged(void *state, long count)
{
    uint64_t operations = (uint64_t)count / 20;
    bench_sleep(0.04);
    double start = bench_cpu();
    replace(state, operations);
    return (bench_cpu() - start) * 1e9 / (double)operations;
}

/* Two buffers that grow in turns, as those of a busy program do: neither finds room behind itself, so most steps copy.
 * One operation is one realloc. */
static void realloc_double(void *unused, uint64_t operations)
{
    (void)unused;
    while (operations) {
        void *even = NULL, *odd = NULL;
        for (size_t size = 16; size <= 1 << 20 && operations; size *= 2) {
            even = bench_use(realloc(even, size));
            odd = bench_use(realloc(odd, size));
            operations -= operations < 2 ? operations : 2;
        }
        free(even);
        free(odd);
    }
}

/* One buffer that finds room behind itself every time: what a call of realloc costs without the copying. */
static void realloc_step(void *unused, uint64_t operations)
{
    (void)unused;
    while (operations) {
        void *p = NULL;
        for (size_t size = 16; size <= 16 << 10 && operations; size += 16, operations--)
            p = bench_use(realloc(p, size));
        free(p);
    }
}

/* A large program: every call comes from somewhere else. */
static void sites(void *state, uint64_t operations)
{
    static struct bench_random random = {88172645463325252u};
    uint32_t count = (uint32_t) * (long *)state;
    while (operations--)
        free(bench_use(bench_site[bench_below(&random, count)](64)));
}

/* What a shell does all day; the child allocates a little, as shells do. Microseconds of wall time. */
static double fork_child(void *unused, long count)
{
    (void)unused;
    double start = bench_wall();
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            free(bench_use(malloc(100)));
            _exit(0);
        }
        if (pid < 0 || waitpid(pid, NULL, 0) != pid)
            abort();
    }
    return (bench_wall() - start) * 1e6 / (double)count;
}

static const struct bench_case cases[] = {
    {"pair-16", 16, NULL, pair, NULL},
    {"pair-64", 64, NULL, pair, NULL},
    {"pair-1024", 1024, NULL, pair, NULL},
    {"pair-100000", 100000, NULL, pair, NULL},
    {"replace-10k", 10000, blocks_make, replace, NULL},
    {"replace-1M", 1000000, blocks_make, replace, NULL},
    {"fifo-10k", 10000, blocks_make, fifo, NULL},
    {"aged-1M", 1000000, blocks_make, NULL, aged},
    {"realloc-double", 0, NULL, realloc_double, NULL},
    {"realloc-by-16", 0, NULL, realloc_step, NULL},
    {"calloc-64", 64, NULL, pair_calloc, NULL},
    {"calloc-1000", 1000, NULL, pair_calloc, NULL},
    {"memalign-64", 64, NULL, pair_memalign, NULL},
    {"sites-200", 200, NULL, sites, NULL},
    {"sites-5000", SITES, NULL, sites, NULL},
    {"fork", 20, blocks_make, NULL, fork_child},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
