// Single-threaded cases of C++: operator new and delete, and a container that lives on them.
#include "bench.h"

#include <map>

static void new_delete(void *state, uint64_t operations)
{
    size_t size = static_cast<size_t>(*static_cast<long *>(state));
    while (operations--)
        ::operator delete(bench_use(::operator new(size)));
}

struct tree {
    bench_random random;
    uint32_t keys;
    std::map<uint32_t, uint64_t> map;
};

// One operation erases a random key if it is there, or else inserts it: about half of the keys are there at any time.
static void toggle(void *state, uint64_t operations)
{
    tree &tree = *static_cast<struct tree *>(state);
    while (operations--) {
        uint32_t key = bench_below(&tree.random, tree.keys);
        if (!tree.map.erase(key))
            tree.map.emplace(key, operations);
    }
}

static void *tree_make(long keys)
{
    static tree tree{bench_seed(3), static_cast<uint32_t>(keys), {}};
    toggle(&tree, 4 * static_cast<uint64_t>(keys));
    return &tree;
}

static const bench_case cases[] = {
    {"new-delete-64", 64, nullptr, new_delete, nullptr},
    {"std-map", 20000, tree_make, toggle, nullptr},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
