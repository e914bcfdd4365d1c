/* What the benchmark programs share: their command line, a fixed-seed generator, clocks, and the measuring loop. C and
 * C++. */
#ifndef TM_BENCH_H
#define TM_BENCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The same sequence in every process (xorshift64). */
struct bench_random {
    uint64_t state;
};

static inline struct bench_random bench_seed(uint64_t seed)
{
    struct bench_random random = {0x9E3779B97F4A7C15u * (seed + 1)};
    return random;
}

static inline uint32_t bench_next(struct bench_random *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)(random->state >> 32);
}

/* Evenly from 0 to limit - 1, without a division. */
static inline uint32_t bench_below(struct bench_random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)bench_next(random) * limit >> 32);
}

/* Sizes as programs mix them: 16 to 512 bytes. */
static inline size_t bench_size(struct bench_random *random)
{
    return 16 + bench_below(random, 497);
}

/* Makes the compiler believe that the block is used, and uses it: a program writes to what it allocates. */
static inline void *bench_use(void *p)
{
    *(volatile char *)p = 1;
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static inline double bench_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* CPU time of all threads of this process: being preempted does not count, a thread of the preloaded library does. */
static inline double bench_cpu(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static inline double bench_wall(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

static inline void bench_sleep(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* Does so many operations. */
typedef void bench_batch(void *state, uint64_t operations);

/* Measures once, and gives nanoseconds an operation or bytes: its case's name tells. */
typedef double bench_slice(void *state, long argument);

struct bench_case {
    const char *name;
    long argument;
    void *(*setup)(long argument); /* makes the state; NULL: the state is the argument's address */
    bench_batch *batch;            /* what is measured, in CPU time; */
    bench_slice *slice;            /* or how, where that does not fit */
};

static double bench_seconds = 0.004; /* of a slice */

/* Nanoseconds of CPU an operation. Between two slices other processes had the caches, so a quarter of the time goes
 * into warming up; that also tells how many operations fill the slice, and no clock is read while it runs. */
static inline double bench_measure(bench_batch *batch, void *state)
{
    uint64_t warm = 0;
    double start = bench_cpu(), now;
    do {
        batch(state, 1000);
        warm += 1000;
        now = bench_cpu();
    } while (now - start < bench_seconds / 4);

    uint64_t operations = 1 + (uint64_t)((double)warm * bench_seconds / (now - start));
    start = bench_cpu();
    batch(state, operations);
    return (bench_cpu() - start) * 1e9 / (double)operations;
}

/* The sum of some rows of /proc/self/smaps_rollup, in bytes, without allocating. It is exact; statm may lag by some
 * pages a processor. */
static inline double bench_rollup(const char *row, const char *other_row)
{
    char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = 0;
    const char *found = strstr(text, row), *other = strstr(text, other_row);
    if (!found || !other) {
        fprintf(stderr, "no %s in /proc/self/smaps_rollup\n", row + 1);
        exit(1);
    }
    return 1024 * (strtod(found + strlen(row), NULL) + (other == found ? 0 : strtod(other + strlen(other_row), NULL)));
}

static inline double bench_resident(void)
{
    return bench_rollup("\nRss:", "\nRss:");
}

/* Resident bytes that the process has written. Unlike all resident ones, they do not grow by the pages of program files
 * that the kernel maps at its own discretion. */
static inline double bench_written(void)
{
    return bench_rollup("\nShared_Dirty:", "\nPrivate_Dirty:");
}

static inline void bench_run(const struct bench_case *chosen, void *state)
{
    printf("%.3f\n", chosen->batch ? bench_measure(chosen->batch, state) : chosen->slice(state, chosen->argument));
    fflush(stdout);
}

/* The only thing that callgrind is told to count (instructions.sh): so neither start-up is in it nor warming up. */
static __attribute__((noinline, unused)) void bench_counted(bench_batch *batch, void *state, uint64_t operations)
{
    batch(state, operations);
    __asm__ volatile(""); /* not a jump: it returns here */
}

/* A library that starts a thread, or has caches to fill, does so before: until its thread first runs, which may take
 * callgrind any time, trackmalloc reads the clock itself and is not on its usual path. */
static inline void bench_count(bench_batch *batch, void *state, uint64_t operations)
{
    batch(state, 20000);
    bench_sleep(1);
    batch(state, 20000);
    bench_counted(batch, state, operations);
}

/* PROGRAM CASE                 one slice, one number on stdout
 * PROGRAM CASE SECONDS         the same, of that length
 * PROGRAM CASE SECONDS -       a slice for every byte on stdin: so slices of several processes take turns
 * PROGRAM CASE OPERATIONSx     exactly so many operations, no number: to count instructions */
static inline int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count)
{
    const struct bench_case *chosen = NULL;
    for (size_t i = 0; argc > 1 && i < count; i++)
        if (strcmp(cases[i].name, argv[1]) == 0)
            chosen = &cases[i];
    if (!chosen) {
        fprintf(stderr, "usage: %s CASE [SECONDS [-] | OPERATIONSx]\n", argv[0]);
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, "  %s\n", cases[i].name);
        return 2;
    }

    long argument = chosen->argument;
    void *state = chosen->setup ? chosen->setup(argument) : &argument;
    char *unit = NULL;
    double limit = argc > 2 ? strtod(argv[2], &unit) : bench_seconds;
    if (unit && *unit == 'x' && chosen->batch) {
        bench_count(chosen->batch, state, (uint64_t)limit);
        return 0;
    }
    bench_seconds = limit;
    if (argc < 4) {
        bench_run(chosen, state);
        return 0;
    }
    char turn;
    while (read(STDIN_FILENO, &turn, 1) == 1)
        bench_run(chosen, state);
    return 0;
}

#endif
