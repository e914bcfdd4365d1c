/* What everybody held some time ago, against streams that tell the time by what they hold; and who is suspected, over
 * many seeded days of steady programs and of leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/collect/growth.h"
#include "streams.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, NOISY = 200 };

static const uint64_t windows[SNAPSHOT_WINDOWS] = {MINUTE, 10 * MINUTE, HOUR, DAY};

static int start(void **state)
{
    (void)state;
    growth_reset();
    return 0;
}

static struct snapshot_past take(uint32_t subject, uint64_t number, uint64_t live)
{
    struct snapshot_past past;
    const struct growth_reading reading = {.subject = subject, .number = number, .live_bytes = live};
    memset(&past, 0xee, sizeof past);
    growth_take(&reading, &past);
    return past;
}

/* ---- what was held ---- */

/* A subject that holds a byte for each ms of its time tells when it was read. Returns the windows known at the end. */
static uint32_t assert_moments(uint64_t interval, uint64_t until, unsigned irregular)
{
    uint64_t seed = interval;
    uint32_t known = 0;
    growth_reset();
    for (uint64_t now = interval; now < until; now += interval + (irregular ? random_below(&seed, irregular) : 0)) {
        growth_begin(now);
        const struct snapshot_past past = take(SNAPSHOT_TOTAL, 0, now);
        for (unsigned i = 0; i < SNAPSHOT_WINDOWS; i++) {
            if ((past.known >> i & 1) == 0)
                continue;
            assert_in_range(past.live_bytes[i] + windows[i], now - windows[i] / 10, now + windows[i] / 10);
        }
        known = past.known;
    }
    return known;
}

static void the_past_is_near_the_moment(void **state)
{
    (void)state;
    static const struct {
        uint64_t interval;
        unsigned irregular;
        uint32_t known;
    } cases[] = {{100, 0, 3},    {1000, 0, 7},     {5000, 0, 15},    {5000, 1000, 15},
                 {10000, 0, 15}, {45000, 0, 14},   {60000, 0, 15},   {10 * MINUTE, 0, 14},
                 {HOUR, 0, 12},  {6 * HOUR, 0, 8}, {25 * HOUR, 0, 8}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint64_t until = cases[i].interval < 1000   ? 12 * MINUTE
                               : cases[i].interval < 5000 ? 2 * HOUR
                                                          : 30 * (uint64_t)DAY;
        assert_int_equal(
            assert_moments(cases[i].interval, until < 20000 * cases[i].interval ? until : 2 * DAY, cases[i].irregular),
            cases[i].known);
    }
}

/* At the standard interval each window is known as soon as the process is old enough, and from then on. */
static void windows_are_known_from_the_first_moment_on(void **state)
{
    (void)state;
    for (uint64_t now = 5 * SECOND; now < 2 * DAY; now += 5 * SECOND) {
        growth_begin(now);
        const struct snapshot_past past = take(SNAPSHOT_TOTAL, 0, 1);
        for (unsigned i = 0; i < SNAPSHOT_WINDOWS; i++)
            assert_int_equal(past.known >> i & 1, now >= windows[i]);
    }
}

static void who_was_not_there_held_nothing(void **state)
{
    (void)state;
    struct snapshot_past past;
    for (uint64_t now = SECOND; now <= 20 * MINUTE; now += SECOND) {
        growth_begin(now);
        take(SNAPSHOT_TOTAL, 0, 7000);
        if (now > 15 * MINUTE)
            past = take(SNAPSHOT_TAG, 5, 5000);
    }
    assert_int_equal(past.known, 3);
    assert_int_equal(past.live_bytes[0], 5000);
    assert_int_equal(past.live_bytes[1], 0);
}

