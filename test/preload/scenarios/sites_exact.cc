/* 8 threads at random work through known functions, blocks going from hand to hand; the program keeps the truth about
 * each function, and says it.
 *
 *   sites_exact few    less than 1 KiB goes through any function
 *   sites_exact many   a million operations */
#include "blocks.h"

#include <new>
#include <pthread.h>

namespace
{

enum { THREADS = 8, PLACES = 64, MAILBOXES = 32 };

struct truth {
    int64_t live_blocks, live_bytes; /* of one thread's doing: may be negative */
    int64_t allocations, bytes;      /* a resized block counts at its last size */
};

/* How a block was made is who made it. */
struct item {
    void *p; /* null: an empty place */
    size_t size;
    unsigned site;
};

/* ---- the functions: each makes one call, and is called by nobody's tail ---- */

const char text[] = "some words of a known length, which are copied as far as a string is to be long: "
                    "a string of many words is a block of many bytes, and one of few words is one of few";

} // namespace

#define SITE extern "C" __attribute__((noinline)) void *

SITE site_malloc(size_t size)
{
    return hide(malloc(size));
}

SITE site_calloc(size_t size)
{
    return hide(calloc(size, 1));
}

SITE site_realloc(size_t size)
{
    return hide(realloc(NULL, size));
}

SITE site_memalign(size_t size)
{
    return hide(memalign(256, size));
}

SITE site_posix_memalign(size_t size)
{
    void *p = NULL;
    MUST(posix_memalign(&p, 64, size) == 0);
    return hide(p);
}

SITE site_strdup(size_t size)
{
    return hide(strdup(text + sizeof(text) - size % sizeof(text) - 1));
}

SITE site_strndup(size_t size)
{
    return hide(strndup(text, size % sizeof(text)));
}

SITE site_new(size_t size)
{
    return hide(::operator new(size));
}

SITE site_new_array(size_t size)
{
    return hide(::operator new[](size, std::nothrow));
}

SITE site_new_aligned(size_t size)
{
    return hide(::operator new(size, std::align_val_t(128)));
}

namespace
{

enum { STRDUP = 5, STRNDUP, NEW, NEW_ARRAY, NEW_ALIGNED, SITES };

void *(*const makers[SITES])(size_t) = {site_malloc, site_calloc,  site_realloc, site_memalign,  site_posix_memalign,
                                        site_strdup, site_strndup, site_new,     site_new_array, site_new_aligned};
const char *const names[SITES] = {"site_malloc",         "site_calloc",     "site_realloc", "site_memalign",
                                  "site_posix_memalign", "site_strdup",     "site_strndup", "site_new",
                                  "site_new_array",      "site_new_aligned"};

struct worker {
    uint64_t random;
    unsigned operations;
    unsigned most; /* bytes of a block */
    truth did[SITES];
    item *place[PLACES];
};

item items[THREADS][PLACES], spare[MAILBOXES];
item *mailbox[MAILBOXES];
worker workers[THREADS];
pthread_barrier_t barrier;

unsigned draw(worker *worker, unsigned below)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return (unsigned)(worker->random >> 20) % below;
}

void book(worker *worker, const item *item, int blocks, int64_t bytes)
{
    truth *did = &worker->did[item->site];
    did->live_blocks += blocks;
    did->live_bytes += bytes;
}

void make(worker *worker, item *item)
{
    size_t size = draw(worker, draw(worker, 8) ? worker->most / 8 + 1 : worker->most);
    item->site = draw(worker, SITES);
    item->p = makers[item->site](size);
    MUST(item->p != NULL);
    bool is_text = item->site == STRDUP || item->site == STRNDUP;
    item->size = is_text ? strlen((char *)item->p) + 1 : size;
    book(worker, item, 1, (int64_t)item->size);
    worker->did[item->site].allocations++;
    worker->did[item->site].bytes += (int64_t)item->size;
}

/* Counts where the block was made: not here. */
void resize(worker *worker, item *item)
{
    size_t size = draw(worker, worker->most) + 1;
    if (item->site >= NEW)
        return;
    item->p = realloc(item->p, size);
    MUST(item->p != NULL);
    int64_t more = (int64_t)size - (int64_t)item->size;
    book(worker, item, 0, more);
    worker->did[item->site].bytes += more;
    item->size = size;
}

void drop(worker *worker, item *item)
{
    if (item->site == NEW)
        ::operator delete(item->p);
    else if (item->site == NEW_ARRAY)
        ::operator delete[](item->p);
    else if (item->site == NEW_ALIGNED)
        ::operator delete(item->p, std::align_val_t(128));
    else
        free(item->p);
    item->p = NULL;
    book(worker, item, -1, -(int64_t)item->size);
}

void operate(worker *worker)
{
    item **place = &worker->place[draw(worker, PLACES)];
    unsigned what = draw(worker, 10);
    if (what == 0)
        *place = __atomic_exchange_n(&mailbox[draw(worker, MAILBOXES)], *place, __ATOMIC_ACQ_REL);
    else if ((*place)->p == NULL)
        make(worker, *place);
    else if (what < 4)
        resize(worker, *place);
    else
        drop(worker, *place);
}

void *run(void *argument)
{
    auto *worker = static_cast<struct worker *>(argument);
    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < worker->operations; i++)
        operate(worker);
    pthread_barrier_wait(&barrier);
    return NULL;
}

void say(unsigned site)
{
    truth all = {0, 0, 0, 0};
    for (const worker &worker : workers) {
        all.live_blocks += worker.did[site].live_blocks;
        all.live_bytes += worker.did[site].live_bytes;
        all.allocations += worker.did[site].allocations;
        all.bytes += worker.did[site].bytes;
    }
    dprintf(1, "%s.live_blocks=%jd\n%s.live_bytes=%jd\n", names[site], (intmax_t)all.live_blocks, names[site],
            (intmax_t)all.live_bytes);
    dprintf(1, "%s.allocations=%jd\n%s.bytes=%jd\n", names[site], (intmax_t)all.allocations, names[site],
            (intmax_t)all.bytes);
}

} // namespace

int main(int argc, char **argv)
{
    bool many = argc > 1 && strcmp(argv[1], "many") == 0;
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned i = 0; i < MAILBOXES; i++)
        mailbox[i] = &spare[i];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].random = 0x9E3779B97F4A7C15u * (i + 1);
        workers[i].operations = many ? 125000 : 40;
        workers[i].most = many ? 20000 : 24;
        for (unsigned place = 0; place < PLACES; place++)
            workers[i].place[place] = &items[i][place];
        MUST(pthread_create(&threads[i], NULL, run, &workers[i]) == 0);
    }
    for (pthread_t thread : threads)
        pthread_join(thread, NULL);
    for (unsigned site = 0; site < SITES; site++)
        say(site);
    return 0;
}
