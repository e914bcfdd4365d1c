/* Every alignment from 1 byte to 2 MiB through every function that takes one; every usable byte is written, and
 * the blocks live side by side, so that one that is too short shows. */
#include "blocks.h"

enum { LIVE = 24 };

static const size_t sizes[] = {0, 1, 15, 16, 17, 24, 100, 1000, 4080, 4095, 4096, 65000, (1 << 20) + 3};
static const struct {
    const char *name;
    bool aligns; /* takes an alignment; else a page's */
} ways[] = {
    {"memalign", true}, {"aligned_alloc", true}, {"posix_memalign", true}, {"valloc", false}, {"pvalloc", false}};

static unsigned made;

static void *make(unsigned way, size_t alignment, size_t size)
{
    void *p = NULL;
    switch (way) {
    case 0:
        p = memalign(alignment, size);
        break;
    case 1:
        p = aligned_alloc(alignment, size);
        break;
    case 2:
        MUST(posix_memalign(&p, alignment, size) == (alignment < sizeof(void *) ? EINVAL : 0));
        break;
    case 3:
        p = valloc(size);
        break;
    default:
        p = pvalloc(size);
    }
    if (p != NULL)
        made++;
    return hide(p);
}

/* Blocks live for LIVE others, then must hold what they held. */
static struct {
    void *p;
    size_t size;
    unsigned seed;
} live[LIVE];

static void release(unsigned slot)
{
    MUST(holds(live[slot].p, live[slot].size, live[slot].seed));
    free(live[slot].p);
    live[slot].p = NULL;
}

static void keep(void *p, size_t size)
{
    static unsigned next, seed;
    if (live[next].p != NULL)
        release(next);
    live[next].p = p;
    live[next].size = size;
    live[next].seed = ++seed;
    fill(p, size, seed);
    next = (next + 1) % LIVE;
}

static void try_one(unsigned way, size_t alignment, size_t size)
{
    void *p = make(way, alignment, size);
    if (p == NULL) {
        MUST(way == 2 && alignment < sizeof(void *));
        return;
    }
    MUST((uintptr_t)p % alignment == 0 && (uintptr_t)p % 16 == 0);
    MUST(malloc_usable_size(p) >= (way == 4 ? (size + 4095) & ~(size_t)4095 : size));
    keep(p, malloc_usable_size(p));

    p = make(way, alignment, size);
    size_t usable = malloc_usable_size(p);
    fill(p, usable, 3);
    p = hide(realloc(p, usable * 2 + 1));
    MUST(holds(p, usable, 3) && malloc_usable_size(p) >= usable * 2 + 1);
    fill(p, malloc_usable_size(p), 4);
    p = hide(realloc(p, usable / 2 + 1));
    MUST(holds(p, usable / 2 + 1, 4));
    keep(p, malloc_usable_size(p));
}

/* What is no power of two, or too much: only compared with the bare run. */
static void try_odd(size_t alignment, size_t size)
{
    for (unsigned way = 0; way < 3; way++) {
        void *const untouched = (void *)&made;
        void *p = untouched;
        int error = 0;
        errno = 0;
        if (way == 0)
            p = memalign(alignment, size);
        else if (way == 1)
            p = aligned_alloc(alignment, size);
        else
            error = posix_memalign(&p, alignment, size);
        if (way == 2)
            errno = 0; /* posix_memalign_errors.c looks at that */
        printf("%s(%zu, %zu): %s, returned %s, errno %s", ways[way].name, alignment, size,
               p == NULL        ? "NULL"
               : p == untouched ? "untouched"
                                : "a block",
               errno_name(error), errno_name(errno));
        if (p != NULL && p != untouched) {
            size_t aligned = 16;
            while (aligned < alignment && (uintptr_t)p % (aligned * 2) == 0)
                aligned *= 2;
            printf(", aligned enough: %d", aligned >= alignment);
            made++;
            free(p);
        }
        puts("");
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    for (unsigned way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
        for (size_t alignment = ways[way].aligns ? 1 : 4096; alignment <= (ways[way].aligns ? 2u << 20 : 4096u);
             alignment *= 2)
            for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                try_one(way, alignment, sizes[i]);
    for (unsigned slot = 0; slot < LIVE; slot++)
        release(slot);

    const size_t odd[] = {0, 3, 5, 12, 24, 48, 100, 4097, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 2, SIZE_MAX};
    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        try_odd(hide_size(odd[i]), 40);
    const size_t powers[] = {1, 16, 32, 4096, 2 << 20};
    for (unsigned i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
        try_odd(powers[i], hide_size(PTRDIFF_MAX));
        try_odd(powers[i], hide_size(SIZE_MAX));
        try_odd(powers[i], hide_size(SIZE_MAX - powers[i]));
        try_odd(powers[i], hide_size(SIZE_MAX - 2 * powers[i]));
    }
    errno = 0;
    printf("valloc: %s", hide(valloc(hide_size(SIZE_MAX))) ? "a block" : "NULL");
    printf(", errno %s\n", errno_name(errno));
    errno = 0;
    printf("pvalloc: %s", hide(pvalloc(hide_size(SIZE_MAX - 100))) ? "a block" : "NULL");
    printf(", errno %s\n", errno_name(errno));
    printf("made=%u\n", made);
    return 0;
}
