#include "sample.h"

/* xorshift64* (Sebastiano Vigna, 2014). */
static uint64_t random_next(struct sampler *sampler)
{
    uint64_t x = sampler->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    sampler->random = x;
    return x * 0x2545F4914F6CDD1Du;
}

/* -ln(u) for a fraction u = value / 2^53 above 0: by the exponent, and the area tangent's series for the rest, whose
 * argument is below 1/3: its last term here is below 1e-9. */
static double minus_ln(uint64_t value)
{
    enum { BITS = 53, TERMS = 17 };
    unsigned exponent = log2_floor(value);
    double mantissa = (double)value / (double)(1ull << exponent); /* 1 <= mantissa < 2 */
    double t = (mantissa - 1) / (mantissa + 1);
    double power = t;
    double sum = 0;
    for (unsigned term = 1; term <= TERMS; term += 2) {
        sum += power / term;
        power *= t * t;
    }
    return ((double)BITS - exponent) * 0.693147180559945309 - 2 * sum;
}

/* 1 - e^(-x): by e^(-x) = (e^(-x/2^n))^(2^n), computed as its distance to 1, which keeps small x exact. */
static double one_minus_exp(double x)
{
    enum { TERMS = 10 };
    unsigned halvings = 0;
    while (x > 0.125) { /* NOLINT(clang-analyzer-security.FloatLoopCounter): counts how often */
        x /= 2;
        halvings++;
    }
    double term = x;
    double sum = x;
    for (unsigned n = 2; n <= TERMS; n++)
        sum += term *= -x / n;
    for (; halvings > 0; halvings--)
        sum *= 2 - sum; /* 1 - (1 - s)^2 */
    return sum;
}

void sample_next(struct sampler *sampler, uint64_t period)
{
    uint64_t fraction = (random_next(sampler) >> 11) + 1; /* 1 to 2^53 */
    sampler->left = (int64_t)(minus_ln(fraction) * (double)period);
}

void sample_seed(struct sampler *sampler, uint64_t seed, uint64_t period)
{
    sampler->random = seed * 0x9E3779B97F4A7C15u | 1;
    random_next(sampler); /* neighbouring seeds begin alike */
    random_next(sampler);
    sample_next(sampler, period);
}

uint64_t sample_weight(uint64_t size, uint64_t period)
{
    if (size >= 64 * period)
        return SAMPLE_WEIGHT_ONE; /* e^-64 does not show in 16 bits */
    double share = one_minus_exp((double)(size > 0 ? size : 1) / (double)period);
    return (uint64_t)(SAMPLE_WEIGHT_ONE / share + 0.5);
}

uint64_t sample_weight_grown(uint64_t weight, uint64_t by, uint64_t period)
{
    if (by >= 64 * period)
        return SAMPLE_WEIGHT_ONE;
    double share = SAMPLE_WEIGHT_ONE / (double)weight;
    share += (1 - share) * one_minus_exp((double)by / (double)period);
    return (uint64_t)(SAMPLE_WEIGHT_ONE / share + 0.5);
}
