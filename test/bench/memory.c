/* Cases that print resident bytes; only the difference to bare means anything. Where a case prints growth, it is that
 * of written pages. And one that prints what a report costs a process that has much to report. */
#include "bench.h"
#include "sites.h"

#include <pthread.h>

static void must(int error)
{
    if (error) {
        fprintf(stderr, "%s\n", strerror(error));
        exit(1);
    }
}

/* Bytes a block. */
static double blocks(void *unused, long count)
{
    (void)unused;
    void **block = malloc((size_t)count * sizeof *block);
    memset(block, 0, (size_t)count * sizeof *block);
    double before = bench_written();
    for (long i = 0; i < count; i++)
        block[i] = bench_use(malloc(64));
    return (bench_written() - before) / (double)count;
}

/* Bytes of the whole process. */
static double hello(void *unused, long argument)
{
    (void)unused, (void)argument;
    fprintf(stderr, "hello, world\n");
    free(bench_use(malloc(100)));
    return bench_resident();
}

/* Threads that have done their work and wait. */
static pthread_barrier_t ready, leave;

/* Threads with small stacks, as many that wait have; and 500 of them fit everywhere. */
static void threads_start(pthread_t *threads, long count, void *(*run)(void *))
{
    pthread_attr_t attributes;
    must(pthread_barrier_init(&ready, NULL, (unsigned)count + 1));
    must(pthread_barrier_init(&leave, NULL, (unsigned)count + 1));
    must(pthread_attr_init(&attributes));
    must(pthread_attr_setstacksize(&attributes, 256 << 10));
    for (long i = 0; i < count; i++)
        must(pthread_create(&threads[i], &attributes, run, NULL));
    must(pthread_attr_destroy(&attributes));
    pthread_barrier_wait(&ready);
}

static void threads_join(const pthread_t *threads, long count)
{
    pthread_barrier_wait(&leave);
    for (long i = 0; i < count; i++)
        must(pthread_join(threads[i], NULL));
}

static void *allocate_thrice(void *unused)
{
    (void)unused;
    void *block[3];
    for (int i = 0; i < 3; i++)
        block[i] = bench_use(bench_site[i](100));
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&leave);
    for (int i = 0; i < 3; i++)
        free(block[i]);
    return NULL;
}

/* Bytes a thread. */
static double idle_threads(void *unused, long count)
{
    (void)unused;
    pthread_t threads[count];
    double before = bench_written();
    threads_start(threads, count, allocate_thrice);
    double after = bench_written();
    threads_join(threads, count);
    return (after - before) / (double)count;
}

static void visit_sites(void)
{
    for (int i = 0; i < SITES; i++)
        free(bench_use(bench_site[i](64)));
}

/* Bytes of all call sites. */
static double sites(void *unused, long visits)
{
    (void)unused;
    double before = bench_written();
    while (visits--)
        visit_sites();
    return bench_written() - before;
}

static void *allocate_shortly(void *unused)
{
    struct bench_random random = bench_seed(7);
    for (int i = 0; i < 100; i++)
        free(bench_use(malloc(bench_size(&random))));
    return unused;
}

static void churn(long threads)
{
    while (threads--) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, allocate_shortly, NULL));
        must(pthread_join(thread, NULL));
    }
}

/* Bytes that so many threads, one after another, leave behind. The first ones fill caches that do not grow, and the
 * first snapshot for other processes is made meanwhile. */
static double churn_growth(void *unused, long threads)
{
    (void)unused;
    churn(2000);
    bench_sleep(0.6);
    double before = bench_written();
    churn(threads);
    return bench_written() - before;
}

static void *visit_and_wait(void *unused)
{
    visit_sites();
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&leave);
    return unused;
}

/* Nanoseconds of CPU that this process spends in two idle seconds, with 100 threads that have each allocated from
 * 5,000 sites: the preloaded library's own work. */
static double reports(void *unused, long count)
{
    (void)unused;
    pthread_t threads[count];
    threads_start(threads, count, visit_and_wait);
    double start = bench_cpu();
    bench_sleep(2);
    double spent = bench_cpu() - start;
    threads_join(threads, count);
    return spent * 1e9;
}

static const struct bench_case cases[] = {
    {"rss-block", 1000000, NULL, NULL, blocks},         {"rss-hello", 0, NULL, NULL, hello},
    {"rss-idle-thread", 500, NULL, NULL, idle_threads}, {"rss-5000-sites", 3, NULL, NULL, sites},
    {"rss-churn", 20000, NULL, NULL, churn_growth},     {"reports", 100, NULL, NULL, reports},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