static void after_a_long_stop_the_last_minute_is_not_known(void **state)
{
    (void)state;
    uint64_t now = 0;
    for (unsigned i = 0; i < 1000; i++) {
        growth_begin(now += 5 * SECOND);
        take(SNAPSHOT_TOTAL, 0, now);
    }
    growth_begin(now += DAY - HOUR);
    assert_int_equal(take(SNAPSHOT_TOTAL, 0, now).known, 1 << 3);
    for (unsigned i = 0; i < 13; i++) {
        growth_begin(now += 5 * SECOND);
        const struct snapshot_past past = take(SNAPSHOT_TOTAL, 0, now);
        assert_int_equal(past.known & 1, i >= 10); /* 55 s, within a tenth */
        assert_int_equal(past.known & 6, 0);
    }
    growth_begin(now + 100 * (uint64_t)DAY);
    assert_int_equal(take(SNAPSHOT_TOTAL, 0, 1).known, 0);
}

static void time_never_goes_back(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        growth_begin(HOUR + 5 * SECOND * i);
        take(SNAPSHOT_TOTAL, 0, 4000);
        growth_begin(i); /* counts as the last moment */
        assert_int_equal(take(SNAPSHOT_TOTAL, 0, 4000).known & 1, i >= 11);
    }
}

static void a_forked_child_begins_anew(void **state)
{
    (void)state;
    for (uint64_t now = SECOND; now < 2 * HOUR; now += 5 * SECOND) {
        growth_begin(now);
        take(SNAPSHOT_TAG, 1, now);
    }
    growth_reset();
    assert_int_equal(growth_resident(), 0);
    growth_begin(3 * SECOND);
    assert_int_equal(take(SNAPSHOT_TAG, 1, 5).known, 0);
    growth_begin(62 * SECOND);
    const struct snapshot_past past = take(SNAPSHOT_TAG, 1, 50);
    assert_int_equal(past.known, 1);
    assert_int_equal(past.live_bytes[0], 5);
}

/* ---- places ---- */

/* More subjects than places, other ones in every phase: nobody is told another's past. */
static void places_are_handed_on(void **state)
{
    (void)state;
    enum { PHASES = 6, ROUNDS = 40, SETTLED = 20 };
    uint64_t now = 0;
    for (uint64_t phase = 0; phase < PHASES; phase++)
        for (unsigned round = 0; round < ROUNDS; round++) {
            unsigned known = 0;
            growth_begin(now += 5 * SECOND);
            for (uint64_t n = 0; n < GROWTH_SUBJECTS + 500; n++) {
                const uint64_t live = 10000 + n + phase * 100000;
                const struct snapshot_past past = take(SNAPSHOT_SITE, phase << 32 | n, live);
                known += past.known != 0;
                if (past.known != 0 && past.live_bytes[0] != live)
                    assert_true(past.live_bytes[0] == 0 && round <= SETTLED);
            }
            if (round > SETTLED)
                assert_int_equal(known, GROWTH_SUBJECTS);
        }
}

static void newcomers_drive_nobody_out(void **state)
{
    (void)state;
    for (uint64_t now = SECOND; now < 5 * MINUTE; now += 5 * SECOND) {
        growth_begin(now);
        for (uint64_t n = 0; now > 2 * MINUTE && n < 300; n++)
            assert_int_equal(take(SNAPSHOT_SITE, now << 32 | n, 9999).known, 0);
        for (uint64_t n = 0; n < GROWTH_SUBJECTS; n++) {
            const struct snapshot_past past = take(SNAPSHOT_SITE, n, 8000 + n);
            assert_int_equal(past.known, now >= MINUTE);
            assert_int_equal(past.live_bytes[0], past.known ? 8000 + n : 0);
        }
    }
}

/* Ten minutes of a table full of subjects with `live` bytes each; then none of them is there any more. */
static uint64_t fill_places(uint64_t live)
{
    uint64_t now = 0;
    while (now < 10 * MINUTE) {
        growth_begin(now += 5 * SECOND);
        for (uint64_t n = 0; n < GROWTH_SUBJECTS; n++)
            take(SNAPSHOT_TAG, n, live);
    }
    growth_begin(now += 5 * SECOND);
    return now;
}

static void a_place_does_not_hide_its_next_subject(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    uint64_t now = fill_places((uint64_t)1 << 40);
    for (uint64_t live = 100000; live < 2600000; live += 100000) {
        growth_begin(now += 5 * SECOND);
        take(SNAPSHOT_SITE, 1, live);
    }
    assert_int_equal(growth_suspects(out), 1);
}

