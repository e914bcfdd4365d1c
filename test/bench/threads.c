/* Cases of many threads: what is measured is the wall time, for threads also lose by waiting for each other. */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { LINE = 64, WORKERS_MAX = 64 };

static void must(int error)
{
    if (error) {
        fprintf(stderr, "%s\n", strerror(error));
        exit(1);
    }
}

/* Workers live as long as the process, and work from `begin` until `stop`; between two slices they wait, for it is
 * another process's turn. */
struct worker {
    _Alignas(LINE) uint64_t number;
    uint64_t operations; /* of this slice */
    void **slots;
    void (*work)(struct worker *worker);
};

static struct worker workers[WORKERS_MAX];
static unsigned worker_count;
static pthread_barrier_t begin, end;
static _Alignas(LINE) atomic_bool stop;

static void *worker_live(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        pthread_barrier_wait(&begin);
        worker->operations = 0;
        worker->work(worker);
        pthread_barrier_wait(&end);
    }
    return NULL;
}

static void workers_start(unsigned count)
{
    worker_count = count;
    must(pthread_barrier_init(&begin, NULL, count + 1));
    must(pthread_barrier_init(&end, NULL, count + 1));
    for (unsigned i = 0; i < count; i++) {
        pthread_t thread;
        workers[i].number = i;
        must(pthread_create(&thread, NULL, worker_live, &workers[i]));
        must(pthread_detach(thread));
    }
}

/* Nanoseconds of wall time an operation, whoever did it. */
static double workers_measure(void *unused, long argument)
{
    (void)unused, (void)argument;
    atomic_store(&stop, false);
    double start = bench_wall();
    pthread_barrier_wait(&begin);
    bench_sleep(bench_seconds);
    atomic_store(&stop, true);
    pthread_barrier_wait(&end);
    double spent = bench_wall() - start;
    uint64_t operations = 0;
    for (unsigned i = 0; i < worker_count; i++)
        operations += workers[i].operations;
    return spent * 1e9 / (double)operations;
}

static bool stopped(void)
{
    return atomic_load_explicit(&stop, memory_order_relaxed);
}

/* ---- a server, after P. Larson's benchmark: each thread replaces random blocks of an array, and hands the array on;
 * the next one frees what this one allocated. */

enum { SLOTS = 1000, SERVER_BATCH = 1000 };

static _Alignas(LINE) _Atomic(void **) mailbox; /* always holds the array that nobody works on */

static void **slots_make(void)
{
    void **slots = malloc(SLOTS * sizeof *slots);
    struct bench_random random = bench_seed(4);
    for (int i = 0; i < SLOTS; i++)
        slots[i] = bench_use(malloc(bench_size(&random)));
    return slots;
}

static void serve(struct worker *worker)
{
    struct bench_random random = bench_seed(worker->number);
    void **slots = worker->slots;
    uint64_t operations = 0;
    while (!stopped()) {
        for (int i = 0; i < SERVER_BATCH; i++) {
            void **slot = &slots[bench_below(&random, SLOTS)];
            free(*slot);
            *slot = bench_use(malloc(bench_size(&random)));
        }
        operations += SERVER_BATCH;
        slots = atomic_exchange_explicit(&mailbox, slots, memory_order_acq_rel);
    }
    worker->slots = slots;
    worker->operations = operations;
}

static void *servers_make(long count)
{
    atomic_store(&mailbox, slots_make());
    for (long i = 0; i < count; i++) {
        workers[i].slots = slots_make();
        workers[i].work = serve;
    }
    workers_start((unsigned)count);
    return NULL;
}

/* ---- a pipe: one thread allocates, the other frees. */

enum { PIPE_SLOTS = 4096, PIPE_BATCH = 64 };

static void *pipe_slot[PIPE_SLOTS];
static _Alignas(LINE) atomic_ulong pipe_written; /* released by the producer, acquired by the consumer */
static _Alignas(LINE) atomic_ulong pipe_read;    /* the other way round */

static void produce(struct worker *worker)
{
    static struct bench_random random = {88172645463325252u};
    unsigned long written = atomic_load(&pipe_written);
    while (!stopped()) {
        if (written + PIPE_BATCH - atomic_load_explicit(&pipe_read, memory_order_acquire) > PIPE_SLOTS) {
            sched_yield();
            continue;
        }
        for (int i = 0; i < PIPE_BATCH; i++)
            pipe_slot[written++ % PIPE_SLOTS] = bench_use(malloc(bench_size(&random)));
        atomic_store_explicit(&pipe_written, written, memory_order_release);
        worker->operations += PIPE_BATCH;
    }
}

static void consume(struct worker *unused)
{
    (void)unused;
    unsigned long read = atomic_load(&pipe_read);
    while (!stopped()) {
        unsigned long written = atomic_load_explicit(&pipe_written, memory_order_acquire);
        if (read == written)
            sched_yield();
        while (read != written)
            free(pipe_slot[read++ % PIPE_SLOTS]);
        atomic_store_explicit(&pipe_read, read, memory_order_release);
    }
}

static void *pipe_make(long count)
{
    workers[0].work = produce;
    workers[1].work = consume;
    workers_start((unsigned)count);
    return NULL;
}

/* ---- short-lived threads. */

static void *live_shortly(void *unused)
{
    struct bench_random random = bench_seed(6);
    void *block[100];
    for (int i = 0; i < 100; i++)
        block[i] = bench_use(malloc(bench_size(&random)));
    for (int i = 0; i < 100; i++)
        free(block[i]);
    return unused;
}

static double churn(void *unused, long at_once)
{
    (void)unused, (void)at_once;
    uint64_t threads = 0;
    double start = bench_wall(), now;
    do {
        for (int i = 0; i < 50; i++, threads++) {
            pthread_t thread;
            must(pthread_create(&thread, NULL, live_shortly, NULL));
            must(pthread_join(thread, NULL));
        }
        now = bench_wall();
    } while (now - start < bench_seconds);
    return (now - start) * 1e9 / (double)threads;
}

static const struct bench_case cases[] = {
    {"server-2", 2, servers_make, NULL, workers_measure},
    {"server-8", 8, servers_make, NULL, workers_measure},
    {"pipe", 2, pipe_make, NULL, workers_measure},
    {"churn", 1, NULL, NULL, churn},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
