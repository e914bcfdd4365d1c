/* Every kind of allocation at random, by eight threads that hand blocks to each other; what lives in the end is less
 * than a KiB on each stack, so that a report tells it to the byte. Then blocks around the size from which they are
 * huge, and a child that goes on with what it has inherited. */
#include "frames.h"

#include <initializer_list>
#include <new>

#include <pthread.h>

namespace
{

enum kind { MALLOC, CALLOC, ALIGNED, STRDUP, NEW, NEW_ARRAY, NEW_ALIGNED, NEW_NOTHROW, KINDS };

enum { THREADS = 8, OPERATIONS = 20000, PLACES = 500 };

struct item {
    void *p;
    size_t size, alignment;
    kind made;
    unsigned seed;
};

item places[PLACES];
pthread_mutex_t locks[PLACES];

unsigned draw(uint64_t &random, unsigned below)
{
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return (unsigned)(random >> 20) % below;
}
} // namespace

extern "C" {

FRAME void by_malloc(item *item)
{
    item->p = malloc(item->size);
    STAY;
}

FRAME void by_calloc(item *item)
{
    item->p = calloc(1, item->size);
    MUST(is_zero(item->p, item->size));
    STAY;
}

FRAME void by_alignment(item *item)
{
    errno = 77;
    MUST(posix_memalign(&item->p, item->alignment, item->size) == 0 && errno == 77);
    STAY;
}

FRAME void by_strdup(item *item)
{
    char text[200];
    item->size = item->size % sizeof text;
    item->size += item->size == 0;
    memset(text, 'x', item->size - 1);
    text[item->size - 1] = 0;
    item->p = strdup(text);
    STAY;
}

FRAME void by_new(item *item)
{
    item->p = ::operator new(item->size);
    STAY;
}

FRAME void by_new_array(item *item)
{
    item->p = ::operator new[](item->size);
    STAY;
}

FRAME void by_aligned_new(item *item)
{
    item->p = ::operator new(item->size, std::align_val_t(item->alignment));
    STAY;
}

FRAME void by_nothrow_new(item *item)
{
    item->p = ::operator new(item->size, std::nothrow);
    STAY;
}

FRAME void by_realloc(item *item, size_t size)
{
    size_t kept = size < item->size ? size : item->size;
    item->p = realloc(item->p, size);
    MUST(item->p != NULL && holds(item->p, kept, item->seed));
    item->size = size;
    item->alignment = 16;
    STAY;
}
}

static void make(item &item, uint64_t &random)
{
    static void (*const makes[KINDS])(struct item *) = {by_malloc, by_calloc,    by_alignment,   by_strdup,
                                                        by_new,    by_new_array, by_aligned_new, by_nothrow_new};
    item.made = (kind)draw(random, KINDS);
    item.size = 1 + draw(random, 2u << draw(random, 15));
    item.alignment = item.made == ALIGNED || item.made == NEW_ALIGNED ? (size_t)16 << draw(random, 10) : 16;
    makes[item.made](&item);
    MUST(item.p != NULL && (uintptr_t)item.p % item.alignment == 0 && malloc_usable_size(item.p) >= item.size);
    item.seed = draw(random, 256);
    fill(item.p, item.size, item.seed);
}

static void drop(item &item)
{
    errno = 55;
    MUST(holds(item.p, item.size, item.seed));
    if (item.made == NEW || item.made == NEW_NOTHROW)
        ::operator delete(item.p);
    else if (item.made == NEW_ARRAY)
        ::operator delete[](item.p);
    else if (item.made == NEW_ALIGNED)
        ::operator delete(item.p, std::align_val_t(item.alignment));
    else
        free(item.p);
    MUST(errno == 55);
    item.p = NULL;
}

static void operate(uint64_t &random)
{
    unsigned at = draw(random, PLACES);
    pthread_mutex_lock(&locks[at]);
    item &item = places[at];
    if (item.p == NULL) {
        make(item, random);
    } else if (item.made < STRDUP && draw(random, 2)) {
        by_realloc(&item, 1 + draw(random, 2u << draw(random, 15)));
        item.seed = draw(random, 256);
        fill(item.p, item.size, item.seed);
    } else {
        drop(item);
    }
    pthread_mutex_unlock(&locks[at]);
}

static void *work(void *number)
{
    uint64_t random = 0x9E3779B97F4A7C15u * ((uintptr_t)number + 1);
    for (unsigned i = 0; i < OPERATIONS; i++)
        operate(random);
    return NULL;
}

/* Untouched but for their ends, so that they need no memory. */
static void huge()
{
    const size_t boundary = 0x7fff0000;
    char *p = (char *)malloc(100);
    fill(p, 100, 1);
    for (size_t size : {boundary - 1, boundary, boundary + 4096, (size_t)200, (size_t)5 << 30, (size_t)100}) {
        p = (char *)realloc(p, size);
        MUST(p != NULL && holds(p, 100, 1) && malloc_usable_size(p) >= size);
        p[size - 1] = size > 100 ? 1 : p[size - 1];
    }
    char *q = (char *)calloc(1, (size_t)3 << 30);
    MUST(q != NULL && q[0] == 0 && q[(size_t)3 << 29] == 0);
    free(q);
    void *aligned = NULL;
    MUST(posix_memalign(&aligned, 1 << 21, boundary + 1) == 0 && (uintptr_t)aligned % (1 << 21) == 0);
    aligned = realloc(aligned, 50);
    MUST(aligned != NULL);
}

static void child_goes_on()
{
    uint64_t random = 1;
    for (item &item : places)
        if (item.p != NULL)
            drop(item);
    for (unsigned i = 0; i < 100; i++)
        keeps(5);
    item one;
    make(one, random);
    drop(one);
}

int main()
{
    pthread_t thread[THREADS];
    for (pthread_mutex_t &lock : locks)
        pthread_mutex_init(&lock, NULL);
    for (uintptr_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (pthread_t each : thread)
        pthread_join(each, NULL);
    huge();
    pid_t child = fork();
    if (child == 0) {
        child_goes_on();
        exit(7);
    }
    MUST(WEXITSTATUS(finish(child)) == 7);
    for (item &item : places)
        if (item.p != NULL)
            drop(item);
    return 0;
}
