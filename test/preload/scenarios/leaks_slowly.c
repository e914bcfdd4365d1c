/* Twenty noisy caches and two busier ones, at some 8,000 blocks a second for SECONDS: `leaking` forgets one block in a
 * hundred, its twin none. Then a child is forked, which goes on for 1.5 s.
 *
 *   leaks_slowly SECONDS */
#include "blocks.h"

enum { CACHES = 20, KEPT = 400, SIZE = 500, ROUND = 80, ROUND_MS = 10 };

/* A queue of its site's blocks, whose length goes up and down by chance. */
struct cache {
    void *(*make)(size_t size);
    void *kept[KEPT];
    unsigned first, count, wanted;
};

static uint64_t random_state = 88172645463325252u;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 20) % below;
}

/* No two of them are the same code, which a compiler would keep but once. */
#define SITE(name, number)                             \
    __attribute__((noinline)) void *name(size_t size); \
    void *name(size_t size)                            \
    {                                                  \
        return hide(malloc(size + (number)));          \
    }

#define NOISY(X) \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20)
#define NOISY_SITE(number)  SITE(noisy##number, number)
#define NOISY_CACHE(number) {.make = noisy##number},

SITE(leaking, 0)
SITE(twin, CACHES + 1)
NOISY(NOISY_SITE)

static struct cache noisy[CACHES] = {NOISY(NOISY_CACHE)};
static struct cache with_leak = {.make = leaking}, without = {.make = twin};

static void shrink_to(struct cache *cache, unsigned count)
{
    for (; cache->count > count; cache->count--) {
        free(cache->kept[cache->first]);
        cache->first = (cache->first + 1) % KEPT;
    }
}

/* One block in, the oldest out. */
static void put(struct cache *cache)
{
    if (cache->count == KEPT)
        shrink_to(cache, KEPT - 1);
    void *made = cache->make(draw(2 * SIZE));
    MUST(made != NULL);
    cache->kept[(cache->first + cache->count++) % KEPT] = made;
    shrink_to(cache, cache->wanted);
}

static void one_round(void)
{
    static unsigned rounds;
    rounds++;
    for (unsigned i = 0; i < ROUND; i++) {
        struct cache *cache = i % 2 ? (i % 4 == 1 ? &with_leak : &without) : &noisy[draw(CACHES)];
        if (rounds % 20 == 0 || cache->wanted == 0)
            cache->wanted = 200 + draw(KEPT - 200);
        put(cache);
    }
    if (rounds % 5 == 0) /* of 100 blocks */
        MUST(leaking(SIZE) != NULL);
    nap(ROUND_MS);
}

static void go_on(double how_long)
{
    for (double end = seconds() + how_long; seconds() < end;)
        one_round();
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    for (unsigned i = 0; i < CACHES; i++)
        for (noisy[i].wanted = 300; noisy[i].count < 300;)
            put(&noisy[i]);
    for (with_leak.wanted = without.wanted = 300; with_leak.count < 300;) {
        put(&with_leak);
        put(&without);
    }
    go_on(atof(argv[1]));
    pid_t child = fork();
    if (child == 0) {
        go_on(1.5);
        exit(0);
    }
    dprintf(1, "child=%d\n", (int)child);
    say_outcome("child", finish(child));
    return 0;
}