static void a_place_lends_no_history(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    uint64_t now = fill_places(10000);
    for (uint64_t live = 1000000; live < 1001000; live++) {
        growth_begin(now += 5 * SECOND);
        take(SNAPSHOT_SITE, 1, live);
        assert_int_equal(growth_suspects(out), 0);
    }
}

static void the_same_number_of_another_kind_is_another(void **state)
{
    (void)state;
    struct snapshot_past past[3];
    for (uint64_t now = SECOND; now < 3 * MINUTE; now += 5 * SECOND) {
        growth_begin(now);
        for (uint32_t subject = SNAPSHOT_TOTAL; subject <= SNAPSHOT_SITE; subject++)
            past[subject] = take(subject, 77, 10000 * (subject + 1));
    }
    for (uint32_t subject = SNAPSHOT_TOTAL; subject <= SNAPSHOT_SITE; subject++)
        assert_int_equal(past[subject].live_bytes[0], 10000 * (subject + 1));
}

static void small_sites_take_no_place(void **state)
{
    (void)state;
    for (uint64_t now = SECOND; now < 3 * MINUTE; now += 5 * SECOND) {
        growth_begin(now);
        for (uint64_t n = 0; n < 10000; n++)
            assert_int_equal(take(SNAPSHOT_SITE, n, GROWTH_WORTH - 1).known, 0);
        assert_int_equal(take(SNAPSHOT_SITE, 10000, GROWTH_WORTH).known, now >= MINUTE);
        assert_int_equal(take(SNAPSHOT_TAG, 1, 1).known, now >= MINUTE);
    }
    assert_in_range(growth_resident(), 1, 1 << 20);
}

/* ---- suspects ---- */

struct world {
    uint64_t seed;
    double now;
    unsigned count;
    struct stream stream[GROWTH_SUBJECTS];
    struct snapshot_suspect suspect[SNAPSHOT_SUSPECTS];
};

static struct world *world_new(uint64_t seed, unsigned count, unsigned shapes)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->seed = seed;
    world->count = count;
    for (unsigned i = 0; i < count; i++)
        world->stream[i] = (struct stream){.flags = i % shapes,
                                           .level = 10000.0 * (double)(1 << i % 12),
                                           .period = 20 + 80000 * random_part(&world->seed),
                                           .phase = random_part(&world->seed),
                                           .traffic = 100000};
    growth_reset();
    return world;
}

/* One round; returns how many suspects there are. Blocks are of 100 bytes. */
static unsigned world_step(struct world *world, double seconds)
{
    struct snapshot_past past;
    world->now += seconds;
    growth_begin((uint64_t)(world->now * 1000));
    for (unsigned i = 0; i < world->count; i++) {
        struct stream *stream = &world->stream[i];
        const double factor = stream_factor(stream, world->now, seconds, &world->seed);
        const uint64_t live = factor < 0 ? 0 : (uint64_t)(stream->level * factor);
        const uint64_t made = live / 100 + (uint64_t)(world->now * stream->traffic);
        const struct growth_reading reading = {SNAPSHOT_SITE, i, SNAPSHOT_NONE, i, live, made, made - live / 100};
        growth_take(&reading, &past);
    }
    return growth_suspects(world->suspect);
}

static void assert_none(uint64_t seed, unsigned count, unsigned shapes, double interval, double days)
{
    struct world *world = world_new(seed, count, shapes);
    while (world->now < days * 86400)
        if (world_step(world, interval) != 0)
            fail_msg("seed %u: at %.0f s subject %u of shape %d is suspected", (unsigned)seed, world->now,
                     world->suspect[0].row, (int)world->stream[world->suspect[0].row].flags);
    free(world);
}

static void steady_programs_have_no_suspects(void **state)
{
    (void)state;
    assert_none(1, 100, WALK + 1, 5, 2);
    assert_none(2, 100, WALK + 1, 60, 20);
    assert_none(3, 50, WALK + 1, 3600, 200);
}

