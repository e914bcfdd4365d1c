// The new_handler frees a reserve, and the same operator new then succeeds; its block is counted and freed.
#include "blocks.h"

#include <new>
#include <sys/resource.h>

static void *reserve;
static unsigned calls;

static void relieve()
{
    calls++;
    std::free(reserve);
    reserve = nullptr;
    if (calls > 1)
        std::set_new_handler(nullptr);
}

int main()
{
    const std::size_t mib = 1 << 20;
    struct rlimit limit = {400 * mib, RLIM_INFINITY};
    void *p;
    std::printf("below a limit\n"); // stdout has its buffer
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    reserve = hide(std::malloc(300 * mib));
    MUST(reserve != nullptr);
    std::set_new_handler(relieve);
    p = hide(operator new(250 * mib));
    std::printf("a block, handler called %u times\n", calls);
    MUST(malloc_usable_size(p) >= 250 * mib);
    operator delete(p);
    reserve = hide(std::malloc(300 * mib));
    MUST(reserve != nullptr);
    calls = 0;
    std::set_new_handler(relieve);
    p = hide(operator new[](250 * mib, std::align_val_t(64)));
    std::printf("a block, handler called %u times\n", calls);
    operator delete[](p, std::align_val_t(64));
    hide(operator new(777));
    return 0;
}
