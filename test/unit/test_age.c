/* The age wheel against a model that knows every block: counts and bytes are exact, each block's row is right up to
 * the promised bound, one tick or 1/16 of its age. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ages.h"
#include "lib/account/age.h"
#include "random.h"

enum {
    MINUTE = 60 * TICKS_PER_SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    WEEK = 7 * DAY,
    LAST_LEVEL_TICKS = AGE_CELLS << (AGE_LEVELS - 1)
};

static void add(struct amount *cell, uint64_t blocks, uint64_t bytes)
{
    cell->blocks += blocks;
    cell->bytes += bytes;
}

static void assert_cell(const struct amount *cell, uint64_t blocks, uint64_t bytes)
{
    assert_int_equal(cell->blocks, blocks);
    assert_int_equal(cell->bytes, bytes);
}

static struct age_wheel *new_wheel(void)
{
    struct age_wheel *wheel = calloc(1, sizeof *wheel);
    assert_non_null(wheel);
    return wheel;
}

/* Says a number's value where a loop over many has failed. */
#define assert_that(condition, birth, now)                                                    \
    do {                                                                                      \
        if (!(condition))                                                                     \
            fail_msg("birth %u, now %u: %s", (unsigned)(birth), (unsigned)(now), #condition); \
    } while (0)

/* ---- places ---- */

/* The definition: the lowest level at which a birth is fewer than AGE_CELLS cells old. */
static struct age_place reference_place(uint32_t birth, uint32_t now)
{
    unsigned level = 0;
    while (level < AGE_LEVELS - 1 && (now >> level) - (birth >> level) >= AGE_CELLS)
        level++;
    if ((now >> level) - (birth >> level) >= AGE_CELLS) /* older than the last level can tell: its oldest cell */
        return (struct age_place){level, ((now >> level) - (AGE_CELLS - 1)) % AGE_CELLS};
    return (struct age_place){level, (birth >> level) % AGE_CELLS};
}

static void random_moments(uint64_t *seed, uint32_t *birth, uint32_t *now)
{
    *birth = (uint32_t)random_scaled(seed, 30);
    *now = *birth + (uint32_t)random_scaled(seed, 30);
}

static void places_are_as_defined(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < 1000000; i++) {
        uint32_t birth, now;
        random_moments(&seed, &birth, &now);
        struct age_place place = age_place(birth, now);
        struct age_place reference = reference_place(birth, now);
        assert_that(place.level < AGE_LEVELS && place.slot < AGE_CELLS, birth, now);
        assert_that(place.level == reference.level && place.slot == reference.slot, birth, now);
    }
}

static void places_of_every_young_age(void **state)
{
    (void)state;
    for (uint32_t now = 1; now < 3000; now++)
        for (uint32_t birth = 0; birth <= now; birth++) {
            struct age_place place = age_place(birth, now);
            struct age_place reference = reference_place(birth, now);
            assert_that(place.level == reference.level && place.slot == reference.slot, birth, now);
        }
}

/* A block never rises as time goes on, and an older block never stands above a younger one. */
static void places_are_monotone(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (unsigned i = 0; i < 1000000; i++) {
        uint32_t birth, now;
        random_moments(&seed, &birth, &now);
        uint32_t later = now + (uint32_t)random_scaled(&seed, 30);
        uint32_t older = birth - (uint32_t)random_scaled(&seed, 31) % (birth + 1);
        unsigned level = age_place(birth, now).level;
        assert_that(age_place(birth, later).level >= level, birth, now);
        assert_that(age_place(older, now).level >= level, birth, now);
    }
}

