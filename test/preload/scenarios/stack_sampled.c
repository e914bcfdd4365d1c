/* A few sites whose blocks are known to the last, and what estimates of them may differ by.
 *
 *   stack_sampled PERIOD keep | drop | threads | steady | resize
 *
 * Prints for each site SITE_blocks, SITE_bytes (live at the end) and the variance of each estimate, and the same of
 * all that was ever allocated (SITE_made_…). */
#include "frames.h"

#include <math.h>
#include <pthread.h>

enum { LIVE_MOST = 400000, THREADS = 4 };

static double period;
static void *live[LIVE_MOST];
static unsigned lives;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct sums {
    double blocks, bytes, blocks_variance, bytes_variance;
};

static void count(struct sums *sums, size_t size, double blocks)
{
    double share = -expm1(-(double)size / period);
    double variance = blocks * (1 - share) / share;
    sums->blocks += blocks;
    sums->bytes += blocks * (double)size;
    sums->blocks_variance += variance;
    sums->bytes_variance += variance * (double)size * (double)size;
}

static void print(const char *site, const char *what, const struct sums *sums)
{
    printf("%s%s_blocks=%.0f\n%s%s_bytes=%.0f\n", site, what, sums->blocks, site, what, sums->bytes);
    printf("%s%s_blocks_variance=%.0f\n%s%s_bytes_variance=%.0f\n", site, what, sums->blocks_variance, site, what,
           sums->bytes_variance);
}

static void remember(void *p)
{
    pthread_mutex_lock(&lock);
    MUST(p != NULL && lives < LIVE_MOST);
    live[lives++] = p;
    pthread_mutex_unlock(&lock);
}

#define SITE(name)               \
    FRAME void name(size_t size) \
    {                            \
        remember(malloc(size));  \
        STAY;                    \
    }

SITE(makes_small)
SITE(makes_medium)
SITE(makes_large)
SITE(makes_mixed)

FRAME void grows(size_t size)
{
    char *p = malloc(16);
    for (size_t bytes = 32; bytes <= size; bytes *= 2)
        p = realloc(p, bytes);
    remember(p);
    STAY;
}

struct site {
    const char *name;
    void (*make)(size_t size);
    size_t least, most; /* doubling from one to the other */
    unsigned blocks;    /* of each size */
};

static const struct site usual[] = {{"small", makes_small, 64, 64, 150000},
                                    {"medium", makes_medium, 1000, 1000, 20000},
                                    {"large", makes_large, 100000, 100000, 600},
                                    {"mixed", makes_mixed, 16, 65536, 2000}};

static void make(const struct site *site)
{
    for (unsigned i = 0; i < site->blocks; i++)
        for (size_t size = site->least; size <= site->most; size *= 2)
            site->make(size);
}

static void tell(const struct site *site, const char *what, double share)
{
    struct sums sums = {0};
    for (size_t size = site->least; size <= site->most; size *= 2)
        count(&sums, size, site->blocks * share);
    print(site->name, what, &sums);
}

static void *makes_all(void *unused)
{
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++)
        make(&usual[i]);
    return unused;
}

static void drop(void)
{
    while (lives > 0)
        free(live[--lives]);
}

static void tell_all(double made, double kept)
{
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++) {
        tell(&usual[i], "_made", made);
        tell(&usual[i], "", kept);
    }
}

/* Freed by a thread that made none of it. */
static void threads(void)
{
    pthread_t thread[THREADS];
    for (unsigned round = 0; round < THREADS; round += 2) {
        for (unsigned i = 0; i < 2; i++)
            MUST(pthread_create(&thread[i], NULL, makes_all, NULL) == 0);
        for (unsigned i = 0; i < 2; i++)
            pthread_join(thread[i], NULL);
        if (round == 0)
            drop();
    }
    tell_all(4, 2);
}

/* The same number of blocks is alive all the time; each is replaced a hundred times. */
static void steady(void)
{
    enum { BLOCKS = 20000, SIZE = 500, ROUNDS = 100 };
    const struct site site = {"small", makes_small, SIZE, SIZE, BLOCKS};
    make(&site);
    for (unsigned i = 0; i < ROUNDS * BLOCKS; i++) {
        unsigned victim = i * 7919u % BLOCKS;
        free(live[victim]);
        makes_small(SIZE);
        live[victim] = live[--lives];
    }
    tell(&site, "_made", ROUNDS + 1);
    tell(&site, "", 1);
}

int main(int argc, char **argv)
{
    MUST(argc == 3);
    period = strtod(argv[1], NULL);
    if (strcmp(argv[2], "threads") == 0) {
        threads();
    } else if (strcmp(argv[2], "steady") == 0) {
        steady();
    } else if (strcmp(argv[2], "resize") == 0) {
        const struct site site = {"grown", grows, 1 << 20, 1 << 20, 2000};
        make(&site);
        tell(&site, "_made", 1);
        tell(&site, "", 1);
    } else {
        makes_all(NULL);
        if (strcmp(argv[2], "drop") == 0)
            drop();
        tell_all(1, lives > 0);
    }
    return 0;
}
