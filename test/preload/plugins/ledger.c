#define _GNU_SOURCE
#include "ledger.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _Exit(99);                                                      \
        }                                                                   \
    } while (0)

enum { THREADS_MAX = 16, TABLE = 512, MAILBOXES = 64, LIST_MAX = 200000, LISTS = 32 };

struct item {
    unsigned char *p; /* NULL: an empty place */
    size_t size;
    unsigned char mark; /* stands in the first and the last byte */
};

struct worker {
    uint64_t random;
    unsigned operations;
    size_t allocations;
    struct item *table[TABLE];
};

static struct item items[THREADS_MAX][TABLE];
static struct item spare[MAILBOXES];
static struct item *mailbox[MAILBOXES];
static struct worker workers[THREADS_MAX];
static pthread_barrier_t barrier;

static unsigned draw(struct worker *worker, unsigned below)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return (unsigned)(worker->random >> 20) % below;
}

/* Each power of two as often as the next; one in 300 large enough for a mapping of its own. */
static size_t draw_size(struct worker *worker)
{
    if (draw(worker, 300) == 0)
        return 130000 + draw(worker, 200000);
    return draw(worker, 2u << draw(worker, 14));
}

/* ---- one block ---- */

static void mark(struct item *item, unsigned char with)
{
    item->mark = with;
    if (item->size > 0)
        item->p[0] = item->p[item->size - 1] = with;
}

static void check(const struct item *item)
{
    MUST(item->size == 0 || (item->p[0] == item->mark && item->p[item->size - 1] == item->mark));
    MUST(malloc_usable_size(item->p) >= item->size);
}

static void make(struct worker *worker, struct item *item)
{
    void *p = NULL;
    size_t size = draw_size(worker);
    size_t alignment = (size_t)8 << draw(worker, 10);
    switch (draw(worker, 12)) {
    case 0:
        p = calloc(1, size);
        break;
    case 1:
        p = calloc(size, 1);
        break;
    case 2:
        p = memalign(alignment, size);
        break;
    case 3:
        p = aligned_alloc(alignment, size);
        break;
    case 4:
        MUST(posix_memalign(&p, alignment, size) == 0);
        break;
    case 5:
        p = realloc(NULL, size);
        break;
    case 6:
        p = reallocarray(NULL, 1, size);
        break;
    case 7:
        p = draw(worker, 8) ? malloc(size) : valloc(size);
        break;
    default:
        p = malloc(size);
    }
    MUST(p != NULL);
    item->p = p;
    item->size = size;
    mark(item, (unsigned char)draw(worker, 256));
    worker->allocations++;
}

static void resize(struct worker *worker, struct item *item)
{
    size_t size = draw_size(worker) + 1;
    unsigned char first = item->size > 0 ? item->p[0] : 0;
    void *p = draw(worker, 4) ? realloc(item->p, size) : reallocarray(item->p, size, 1);
    MUST(p != NULL);
    item->p = p;
    MUST(item->size == 0 || item->p[0] == first);
    item->size = size;
    mark(item, (unsigned char)draw(worker, 256));
}

static void drop(struct worker *worker, struct item *item)
{
    if (draw(worker, 10) == 0)
        MUST(realloc(item->p, 0) == NULL);
    else
        free(item->p);
    item->p = NULL;
}

static void operate(struct worker *worker)
{
    struct item **place = &worker->table[draw(worker, TABLE)];
    struct item *item = *place;
    unsigned what = draw(worker, 10);
    if (what == 0) {
        *place = __atomic_exchange_n(&mailbox[draw(worker, MAILBOXES)], item, __ATOMIC_ACQ_REL);
    } else if (item->p == NULL) {
        make(worker, item);
    } else {
        check(item);
        if (what < 4)
            resize(worker, item);
        else
            drop(worker, item);
    }
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < worker->operations; i++)
        operate(worker);
    pthread_barrier_wait(
        &barrier); /* nobody ends before all have begun: how many there are at once is no matter of luck */
    return NULL;
}

/* ---- all of them ---- */