/* Two blocks share a cell only where their ages differ by less than the bound: cells 32 cells apart do not alias. */
static void who_shares_a_cell_is_of_one_age(void **state)
{
    (void)state;
    uint64_t seed = 3;
    unsigned shared = 0;
    for (unsigned i = 0; i < 1000000; i++) {
        uint32_t birth, now;
        random_moments(&seed, &birth, &now);
        uint32_t age = now - birth;
        if (age >= LAST_LEVEL_TICKS / 2)
            continue;
        uint32_t other = now - (uint32_t)random_below(&seed, (uint64_t)age + age / 8 + 2) % (now + 1);
        struct age_place a = age_place(birth, now);
        struct age_place b = age_place(other, now);
        if (a.level != b.level || a.slot != b.slot)
            continue;
        uint32_t apart = other > birth ? other - birth : birth - other;
        assert_that(apart < 1u << a.level && apart <= age_bound(age), birth, now);
        shared++;
    }
    assert_in_range(shared, 10000, UINT32_MAX);
}

/* ---- one wheel ---- */

/* The row in which one block of that birth is found, after the wheel was brought there by way of `stop`. */
static unsigned row_of(uint32_t birth, uint32_t stop, uint32_t now)
{
    static struct age_wheel wheel;
    struct amount rows[AGE_ROWS];
    memset(&wheel, 0, sizeof wheel);
    memset(rows, 0, sizeof rows);
    add(age_cell(&wheel, birth, birth), 1, 100);
    age_advance(&wheel, birth, stop);
    age_sum(&wheel, stop, now, rows);
    for (unsigned row = 0; row < AGE_ROWS; row++)
        if (rows[row].blocks == 1 && rows[row].bytes == 100)
            return row;
    fail_msg("birth %u, stop %u, now %u: no row has the block", birth, stop, now);
    return AGE_ROWS;
}

static void rows_begin_at_their_edges(void **state)
{
    (void)state;
    assert_int_equal(age_row(0), 0);
    for (unsigned i = 0; i < AGE_EDGES; i++) {
        assert_int_equal(age_row(age_edges[i] - 1), i);
        assert_int_equal(age_row(age_edges[i]), i + 1);
    }
    assert_int_equal(age_row(UINT32_MAX), AGE_ROWS - 1);
}

/* A block passes each edge when it is as old as that, or within the bound of it. */
static void a_block_changes_rows_within_the_bound(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (unsigned edge = 0; edge < AGE_EDGES; edge++)
        for (unsigned i = 0; i < 300; i++) {
            uint32_t birth = 1 + (uint32_t)random_scaled(&seed, 26);
            uint32_t margin = age_bound(age_edges[edge]);
            for (uint32_t age = age_edges[edge] - margin - 2; age <= age_edges[edge] + margin + 2; age++) {
                uint32_t now = birth + age;
                uint32_t stop = birth + (uint32_t)random_below(&seed, age + 1);
                unsigned row = row_of(birth, stop, now);
                assert_that(age + margin >= age_edges[edge] || row <= edge, birth, now);
                assert_that(age < age_edges[edge] + margin || row > edge, birth, now);
                assert_int_equal(row, row_of(birth, now, now));
                assert_int_equal(row, row_of(birth, birth, now));
            }
        }
}

/* To the tick, while a block is young. */
static void the_first_second_is_exact(void **state)
{
    (void)state;
    for (uint32_t birth = 1; birth < 200; birth++)
        for (uint32_t age = 0; age < AGE_CELLS; age++)
            assert_int_equal(row_of(birth, birth + age / 2, birth + age), age_row(age));
}

/* Blocks born over four weeks, none of them near an edge: each is in its row. */
static void away_from_the_edges_rows_are_exact(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (unsigned round = 0; round < 50; round++) {
        struct age_wheel *wheel = new_wheel();
        struct amount expected[AGE_ROWS] = {{0, 0}};
        struct amount rows[AGE_ROWS] = {{0, 0}};
        uint32_t now = 4 * WEEK + (uint32_t)random_below(&seed, DAY);
        uint32_t stop = now - (uint32_t)random_scaled(&seed, 23);
        for (unsigned i = 0; i < 5000; i++) {
            uint32_t age = (uint32_t)random_scaled(&seed, 23);
            uint32_t birth = now - age;
            if (age_row_least(age) != age_row_most(age) || birth > stop)
                continue;
            uint64_t bytes = random_scaled(&seed, 40);
            add(age_cell(wheel, birth, stop), 1, bytes);
            add(&expected[age_row(age)], 1, bytes);
        }
        age_sum(wheel, stop, now, rows);
        for (unsigned row = 0; row < AGE_ROWS; row++)
            assert_cell(&rows[row], expected[row].blocks, expected[row].bytes);
        free(wheel);
    }
}