/* The first minutes are the hardest: little is known yet. */
static void no_suspects_over_many_starts(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 40; seed++) {
        assert_none(seed, 1000, WHITE + 1, 5, 0.008);
        assert_none(seed, NOISY, WALK + 1, 0.5, 0.0015);
        assert_none(seed, NOISY, WALK + 1, 5, 0.015);
        assert_none(seed, NOISY, WALK + 1, 30, 0.1);
    }
}

/* Flushed every minute or faster: never. Slower ones are known after their second flush. */
static void caches_that_are_flushed(void **state)
{
    (void)state;
    for (uint64_t seed = 50; seed < 54; seed++) {
        struct world *world = world_new(seed, 60, 1);
        for (unsigned i = 0; i < world->count; i++) {
            world->stream[i].flags = TEETH;
            world->stream[i].period = i < 30 ? 10 + 1.5 * i : 120 * (i - 29);
        }
        while (world->now < 3 * 7200) {
            const unsigned suspects = world_step(world, 5);
            for (unsigned n = 0; n < suspects; n++) {
                const struct stream *stream = &world->stream[world->suspect[n].row];
                if (stream->period < 60 || world->now > 3 * stream->period)
                    fail_msg("seed %u: at %.0f s a cache flushed each %.0f s is suspected", (unsigned)seed, world->now,
                             stream->period);
            }
        }
        free(world);
    }
}

/* What fills up and stays is cleared after as long as it took, and two minutes. */
static void what_fills_and_stays_is_cleared(void **state)
{
    (void)state;
    static const double ramps[] = {20, 60, 300, 1000, 3600, 20000};
    for (unsigned i = 0; i < sizeof ramps / sizeof *ramps; i++) {
        struct world *world = world_new(60 + i, 20, 1);
        bool suspected = false;
        for (unsigned n = 0; n < world->count; n++) {
            world->stream[n].flags = RAMP;
            world->stream[n].period = ramps[i];
        }
        while (world->now < 10 * ramps[i] + 1000) {
            const bool now = world_step(world, 5) != 0;
            suspected = suspected || now;
            if (now && world->now > 2 * ramps[i] + 120)
                fail_msg("filled in %.0f s, suspected at %.0f s", ramps[i], world->now);
        }
        assert_int_equal(suspected, ramps[i] >= 60); /* while it fills, it looks like a leak */
        free(world);
    }
}

/* One leak among noise is the only suspect: found in time, and told in eight of ten reports from then on. */
static void assert_found(uint64_t seed, double start, double slope, double interval, double within)
{
    struct world *world = world_new(seed, NOISY, WALK + 1);
    unsigned told = 0, rounds = 0;
    double found = 0;
    world->stream[17] = (struct stream){.flags = LEAK, .level = 1e6, .start = start, .slope = slope, .traffic = 1e5};
    while (world->now < start + 2 * within) {
        const unsigned suspects = world_step(world, interval);
        assert_true(suspects == 0 || (suspects == 1 && world->suspect[0].row == 17));
        if (found == 0 && suspects > 0)
            found = world->now - start;
        told += found > 0 && suspects > 0;
        rounds += found > 0;
    }
    if (found == 0 || found > within || told * 10 < rounds * 8)
        fail_msg("seed %u, slope %.2f: found after %.0f s, told in %u of %u", (unsigned)seed, slope, found, told,
                 rounds);
    free(world);
}

static void a_leak_is_found_in_time(void **state)
{
    (void)state;
    for (uint64_t seed = 70; seed < 75; seed++) {
        assert_found(seed, 0, 60, 5, 120);  /* doubles in a minute */
        assert_found(seed, 0, 60, 0.5, 70); /* looked at more often */
        assert_found(seed, 0, 18, 5, 300);  /* 1 % of a traffic of thirty times what lives, each minute */
        assert_found(seed, 0, 6, 5, 900);   /* a tenth a minute */
        assert_found(seed, 0, 1, 5, 2 * 3600);
    }
    assert_found(75, 0, 0.1, 60, 12 * 3600);
}

