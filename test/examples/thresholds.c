/* Threads that allocate in many ways and places; thresholds, and a function that is told when they are passed; figures
 * of each thread; and a leak that tells itself apart from what only came and went. The scene of ASMalloc's test program
 * and of its paper on progressive leak detection (Aerospike), with what trackmalloc brings for it.
 *
 * There, each call is preceded by one that registers its type and place, from a table made of the sources; here, the
 * library knows both by itself, and a place is the block's call site. */
#include "counted.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORKERS = 5,
    WORKER_BLOCKS = 64, /* that each keeps */
    WORKER_ROUNDS = 2000,
    SIZE_MOST = 10000,
    STEP_BLOCKS = 64,
    STEP_BYTES = 4096,
    BLOCK_LIMIT = 99990,                     /* a block of so many bytes is told */
    CHANGE_LIMIT = STEP_BLOCKS * STEP_BYTES, /* and so many bytes more, or less, of one place */
    STEPS_MOST = 4
};

/* ---- threads that allocate ---- */

struct worker {
    pthread_t thread;
    unsigned seed;
    char *block[WORKER_BLOCKS];
    size_t size[WORKER_BLOCKS];
    struct tm_thread_info counted; /* what the library says of the thread, in its last moment */
};

static char *block_somehow(unsigned kind, char *old, size_t size)
{
    static const char text[SIZE_MOST];
    if (kind != 0)
        free(old);
    switch (kind) {
    case 0:
        return realloc(old, size);
    case 1:
        return calloc(size, 1);
    case 2:
        return aligned_alloc(64, size);
    case 3:
        return strndup(text, size - 1); /* of an empty text: one byte */
    default:
        return malloc(size);
    }
}

/* The scope tags all that the thread allocates, wherever. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    tm_scope(tm_tag_register("worker", NULL));
    for (unsigned round = 0; round < WORKER_ROUNDS; round++) {
        unsigned at = (unsigned)rand_r(&worker->seed) % WORKER_BLOCKS;
        unsigned kind = (unsigned)rand_r(&worker->seed) % 5;
        size_t size = 1 + (unsigned)rand_r(&worker->seed) % SIZE_MOST;
        worker->block[at] = block_somehow(kind, worker->block[at], size);
        worker->size[at] = kind == 3 ? 1 : size;
    }
    worker->counted.struct_size = sizeof worker->counted;
    if (tm_thread_stats(0, &worker->counted) != TM_OK)
        worker->counted.struct_size = 0;
    return NULL;
}

static void workers_run(void)
{
    static struct worker workers[WORKERS];
    size_t blocks = 0, bytes = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].seed = i + 1;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        const struct tm_counts *counts = &workers[i].counted.counts;
        size_t its_blocks = 0, its_bytes = 0;
        pthread_join(workers[i].thread, NULL);
        for (unsigned b = 0; b < WORKER_BLOCKS; b++) {
            its_blocks += workers[i].block[b] != NULL;
            its_bytes += workers[i].size[b];
        }
        printf("thread %u: %zu blocks, %zu bytes (trackmalloc: ", i, its_blocks, its_bytes);
        if (workers[i].counted.struct_size != 0)
            printf("%" PRIu64 " blocks, %" PRIu64 " bytes)\n", counts->live_blocks, counts->live_bytes);
        else
            printf("not tracked)\n");
        blocks += its_blocks;
        bytes += its_bytes;
    }
    printf("worker: %zu blocks, %zu bytes (trackmalloc: %s)\n", blocks, bytes,
           counted(tm_tag_register("worker", NULL)));
}

/* ---- places, and the evidence for a leak in each ---- */

struct place {
    const char *name;
    void *block[1 + STEPS_MOST * STEP_BLOCKS];
    unsigned blocks;
    unsigned rises, falls;  /* by the limit, that were told */
    uint64_t counted_bytes; /* when it was told last */
};

static struct place leak = {.name = "leak"}, batch = {.name = "batch"};

static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told_one = PTHREAD_COND_INITIALIZER;
static unsigned told;

static void tellings(unsigned one_more)
{
    told += one_more;
    pthread_cond_signal(&told_one);
    pthread_mutex_unlock(&told_lock);
}