/* A thread that meets every tick of a week and one that sleeps through it find the same. */
static void single_ticks_and_one_jump_agree(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (unsigned round = 0; round < 3; round++) {
        struct age_wheel *walks = new_wheel();
        struct age_wheel *jumps = new_wheel();
        uint32_t start = 1 + (uint32_t)random_scaled(&seed, 24);
        for (unsigned i = 0; i < 2000; i++) {
            uint32_t birth = start - (uint32_t)random_scaled(&seed, 24) % start;
            uint64_t bytes = random_scaled(&seed, 40);
            add(age_cell(walks, birth, start), 1, bytes);
            add(age_cell(jumps, birth, start), 1, bytes);
        }
        for (uint32_t tick = start; tick < start + WEEK / 2; tick++)
            age_advance(walks, tick, tick + 1);
        age_advance(jumps, start, start + WEEK / 2);
        assert_memory_equal(walks, jumps, sizeof *walks);
        free(walks);
        free(jumps);
    }
}

/* What a wheel says is the same before and after it is brought to the moment that it is asked about. */
static void reading_ahead_is_folding_first(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (unsigned round = 0; round < 3000; round++) {
        static struct age_wheel wheel;
        struct amount ahead[AGE_ROWS] = {{0, 0}};
        struct amount folded[AGE_ROWS] = {{0, 0}};
        memset(&wheel, 0, sizeof wheel);
        uint32_t from = 1 + (uint32_t)random_scaled(&seed, 24);
        uint32_t now = from + (uint32_t)random_scaled(&seed, 24);
        for (unsigned i = 0; i < 100; i++) {
            uint32_t birth = from - (uint32_t)random_scaled(&seed, 24) % from;
            add(age_cell(&wheel, birth, from), 1 - 2 * random_below(&seed, 2), random_next(&seed));
        }
        age_sum(&wheel, from, now, ahead);
        age_advance(&wheel, from, now);
        age_sum(&wheel, now, now, folded);
        assert_memory_equal(ahead, folded, sizeof ahead);
    }
}

static void an_empty_wheel_has_nothing(void **state)
{
    (void)state;
    static const struct amount nothing[AGE_ROWS];
    struct age_wheel *wheel = new_wheel();
    struct amount rows[AGE_ROWS] = {{0, 0}};
    age_advance(wheel, 1, 4 * WEEK);
    age_sum(wheel, 1, 5 * WEEK, rows);
    assert_memory_equal(rows, nothing, sizeof rows);
    free(wheel);
}

/* Beyond the last level's two years: still there, still old. */
static void the_oldest_stay_the_oldest(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (unsigned i = 0; i < 3000; i++) {
        uint32_t birth = 1 + (uint32_t)random_scaled(&seed, 30);
        uint32_t stop = birth + (uint32_t)random_scaled(&seed, 30);
        uint32_t now = birth + LAST_LEVEL_TICKS / 2 + (uint32_t)random_scaled(&seed, 30);
        assert_int_equal(row_of(birth, stop < now ? stop : now, now), AGE_ROWS - 1);
        birth -= birth % (LAST_LEVEL_TICKS / AGE_CELLS); /* a whole round of the last level later */
        assert_int_equal(row_of(birth, birth, birth + LAST_LEVEL_TICKS), AGE_ROWS - 1);
        assert_int_equal(row_of(birth, birth + LAST_LEVEL_TICKS, birth + LAST_LEVEL_TICKS), AGE_ROWS - 1);
    }
}

/* ---- many wheels, as slabs use them: one a thread, each at its own tick ---- */

enum { WHEELS = 6, LIVE_MAX = 3000 };

struct live {
    uint32_t birth;
    uint64_t bytes;
};

