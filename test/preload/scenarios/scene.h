/* What the scenario programs about threads, processes and output share. They know nothing of the library: each
 * prints what it found on stdout, and ends with status 99 when the scene itself could not be set. */
#ifndef TM_TEST_SCENE_H
#define TM_TEST_SCENE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUST(condition)                                                                     \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            dprintf(2, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno)); \
            _exit(99);                                                                      \
        }                                                                                   \
    } while (0)

static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sleeps that long whatever signals come. */
static inline void nap(unsigned ms)
{
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* A block whose every byte has been written. */
static inline void *block(size_t size)
{
    void *p = malloc(size);
    MUST(p != NULL);
    memset(p, 0x5a, size);
    return p;
}

/* Pairs of malloc and free, of sizes from 16 to 1,000. */
static inline void churn(unsigned pairs)
{
    for (unsigned i = 0; i < pairs; i++)
        free(block(16 + i * 7 % 985));
}

/* Allocates a little every 10 ms. */
static inline void work(double how_long)
{
    for (double end = seconds() + how_long; seconds() < end; nap(10))
        churn(20);
}

/* Threads of this process, counted without an allocation. */
static inline unsigned tasks(void)
{
    struct stat directory;
    MUST(stat("/proc/self/task", &directory) == 0);
    return (unsigned)directory.st_nlink - 2;
}

/* waitpid, to its end. */
static inline int finish(pid_t child)
{
    int status = -1;
    MUST(child > 0);
    while (waitpid(child, &status, 0) != child)
        MUST(errno == EINTR);
    return status;
}

static inline void say_outcome(const char *what, int status)
{
    if (WIFSIGNALED(status))
        dprintf(1, "%s: signal %d\n", what, WTERMSIG(status));
    else
        dprintf(1, "%s: exit %d\n", what, WEXITSTATUS(status));
}

/* The file's beginning, zero-ended; its length. */
static inline size_t slurp(const char *path, char *text, size_t capacity)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got;
    MUST(file >= 0);
    while (length < capacity - 1 && (got = read(file, text + length, capacity - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = 0;
    close(file);
    return length;
}

#endif