/* A rise is evidence of a leak, which a fall takes back. */
static void place_changed(const struct tm_alarm_event *event, void *data)
{
    struct place *place = data;
    pthread_mutex_lock(&told_lock);
    if (event->change > 0)
        place->rises++;
    else
        place->falls++;
    place->counted_bytes = event->value;
    printf("%s: %+" PRId64 " bytes: %s\n", place->name, event->change,
           event->change > 0 ? "a leak, perhaps" : "never mind");
    tellings(1);
}

static void block_is_large(const struct tm_alarm_event *event, void *unused)
{
    char site[TM_SITE_NAME];
    (void)unused;
    pthread_mutex_lock(&told_lock);
    tm_site_name(event->site, site, sizeof site);
    printf("a block of %" PRIu64 " bytes, tag %s, at %s\n", event->value, tm_tag_name(event->tag), site);
    tellings(1);
}

/* Not inlined: each is one place. */
__attribute__((noinline)) static void leak_grow(unsigned blocks)
{
    for (; blocks > 0; blocks--)
        leak.block[leak.blocks++] = malloc(STEP_BYTES); /* kept only to be counted */
}

__attribute__((noinline)) static void batch_grow(unsigned blocks)
{
    for (; blocks > 0; blocks--)
        batch.block[batch.blocks++] = malloc(STEP_BYTES);
}

static void batch_end(void)
{
    while (batch.blocks > 1)
        free(batch.block[--batch.blocks]);
}

/* ---- thresholds ---- */

/* False: nobody will tell. */
static bool block_watch(void)
{
    const struct tm_alarm alarm = {
        .struct_size = sizeof alarm, .what = TM_ALARM_BLOCK, .bytes = BLOCK_LIMIT, .call = block_is_large};
    return tm_alarm_set(&alarm) > 0;
}

/* A place is named by a block that was allocated there. */
static bool place_watch(struct place *place)
{
    struct tm_block_info block = {.struct_size = sizeof block};
    struct tm_alarm alarm = {.struct_size = sizeof alarm,
                             .what = TM_ALARM_CHANGE,
                             .of = TM_OF_SITE,
                             .bytes = CHANGE_LIMIT,
                             .call = place_changed,
                             .data = place};
    if (tm_ask(place->block[0], &block) != TM_OK)
        return false;
    alarm.number = block.site;
    return tm_alarm_set(&alarm) > 0;
}

/* Alarms look four times a second. */
static void wait_until_told(unsigned number)
{
    pthread_mutex_lock(&told_lock);
    while (told < number)
        pthread_cond_wait(&told_one, &told_lock);
    pthread_mutex_unlock(&told_lock);
}

static void verdict(const struct place *place, bool watched)
{
    printf("%s: %u bytes (trackmalloc: ", place->name, place->blocks * STEP_BYTES);
    if (watched)
        printf("%" PRIu64 " bytes), %u rises, %u falls: %s\n", place->counted_bytes, place->rises, place->falls,
               place->rises > place->falls + 1 ? "it leaks" : "fine");
    else
        printf("not tracked)\n");
}

void *large; /* not static: a compiler leaves out a malloc and its free when it sees that nobody else looks */

/* Both places grow; only one comes down again. The other one goes on. */
static void leak_detect(void)
{
    leak_grow(1);
    batch_grow(1);
    bool watched = place_watch(&leak) && place_watch(&batch) && block_watch();

    leak_grow(STEP_BLOCKS);
    batch_grow(STEP_BLOCKS);
    wait_until_told(watched ? 2 : 0);

    leak_grow(STEP_BLOCKS);
    batch_end();
    wait_until_told(watched ? 4 : 0);

    leak_grow(STEP_BLOCKS);
    large = malloc(BLOCK_LIMIT);
    wait_until_told(watched ? 6 : 0);
    free(large);

    verdict(&leak, watched);
    verdict(&batch, watched);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts(tm_tag_count() != 0 ? "tracked" : "not tracked");
    tm_features(TM_FEATURE_MALLINFO, TM_FEATURE_THREADS); /* one section more in reports, one less */
    workers_run();
    leak_detect();
    fflush(stdout);
    tm_report(STDERR_FILENO); /* all figures, at any moment of the program's choice */
    return 0;
}