/* What is born in a wheel's own tick is young: it enters the wheel when the tick has passed (slab_fold). */
struct world {
    uint64_t seed;
    uint32_t now;
    uint32_t tick[WHEELS];
    struct amount young[WHEELS];
    struct age_wheel wheel[WHEELS];
    unsigned lives;
    struct live live[LIVE_MAX];
};

static void fold(struct world *world, unsigned i)
{
    uint32_t from = world->tick[i];
    if (from == world->now)
        return;
    age_advance(&world->wheel[i], from, world->now);
    add(age_cell(&world->wheel[i], from, world->now), world->young[i].blocks, world->young[i].bytes);
    world->young[i] = (struct amount){0, 0};
    world->tick[i] = world->now;
}

static void be_born(struct world *world, unsigned i)
{
    struct live *block = &world->live[world->lives++];
    fold(world, i);
    *block = (struct live){world->now, random_scaled(&world->seed, 34)};
    add(&world->young[i], 1, block->bytes);
}

static void be_freed(struct world *world, unsigned i)
{
    struct live *block = &world->live[random_below(&world->seed, world->lives)];
    fold(world, i);
    struct amount *cell =
        block->birth == world->tick[i] ? &world->young[i] : age_cell(&world->wheel[i], block->birth, world->tick[i]);
    add(cell, -(uint64_t)1, -block->bytes);
    *block = world->live[--world->lives];
}

/* A resize moves bytes, and no block. */
static void be_resized(struct world *world, unsigned i)
{
    struct live *block = &world->live[random_below(&world->seed, world->lives)];
    fold(world, i);
    uint64_t bytes = random_scaled(&world->seed, 34);
    struct amount *cell =
        block->birth == world->tick[i] ? &world->young[i] : age_cell(&world->wheel[i], block->birth, world->tick[i]);
    add(cell, 0, bytes - block->bytes);
    block->bytes = bytes;
}

/* Wheel 0 acts in every second event, each further one half as often. */
static void act(struct world *world)
{
    unsigned i = (unsigned)__builtin_ctzll(random_next(&world->seed) | 1u << (WHEELS - 1));
    uint64_t births = world->lives < LIVE_MAX / 2 ? 6 : 5; /* of 10 */
    if (world->lives == 0 || (world->lives < LIVE_MAX && random_below(&world->seed, 10) < births))
        be_born(world, i);
    else if (random_one_in(&world->seed, 4))
        be_resized(world, i);
    else
        be_freed(world, i);
}

/* After every wheel was brought to `now`, each cell holds what the definition says. */
static void assert_cells(const struct world *world)
{
    static struct age_wheel expected, found, folded;
    memset(&expected, 0, sizeof expected);
    memset(&found, 0, sizeof found);
    for (unsigned i = 0; i < world->lives; i++) {
        struct age_place place = reference_place(world->live[i].birth, world->now);
        add(&expected.cell[place.level][place.slot], 1, world->live[i].bytes);
    }
    for (unsigned i = 0; i < WHEELS; i++) {
        folded = world->wheel[i];
        age_advance(&folded, world->tick[i], world->now);
        add(age_cell(&folded, world->tick[i], world->now), world->young[i].blocks, world->young[i].bytes);
        for (unsigned level = 0; level < AGE_LEVELS; level++)
            for (unsigned slot = 0; slot < AGE_CELLS; slot++)
                add(&found.cell[level][slot], folded.cell[level][slot].blocks, folded.cell[level][slot].bytes);
    }
    assert_memory_equal(&found, &expected, sizeof found);
}

/* Of the blocks that rows from `first` on hold: those that must be there, and those that may. */
static void assert_rows_from(const struct world *world, const struct amount rows[AGE_ROWS], unsigned first)
{
    struct amount found = {0, 0}, must = {0, 0}, may = {0, 0};
    for (unsigned row = first; row < AGE_ROWS; row++)
        add(&found, rows[row].blocks, rows[row].bytes);
    for (unsigned i = 0; i < world->lives; i++) {
        uint32_t age = world->now - world->live[i].birth;
        if (age_row_least(age) >= first)
            add(&must, 1, world->live[i].bytes);
        if (age_row_most(age) >= first)
            add(&may, 1, world->live[i].bytes);
    }
    assert_in_range(found.blocks, must.blocks, may.blocks);
    assert_in_range(found.bytes, must.bytes, may.bytes);
}