static void a_leak_that_starts_late_is_found(void **state)
{
    (void)state;
    for (uint64_t seed = 80; seed < 83; seed++) {
        assert_found(seed, 1800, 60, 5, 300);
        assert_found(seed, 7200, 6, 5, 900);
    }
}

/* Slower than any but the hour can see, for a day. */
static void a_slow_leak_is_told_all_day(void **state)
{
    (void)state;
    assert_found(90, 0, 0.5, 30, 43200);
}

/* ---- the evidence ---- */

struct growing {
    uint64_t live;
    uint64_t made;
    uint64_t freed;
};

static unsigned rise(uint32_t subject, struct growing step, struct snapshot_suspect out[SNAPSHOT_SUSPECTS])
{
    unsigned suspects = 0;
    struct snapshot_past past;
    growth_reset();
    for (uint64_t i = 1; i <= 30; i++) {
        growth_begin(i * 5 * SECOND);
        growth_take(
            &(struct growth_reading){subject, 3, SNAPSHOT_NONE, 9, step.live * i, step.made * i, step.freed * i},
            &past);
        suspects = growth_suspects(out);
    }
    return suspects;
}

static void blocks_must_not_be_freed_as_they_come(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    assert_int_equal(rise(SNAPSHOT_SITE, (struct growing){10000, 100, 99}, out), 1);
    assert_int_equal(rise(SNAPSHOT_SITE, (struct growing){10000, 100, 100}, out), 0);
    assert_int_equal(rise(SNAPSHOT_SITE, (struct growing){10000, 100, 101}, out), 0);
    assert_int_equal(rise(SNAPSHOT_SITE, (struct growing){10000, 0, 0}, out), 1); /* one buffer that only grows */
    assert_int_equal(rise(SNAPSHOT_SITE, (struct growing){100, 1, 0}, out), 0);   /* not worth a line */
    assert_int_equal(rise(SNAPSHOT_TOTAL, (struct growing){10000, 100, 0}, out), 0);
}

static void the_evidence_says_what_happened(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    assert_int_equal(rise(SNAPSHOT_TAG, (struct growing){50000, 10, 4}, out), 1);
    assert_int_equal(out[0].subject, SNAPSHOT_TAG);
    assert_int_equal(out[0].row, 3);
    const uint64_t rounds = out[0].span_ms / (5 * SECOND);
    assert_in_range(rounds, 10, 30);
    assert_int_equal(out[0].made_blocks, 10 * rounds);
    assert_int_equal(out[0].freed_blocks, 4 * rounds);
    assert_in_range(out[0].risen_bytes, 25000 * rounds, 50000 * rounds);
    assert_int_equal(out[0].bytes_per_hour, out[0].risen_bytes * HOUR / out[0].span_ms);
}

static void numbers_without_bounds_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 100;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    struct snapshot_past past;
    uint64_t now = 0;
    for (unsigned round = 0; round < 2000; round++) {
        growth_begin(now += random_scaled(&seed, 50));
        for (unsigned i = 0; i < 50; i++)
            growth_take(&(struct growth_reading){(uint32_t)random_below(&seed, 4), i, i, random_below(&seed, 60),
                                                 random_next(&seed), random_next(&seed), random_next(&seed)},
                        &past);
        assert_in_range(growth_suspects(out), 0, SNAPSHOT_SUSPECTS);
    }
}

/* More leaks than the list holds: the fastest are told, in their order, and no tag that they explain. */
static void the_strongest_come_first(void **state)
{
    (void)state;
    enum { LEAKS = 40 };
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    struct snapshot_past past;
    unsigned suspects = 0;
    for (uint64_t i = 1; i <= 30; i++) {
        growth_begin(i * 5 * SECOND);
        growth_take(&(struct growth_reading){SNAPSHOT_TAG, 0, SNAPSHOT_NONE, 0, 1 << 20, 7, 7}, &past);
        for (uint32_t n = 0; n < LEAKS; n++)
            growth_take(&(struct growth_reading){SNAPSHOT_SITE, n, 1, 500 + n, i * 10000 * (1 + n * 7 % LEAKS), i, 0},
                        &past);
        suspects = growth_suspects(out);
    }
    assert_int_equal(suspects, SNAPSHOT_SUSPECTS);
    for (unsigned n = 0; n < SNAPSHOT_SUSPECTS; n++)
        assert_int_equal(out[n].row * 7 % LEAKS, LEAKS - 1 - n);
}

