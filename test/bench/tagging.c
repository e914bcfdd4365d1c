/* What the tagging API costs; bare, its calls find no library and do nothing. */
#include "bench.h"

#include <trackmalloc.h>

static void *tag_make(long unused)
{
    static tm_tag tag;
    (void)unused;
    tag = tm_tag_register("bench", NULL);
    return &tag;
}

static void pair(void *state, uint64_t operations)
{
    (void)state;
    while (operations--)
        free(bench_use(malloc(64)));
}

static void push_pop(void *state, uint64_t operations)
{
    tm_tag tag = *(tm_tag *)state;
    while (operations--) {
        tm_push(tag);
        tm_pop();
    }
}

/* The scope stays. */
static void pair_in_scope(void *state, uint64_t operations)
{
    tm_scope(*(tm_tag *)state);
    pair(state, operations);
}

/* A scope around each pair. */
static void scope_pair(void *state, uint64_t operations)
{
    tm_tag tag = *(tm_tag *)state;
    while (operations--) {
        tm_push(tag);
        free(bench_use(malloc(64)));
        tm_pop();
    }
}

static void pair_for_tag(void *state, uint64_t operations)
{
    tm_tag tag = *(tm_tag *)state;
    while (operations--)
        free(bench_use(tm_malloc(tag, 64)));
}

static const struct bench_case cases[] = {
    {"push-pop", 0, tag_make, push_pop, NULL},           {"pair-untagged", 0, tag_make, pair, NULL},
    {"pair-in-scope", 0, tag_make, pair_in_scope, NULL}, {"scope-pair", 0, tag_make, scope_pair, NULL},
    {"pair-for-tag", 0, tag_make, pair_for_tag, NULL},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