static void assert_rows(const struct world *world)
{
    struct amount rows[AGE_ROWS] = {{0, 0}};
    for (unsigned i = 0; i < WHEELS; i++) {
        age_sum(&world->wheel[i], world->tick[i], world->now, rows);
        age_add_born(rows, world->tick[i], world->now, world->young[i]);
    }
    for (unsigned first = 0; first < AGE_ROWS; first++)
        assert_rows_from(world, rows, first);
}

/* Time stands still for a while, or goes on by up to 2^bits ticks. */
static void let_live(uint64_t seed, unsigned events, unsigned still, unsigned bits, uint32_t least_days)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->seed = seed;
    world->now = 1;
    for (unsigned i = 0; i < WHEELS; i++)
        world->tick[i] = 1;
    for (unsigned event = 0; event < events; event++) {
        if (random_one_in(&world->seed, still))
            world->now += (uint32_t)random_scaled(&world->seed, bits);
        act(world);
        if (event % (events / 200) == 0) {
            assert_cells(world);
            assert_rows(world);
        }
    }
    assert_in_range(world->now, least_days * DAY, UINT32_MAX);
    free(world);
}

static void a_busy_hour(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 14; seed++)
        let_live(seed, 100000, 10, 2, 0);
}

static void days(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 24; seed++)
        let_live(seed, 100000, 4, 9, 2);
}

static void weeks(void **state)
{
    (void)state;
    for (uint64_t seed = 30; seed < 34; seed++)
        let_live(seed, 100000, 20, 16, 3 * 7);
}

static void a_year_with_long_sleeps(void **state)
{
    (void)state;
    for (uint64_t seed = 40; seed < 44; seed++)
        let_live(seed, 40000, 100, 24, 300);
}

/* ---- births after now ---- */

static void a_birth_after_now_counts_as_now(void **state)
{
    (void)state;
    uint64_t seed = 50;
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t now = (uint32_t)random_scaled(&seed, 30);
        uint32_t birth = now + 1 + (uint32_t)random_scaled(&seed, 6);
        struct age_place place = age_place(birth, now);
        assert_that(place.level == 0 && place.slot < AGE_CELLS, birth, now);
    }
}

/* A block born by one thread, freed by another that stands `ahead` ticks before that: from then on their books
 * agree that there is nothing, up to the difference. */
static void assert_cancels(uint32_t now, uint32_t ahead, uint32_t stop)
{
    struct age_wheel *makes = new_wheel();
    struct age_wheel *frees = new_wheel();
    uint32_t birth = now + ahead;
    add(age_cell(frees, birth, now), -(uint64_t)1, -(uint64_t)100);
    age_advance(frees, now, stop);
    add(age_cell(makes, birth, stop), 1, 100);
    for (uint32_t age = stop - birth; age < 2 * age_edges[AGE_EDGES - 1]; age += 1 + age / 8) {
        struct amount rows[AGE_ROWS] = {{0, 0}};
        age_sum(makes, stop, birth + age, rows);
        age_sum(frees, stop, birth + age, rows);
        for (unsigned row = 0; row < AGE_ROWS; row++)
            assert_that((rows[row].blocks | rows[row].bytes) == 0 || !ages_share_a_row(age, age + ahead), birth,
                        birth + age);
    }
    free(makes);
    free(frees);
}

static void a_block_freed_in_a_wheel_behind_cancels(void **state)
{
    (void)state;
    uint64_t seed = 51;
    for (uint32_t now = 1; now < 200; now++)
        assert_cancels(now, 1, now + 1 + now % 3);
    for (unsigned i = 0; i < 2000; i++) {
        uint32_t now = 1 + (uint32_t)random_scaled(&seed, 24);
        uint32_t ahead = 1 + (uint32_t)random_scaled(&seed, 3);
        assert_cancels(now, ahead, now + ahead + (uint32_t)random_scaled(&seed, 6));
    }
}

