/* What heaps do over time, made up: each stream is a subject with live bytes and blocks made and freed. */
#ifndef TM_TEST_STREAMS_H
#define TM_TEST_STREAMS_H

#include "random.h"

enum flags {
    WHITE,   /* noise that forgets: 10 % is its standard deviation */
    UNIFORM, /* at most 10 % off, each value as likely */
    SINE,    /* a slow swing of 10 %, with 2 % of noise on top */
    WALK,    /* a random walk between walls at 10 % */
    TEETH,   /* a cache that fills and is flushed, to heights that differ by a fifth */
    RAMP,    /* rises for `period`, then stays, with 2 % of noise */
    LEAK,    /* 10 % of white noise, and from `start` on a rise of `level` an hour times `slope` */
    SHAPES
};

struct stream {
    enum flags flags;
    double level;   /* bytes */
    double period;  /* seconds */
    double phase;   /* of it, 0 to 1 */
    double start;   /* seconds */
    double slope;   /* levels an hour */
    double traffic; /* blocks a second */
    double at;      /* a walk's place; a tooth's height */
    double tooth;
};

static inline double random_part(uint64_t *seed)
{
    return (double)(random_next(seed) >> 11) / (double)(1ull << 53);
}

/* Twelve uniform ones: mean 0, deviation 1, nearly normal (the tails end at 6). */
static inline double random_normal(uint64_t *seed)
{
    double sum = -6;
    for (unsigned i = 0; i < 12; i++)
        sum += random_part(seed);
    return sum;
}

/* sin(2 pi x), by Bhaskara's approximation (off by at most 0.002). */
static inline double sine(double x)
{
    x -= (double)(int64_t)x;
    const double half = x < 0.5 ? 2 * x : 2 * x - 1;
    const double bow = half * (1 - half);
    const double value = 16 * bow / (5 - 4 * bow);
    return x < 0.5 ? value : -value;
}

static inline double stream_walk(struct stream *stream, double step, uint64_t *seed)
{
    stream->at += (random_part(seed) - 0.5) * 0.02 * (step < 60 ? step / 5 : 12);
    if (stream->at > 0.1)
        stream->at = 0.2 - stream->at;
    if (stream->at < -0.1)
        stream->at = -0.2 - stream->at;
    stream->at = stream->at > 0.1 ? 0.1 : stream->at < -0.1 ? -0.1 : stream->at;
    return 1 + stream->at;
}

static inline double stream_teeth(struct stream *stream, double now, uint64_t *seed)
{
    const double teeth = now / stream->period + stream->phase;
    const double tooth = (double)(int64_t)teeth;
    if (tooth != stream->tooth || stream->at == 0) {
        stream->tooth = tooth;
        stream->at = 1 + 0.2 * (random_part(seed) - 0.5);
    }
    return stream->at * (0.05 + teeth - tooth);
}

static inline double stream_factor(struct stream *stream, double now, double step, uint64_t *seed)
{
    const double rising = now - stream->start;
    switch (stream->flags) {
    case WHITE:
        return 1 + 0.1 * random_normal(seed);
    case UNIFORM:
        return 0.9 + 0.2 * random_part(seed);
    case SINE:
        return 1 + 0.1 * sine(now / stream->period + stream->phase) + 0.02 * random_normal(seed);
    case WALK:
        return stream_walk(stream, step, seed);
    case TEETH:
        return stream_teeth(stream, now, seed);
    case RAMP:
        return (now < stream->period ? now / stream->period : 1) * (1 + 0.02 * random_normal(seed));
    case LEAK:
    default:
        return 1 + 0.1 * random_normal(seed) + (rising > 0 ? rising / 3600 * stream->slope : 0);
    }
}

#endif