static void wave(unsigned threads)
{
    pthread_t thread[THREADS_MAX];
    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++)
        MUST(pthread_create(&thread[i], NULL, run, &workers[i]) == 0);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

static unsigned row_of(size_t size)
{
    unsigned row = 0;
    for (size_t above = 4; row < LEDGER_ROWS - 1 && size >= above; above *= 2)
        row++;
    return row;
}

static void account(struct ledger *truth, size_t size)
{
    truth->live_blocks++;
    truth->live_bytes += size;
    truth->sizes[row_of(size)]++;
}

static void finish(struct ledger *truth, struct item *item, bool keep)
{
    if (item->p == NULL)
        return;
    check(item);
    if (keep)
        account(truth, item->size);
    else
        free(item->p);
}

struct ledger ledger_random(unsigned threads, unsigned operations, bool keep)
{
    struct ledger truth = {0};
    for (unsigned i = 0; i < MAILBOXES; i++)
        mailbox[i] = &spare[i];
    for (unsigned i = 0; i < threads; i++) {
        workers[i].random = 0x9E3779B97F4A7C15u * (i + 1);
        workers[i].operations = operations;
        for (unsigned t = 0; t < TABLE; t++)
            workers[i].table[t] = &items[i][t];
    }
    wave(threads);
    wave(threads);
    for (unsigned i = 0; i < threads; i++) {
        truth.allocations += workers[i].allocations;
        for (unsigned t = 0; t < TABLE; t++)
            finish(&truth, workers[i].table[t], keep);
    }
    for (unsigned i = 0; i < MAILBOXES; i++)
        finish(&truth, mailbox[i], keep);
    return truth;
}

struct ledger ledger_size_rows(bool keep)
{
    static struct item made[2000];
    struct ledger truth = {0};
    unsigned n = 0;
    for (unsigned row = 0; row < LEDGER_ROWS; row++) {
        size_t least = row == 0 ? 0 : (size_t)2 << row, last = ((size_t)4 << row) - 1;
        for (unsigned i = 0; i < 10 + row; i++, n++)
            made[n].p = malloc(made[n].size = least);
        for (unsigned i = 0; i < 5 + 2 * row; i++, n++)
            made[n].p = calloc(1, made[n].size = last);
        for (unsigned i = 0; i < 7; i++, n++) { /* came from the rows beside it */
            made[n].p = malloc(i % 2 ? least / 2 : last * 2);
            made[n].p = realloc(made[n].p, made[n].size = least + 1);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        MUST(made[i].p != NULL);
        mark(&made[i], 'm');
        truth.allocations++;
        finish(&truth, &made[i], keep);
    }
    return truth;
}

/* ---- lists ---- */

struct ledger_list {
    unsigned count;
    void *block[LIST_MAX];
};

struct ledger_list *ledger_list(void)
{
    static struct ledger_list lists[LISTS];
    static unsigned next;
    unsigned mine = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
    MUST(mine < LISTS);
    return &lists[mine];
}

void ledger_add(struct ledger_list *list, unsigned n, size_t size)
{
    MUST(list->count + n <= LIST_MAX);
    for (unsigned i = 0; i < n; i++) {
        void *p = malloc(size);
        MUST(p != NULL);
        list->block[list->count++] = p;
    }
}

void ledger_drop(struct ledger_list *list, unsigned n)
{
    MUST(n <= list->count);
    for (unsigned i = 0; i < n; i++)
        free(list->block[--list->count]);
}

void ledger_resize(struct ledger_list *list, size_t size)
{
    for (unsigned i = 0; i < list->count; i++) {
        list->block[i] = realloc(list->block[i], size);
        MUST(list->block[i] != NULL);
    }
}

void ledger_print(const struct ledger *truth)
{
    printf("allocations=%zu\nlive_blocks=%zu\nlive_bytes=%zu\n", truth->allocations, truth->live_blocks,
           truth->live_bytes);
    for (unsigned i = 0; i < LEDGER_ROWS; i++)
        printf("size%u=%zu\n", i, truth->sizes[i]);
}