static void assert_balanced(const int64_t from[4], const int64_t to[4])
{
    struct amount rows[AGE_ROWS] = {{0, 0}};
    static const unsigned at[4] = {0, 1, 2, AGE_ROWS - 1};
    for (unsigned i = 0; i < 4; i++)
        rows[at[i]] = (struct amount){(uint64_t)from[i], 100 * (uint64_t)from[i]};
    age_balance(rows);
    for (unsigned i = 0; i < 4; i++)
        assert_true(rows[at[i]].blocks == (uint64_t)to[i] && rows[at[i]].bytes == 100 * (uint64_t)to[i]);
}

static void rows_below_zero_take_from_their_neighbours(void **state)
{
    (void)state;
    assert_balanced((int64_t[]){3, 2, 1, 4}, (int64_t[]){3, 2, 1, 4});
    assert_balanced((int64_t[]){1, -1, 0, 0}, (int64_t[]){0, 0, 0, 0}); /* from the younger */
    assert_balanced((int64_t[]){5, 0, -2, 4}, (int64_t[]){3, 0, 0, 4});
    assert_balanced((int64_t[]){-2, 1, 3, 0}, (int64_t[]){0, 0, 2, 0}); /* from the older */
    assert_balanced((int64_t[]){1, -3, 0, 4}, (int64_t[]){0, 0, 0, 2}); /* from both */
    assert_balanced((int64_t[]){1, 0, -3, 1}, (int64_t[]){0, 0, 0, 0}); /* all of them are less than nothing */
}

/* Sums hold for any rows, and nothing is negative. */
static void balancing_keeps_the_sum(void **state)
{
    (void)state;
    uint64_t seed = 97;
    for (unsigned i = 0; i < 20000; i++) {
        struct amount rows[AGE_ROWS];
        int64_t blocks = 0, bytes = 0;
        for (unsigned row = 0; row < AGE_ROWS; row++) {
            rows[row].blocks = random_below(&seed, 20) - 8;
            rows[row].bytes = random_below(&seed, 2000) - 800;
            blocks += (int64_t)rows[row].blocks;
            bytes += (int64_t)rows[row].bytes;
        }
        age_balance(rows);
        for (unsigned row = 0; row < AGE_ROWS; row++) {
            assert_true((int64_t)rows[row].blocks >= 0 && (int64_t)rows[row].bytes >= 0);
            blocks -= (int64_t)rows[row].blocks;
            bytes -= (int64_t)rows[row].bytes;
        }
        assert_true(blocks <= 0 && (blocks == 0 || rows[AGE_ROWS - 1].blocks == 0));
        assert_true(bytes <= 0 && (bytes == 0 || rows[AGE_ROWS - 1].bytes == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_as_defined),
        cmocka_unit_test(places_of_every_young_age),
        cmocka_unit_test(places_are_monotone),
        cmocka_unit_test(who_shares_a_cell_is_of_one_age),
        cmocka_unit_test(rows_begin_at_their_edges),
        cmocka_unit_test(a_block_changes_rows_within_the_bound),
        cmocka_unit_test(the_first_second_is_exact),
        cmocka_unit_test(away_from_the_edges_rows_are_exact),
        cmocka_unit_test(single_ticks_and_one_jump_agree),
        cmocka_unit_test(reading_ahead_is_folding_first),
        cmocka_unit_test(an_empty_wheel_has_nothing),
        cmocka_unit_test(the_oldest_stay_the_oldest),
        cmocka_unit_test(a_busy_hour),
        cmocka_unit_test(days),
        cmocka_unit_test(weeks),
        cmocka_unit_test(a_year_with_long_sleeps),
        cmocka_unit_test(a_birth_after_now_counts_as_now),
        cmocka_unit_test(a_block_freed_in_a_wheel_behind_cancels),
        cmocka_unit_test(rows_below_zero_take_from_their_neighbours),
        cmocka_unit_test(balancing_keeps_the_sum),
    };
    return cmocka_run_group_tests_name("age", tests, NULL, NULL);
}
