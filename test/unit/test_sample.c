/* Sampling: the estimates that its weights give, against what streams of known blocks hold. Seeds are fixed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/account/sample.h"
#include "random.h"

/* One sampled block of no bytes is as one of one byte: malloc(0) is a block, too. */
static const uint64_t sizes[] = {1, 16, 100, 4096, 65536, 524288, 3000000, 100000000};
static const uint64_t periods[] = {1, 4096, 524288, 1073741824};

static void weights_are_the_inverse_of_the_probability(void **state)
{
    (void)state;
    for (size_t p = 0; p < ARRAY_LENGTH(periods); p++)
        for (size_t s = 0; s < ARRAY_LENGTH(sizes); s++) {
            double exact = SAMPLE_WEIGHT_ONE / -expm1(-(double)sizes[s] / (double)periods[p]);
            double weight = (double)sample_weight(sizes[s], periods[p]);
            assert_true(fabs(weight - exact) <= 0.51 + exact * 1e-9);
        }
    assert_int_equal(sample_weight(0, 4096), sample_weight(1, 4096));
    assert_int_equal(sample_weight(UINT64_MAX / 2, 1073741824), SAMPLE_WEIGHT_ONE);
}

static void bytes_do_not_overflow(void **state)
{
    (void)state;
    assert_int_equal(sample_bytes(SAMPLE_WEIGHT_ONE, 0x7fffffffffff), 0x7fffffffffff);
    assert_int_equal(sample_bytes(3 * SAMPLE_WEIGHT_ONE / 2, 3), 5); /* 4.5, to the nearest */
}

/* The gaps between points: their mean is the period, and the share of those beyond n periods is e^-n. */
static void gaps_are_exponential(void **state)
{
    (void)state;
    enum { GAPS = 400000, PERIOD = 65536 };
    struct sampler sampler;
    sample_seed(&sampler, 1, PERIOD);
    double sum = 0;
    unsigned beyond[4] = {0};
    for (unsigned i = 0; i < GAPS; i++) {
        sample_next(&sampler, PERIOD);
        assert_true(sampler.left >= 0);
        sum += (double)sampler.left;
        for (unsigned n = 1; n < 4; n++)
            beyond[n] += sampler.left > (int64_t)n * PERIOD;
    }
    assert_true(fabs(sum / GAPS - PERIOD) < 5 * PERIOD / sqrt(GAPS));
    for (unsigned n = 1; n < 4; n++) {
        double share = exp(-(double)n);
        double error = sqrt(share * (1 - share) / GAPS);
        assert_true(fabs((double)beyond[n] / GAPS - share) < 5 * error + 1.0 / PERIOD);
    }
}

struct stream {
    uint64_t least, most; /* sizes, evenly in between */
    uint64_t blocks;
};

/* Estimates over a stream against its truth, with the error that theory gives: the variance of a sampled block's
 * share is (weight - 1) times its square. Five such errors are passed once in two million streams. */
static void assert_estimated(const struct stream *stream, uint64_t period, uint64_t seed)
{
    struct sampler sampler;
    sample_seed(&sampler, seed, period);
    double blocks = 0, bytes = 0, true_bytes = 0, variance_blocks = 0, variance_bytes = 0;
    for (uint64_t i = 0; i < stream->blocks; i++) {
        uint64_t size = stream->least + random_below(&seed, (unsigned)(stream->most - stream->least + 1));
        double odds = (double)sample_weight(size, period) / SAMPLE_WEIGHT_ONE - 1;
        true_bytes += (double)size;
        variance_blocks += odds;
        variance_bytes += odds * (double)size * (double)size;
        if (!sample_hits(&sampler, size, period))
            continue;
        uint64_t weight = sample_weight(size, period);
        blocks += (double)weight / SAMPLE_WEIGHT_ONE;
        bytes += (double)sample_bytes(weight, size);
    }
    assert_true(fabs(blocks - (double)stream->blocks) <= 5 * sqrt(variance_blocks) + 1);
    assert_true(fabs(bytes - true_bytes) <= 5 * sqrt(variance_bytes) + 1);
}

static void estimates_are_unbiased(void **state)
{
    (void)state;
    static const struct stream streams[] = {
        {16, 16, 2000000},       /* far below the period */
        {1, 512, 1000000},       /* as programs mix them */
        {4096, 200000, 100000},  /* around it */
        {500000, 600000, 20000}, /* nearly each is sampled */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++)
        for (uint64_t seed = 1; seed <= 10; seed++)
            assert_estimated(&streams[i], 65536, seed);
}

/* Grown at once or in steps, a block weighs what one weighs that was made so large. */
static void growth_weighs_as_size_does(void **state)
{
    (void)state;
    enum { PERIOD = 65536 };
    uint64_t at_once = sample_weight_grown(sample_weight(16, PERIOD), 100000 - 16, PERIOD);
    uint64_t weight = sample_weight(1000, PERIOD);
    for (unsigned size = 1000; size < 100000; size += 1000)
        weight = sample_weight_grown(weight, 1000, PERIOD);
    assert_true(llabs((int64_t)(at_once - sample_weight(100000, PERIOD))) <= 1);
    assert_true(llabs((int64_t)(weight - sample_weight(100000, PERIOD))) <= 100);
    assert_int_equal(sample_weight_grown(5 * SAMPLE_WEIGHT_ONE, 0, PERIOD), 5 * SAMPLE_WEIGHT_ONE);
    assert_int_equal(sample_weight_grown(SAMPLE_WEIGHT_ONE, 1000, PERIOD), SAMPLE_WEIGHT_ONE);
    assert_int_equal(sample_weight_grown(UINT64_MAX / 2, UINT64_MAX / 2, PERIOD), SAMPLE_WEIGHT_ONE);
}

/* Two kinds of blocks in one stream are told apart by their sums: the small ones are not eaten up by the large. */
static void kinds_in_one_stream_keep_their_shares(void **state)
{
    (void)state;
    enum { PERIOD = 16384, BLOCKS = 2000000 };
    struct sampler sampler;
    uint64_t seed = 7;
    sample_seed(&sampler, seed, PERIOD);
    double estimated[2] = {0}, actual[2] = {0};
    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned large = random_one_in(&seed, 100);
        uint64_t size = large ? 8000 : 40;
        actual[large]++;
        if (sample_hits(&sampler, size, PERIOD))
            estimated[large] += (double)sample_weight(size, PERIOD) / SAMPLE_WEIGHT_ONE;
    }
    for (unsigned kind = 0; kind < 2; kind++) {
        double odds = (double)sample_weight(kind ? 8000 : 40, PERIOD) / SAMPLE_WEIGHT_ONE - 1;
        assert_true(fabs(estimated[kind] - actual[kind]) <= 5 * sqrt(odds * actual[kind]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_the_inverse_of_the_probability),
        cmocka_unit_test(bytes_do_not_overflow),
        cmocka_unit_test(gaps_are_exponential),
        cmocka_unit_test(estimates_are_unbiased),
        cmocka_unit_test(growth_weighs_as_size_does),
        cmocka_unit_test(kinds_in_one_stream_keep_their_shares),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
