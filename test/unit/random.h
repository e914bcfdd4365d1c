/* A fixed stream of random numbers: a failure comes again with its seed. */
#ifndef TM_TEST_RANDOM_H
#define TM_TEST_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do, 0 too. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* From 0 to limit - 1. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return random_next(state) % limit;
}

/* As often small as large: first how many bits (at most `bits`), then which. */
static inline uint64_t random_scaled(uint64_t *state, unsigned bits)
{
    return random_next(state) >> (63 - random_below(state, bits));
}

static inline bool random_one_in(uint64_t *state, uint64_t n)
{
    return random_below(state, n) == 0;
}

#endif