static unsigned tag_and_sites(uint64_t tag_step, uint64_t site_step, struct snapshot_suspect out[SNAPSHOT_SUSPECTS])
{
    struct snapshot_past past;
    unsigned suspects = 0;
    growth_reset();
    for (uint64_t i = 1; i <= 30; i++) {
        growth_begin(i * 5 * SECOND);
        growth_take(&(struct growth_reading){SNAPSHOT_TAG, 4, SNAPSHOT_NONE, 0, tag_step * i, i, 0}, &past);
        growth_take(&(struct growth_reading){SNAPSHOT_SITE, 5, 4, 0, site_step * i, i, 0}, &past);
        growth_take(&(struct growth_reading){SNAPSHOT_SITE, 6, 3, 1, site_step * i, i, 0}, &past); /* another tag's */
        suspects = growth_suspects(out);
    }
    return suspects;
}

static void a_tag_is_told_unless_its_sites_explain_it(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    assert_int_equal(tag_and_sites(30000, 20000, out), 2);
    assert_int_equal(out[0].subject, SNAPSHOT_SITE);
    assert_int_equal(out[1].subject, SNAPSHOT_SITE);
    assert_int_equal(tag_and_sites(60000, 20000, out), 3); /* a third */
    assert_int_equal(out[2].subject, SNAPSHOT_TAG);
    assert_int_equal(out[2].row, 4);
}

/* What a unit keeps is what it holds at its lowest: a buffer that is emptied again and again, however full it gets. */
static void what_is_emptied_is_not_kept(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    for (uint64_t i = 1; i < 2000; i++) {
        growth_begin(i * SECOND);
        take(SNAPSHOT_SITE, 1, i % 5 == 0 ? 1000000 : 1000000 + 20000 * i);
        assert_int_equal(growth_suspects(out), 0);
    }
}

static void who_is_not_told_of_is_no_suspect(void **state)
{
    (void)state;
    struct snapshot_suspect out[SNAPSHOT_SUSPECTS];
    assert_int_equal(rise(SNAPSHOT_SITE, (struct growing){10000, 100, 0}, out), 1);
    growth_begin(31 * 5 * SECOND);
    assert_int_equal(growth_suspects(out), 0);
}

#define growth_test(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        growth_test(the_past_is_near_the_moment),
        growth_test(windows_are_known_from_the_first_moment_on),
        growth_test(who_was_not_there_held_nothing),
        growth_test(after_a_long_stop_the_last_minute_is_not_known),
        growth_test(time_never_goes_back),
        growth_test(a_forked_child_begins_anew),
        growth_test(places_are_handed_on),
        growth_test(newcomers_drive_nobody_out),
        growth_test(a_place_does_not_hide_its_next_subject),
        growth_test(a_place_lends_no_history),
        growth_test(the_same_number_of_another_kind_is_another),
        growth_test(small_sites_take_no_place),
        growth_test(steady_programs_have_no_suspects),
        growth_test(no_suspects_over_many_starts),
        growth_test(caches_that_are_flushed),
        growth_test(what_fills_and_stays_is_cleared),
        growth_test(a_leak_is_found_in_time),
        growth_test(a_leak_that_starts_late_is_found),
        growth_test(a_slow_leak_is_told_all_day),
        growth_test(blocks_must_not_be_freed_as_they_come),
        growth_test(the_evidence_says_what_happened),
        growth_test(numbers_without_bounds_do_no_harm),
        growth_test(the_strongest_come_first),
        growth_test(a_tag_is_told_unless_its_sites_explain_it),
        growth_test(what_is_emptied_is_not_kept),
        growth_test(who_is_not_told_of_is_no_suspect),
    };
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
