/* random_blocks MS THREADS [SEED]: threads make, resize, look at, hand over and free blocks of random sizes and
 * alignments by all functions that there are, and write every byte that malloc_usable_size says is theirs. */
#include "blocks.h"

#include <pthread.h>

enum { SLOTS = 256, THREADS_MOST = 16 };

struct made {
    unsigned char *block;
    size_t size, alignment; /* size: bytes written */
    unsigned seed;
};

static struct made *slot[SLOTS]; /* taken and put by exchange */
static int stop;
static unsigned bad, operations;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static void wrong(const char *what, const struct made *made)
{
    if (__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED) < 10)
        dprintf(2, "%s: %p, %zu bytes, alignment %zu\n", what, (void *)made->block, made->size, made->alignment);
}

/* Mostly small; now and then so large that it is mapped. */
static size_t random_size(uint64_t *random)
{
    uint64_t kind = next_random(random) % 100;
    return next_random(random) % (kind < 70 ? 200 : kind < 95 ? 8000 : kind < 99 ? 100000 : 600000);
}

/* All that is usable is written: a part of it that were somebody else's would be found by them. */
static void write_all(struct made *made, size_t asked)
{
    size_t usable = malloc_usable_size(made->block);
    if (usable < asked)
        wrong("usable", made);
    made->size = usable;
    fill(made->block, usable, made->seed);
}

static struct made *make(uint64_t *random)
{
    struct made *made = malloc(sizeof *made);
    size_t size = random_size(random), alignment = (size_t)1 << next_random(random) % 17;
    void *block = NULL;
    *made = (struct made){.alignment = 16, .seed = (unsigned)next_random(random)};
    if (alignment >= 32)
        made->alignment = alignment;
    switch (next_random(random) % 10) {
    case 0:
        block = calloc(size / 3 + 1, 3);
        if (!is_zero(block, size / 3 * 3))
            wrong("calloc", made);
        made->alignment = 16;
        break;
    case 1:
        MUST(posix_memalign(&block, made->alignment, size) == 0);
        break;
    case 2:
        block = aligned_alloc(made->alignment, (size + made->alignment - 1) & -made->alignment);
        break;
    case 3:
        block = memalign(made->alignment, size);
        break;
    case 4:
        block = valloc(size);
        made->alignment = 4096;
        break;
    case 5:
        block = reallocarray(NULL, size / 7 + 1, 7);
        made->alignment = 16;
        break;
    case 6:
        block = pvalloc(size);
        size = (size + 4095) & ~(size_t)4095;
        made->alignment = 4096;
        break;
    default:
        block = malloc(size);
        made->alignment = 16;
    }
    made->block = block;
    MUST(block != NULL);
    if ((uintptr_t)block % made->alignment != 0)
        wrong("alignment", made);
    write_all(made, size);
    return made;
}

static void resize(struct made *made, uint64_t *random)
{
    size_t size = 1 + random_size(random), kept = made->size < size ? made->size : size;
    unsigned char *block = realloc(made->block, size);
    MUST(block != NULL);
    made->block = block;
    made->alignment = 16;
    if (!holds(block, kept, made->seed))
        wrong("realloc", made);
    made->seed++;
    write_all(made, size);
}

static void look(const struct made *made)
{
    if (!holds(made->block, made->size, made->seed))
        wrong("contents", made);
}

static void drop(struct made *made)
{
    look(made);
    free(made->block);
    free(made);
}

static void *works(void *seed)
{
    uint64_t random = (uint64_t)(uintptr_t)seed * 0x9e3779b97f4a7c15 + 1;
    unsigned done = 0;
    for (; !__atomic_load_n(&stop, __ATOMIC_RELAXED); done++) {
        struct made **place = &slot[next_random(&random) % SLOTS];
        struct made *made = __atomic_exchange_n(place, NULL, __ATOMIC_ACQ_REL);
        uint64_t what = next_random(&random) % 4;
        if (made == NULL) {
            made = make(&random);
        } else if (what == 0) {
            drop(made);
            continue;
        } else if (what < 3) {
            look(made);
            resize(made, &random);
        }
        made = __atomic_exchange_n(place, made, __ATOMIC_ACQ_REL);
        if (made != NULL) /* another thread has put one there meanwhile */
            drop(made);
    }
    __atomic_fetch_add(&operations, done, __ATOMIC_RELAXED);
    return NULL;
}

static void *trims(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        malloc_trim(0);
        struct mallinfo2 info = mallinfo2();
        MUST(info.uordblks <= info.arena + info.hblkhd);
        nap(3);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread[THREADS_MOST], trimmer;
    MUST(argc >= 3);
    unsigned threads = (unsigned)atoi(argv[2]), seed = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
    MUST(threads <= THREADS_MOST);
    for (unsigned i = 0; i < threads; i++)
        MUST(pthread_create(&thread[i], NULL, works, (void *)(uintptr_t)(seed * 100 + i)) == 0);
    MUST(pthread_create(&trimmer, NULL, trims, NULL) == 0);
    nap((unsigned)atoi(argv[1]));
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < threads; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    MUST(pthread_join(trimmer, NULL) == 0);
    for (unsigned i = 0; i < SLOTS; i++)
        if (slot[i] != NULL)
            drop(slot[i]);
    printf("%s, %u bad\n", operations > 1000 ? "worked" : "hardly worked", bad);
    return 0;
}
