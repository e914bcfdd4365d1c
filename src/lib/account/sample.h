/* Sampling by bytes: a Poisson process along the bytes that a thread allocates marks points, `period` bytes apart on
 * average; a block is sampled when a point falls into it. So a block of s bytes is sampled with probability
 * 1 - e^(-s/period), and stands for the inverse of that: estimates add up without bias, whatever the sizes
 * (Google's tcmalloc and jemalloc sample this way).
 *
 * Pure: no globals, no libc. */
#ifndef TM_SAMPLE_H
#define TM_SAMPLE_H

#include "lib/sys/base.h"

enum { SAMPLE_WEIGHT_ONE = 1 << 16 }; /* a weight of one block; weights have 16 bits behind the point */

/* One thread's. */
struct sampler {
    uint64_t random; /* never 0 once it is seeded */
    int64_t left;    /* bytes up to the next point */
};

void sample_seed(struct sampler *sampler, uint64_t seed, uint64_t period);

/* The next point, from here on. */
void sample_next(struct sampler *sampler, uint64_t period);

/* How many blocks of that size one sampled block stands for; at least SAMPLE_WEIGHT_ONE. */
uint64_t sample_weight(uint64_t size, uint64_t period);

/* The same of a sampled block of that weight, once it has grown by so many bytes, into each of which a point might have
 * fallen. */
uint64_t sample_weight_grown(uint64_t weight, uint64_t by, uint64_t period);

/* What that many blocks of that size hold, in bytes. */
HOT uint64_t sample_bytes(uint64_t weight, uint64_t size)
{
    return (uint64_t)(((unsigned __int128)weight * size + SAMPLE_WEIGHT_ONE / 2) / SAMPLE_WEIGHT_ONE);
}

/* Whether a point falls into the thread's next `size` bytes. */
HOT bool sample_hits(struct sampler *sampler, uint64_t size, uint64_t period)
{
    sampler->left -= (int64_t)size;
    if (LIKELY(sampler->left >= 0))
        return false;
    sample_next(sampler, period);
    return true;
}

#endif
