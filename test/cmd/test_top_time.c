/* top: what time brings, the pictures of it, and names and keys that mean harm. */
#include "drawn.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/top/bar.h"
#include "cmd/top/draw.h"
#include "cmd/top/history.h"
#include "cmd/top/layout.h"
#include "story.h"

static const struct namer nobody = {NULL, NULL};

/* ---- time ---- */

/* A second later: cache/pages has grown by 5 MiB in 100 allocations, and there is a new tag. */
static struct snapshot *second_snapshot(void)
{
    struct story *story = story_new();
    story->head.uptime_ms += 1000;
    story->head.wall_seconds += 1;
    story->tags[1].counts.live.bytes += 5 << 20;
    story->tags[1].counts.allocated.bytes += 5 << 20;
    story->tags[1].counts.allocated.blocks += 100;
    story_tag(story, "late", 7, 7000);
    story_sum(story);
    struct snapshot *snapshot = story_lay_out(story);
    free(story);
    return snapshot;
}

static void two_snapshots_make_rates_and_growth(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    assert_int_equal(model_rate(&model, false), FIGURE_UNKNOWN);
    assert_hides(&model, "SINCE B");
    press_keys(&model, "b");
    assert_shows(&model, "from here on");
    model_take(&model, second_snapshot());
    assert_int_equal(row_named(&model, "cache/pages")->value[FIELD_RATE], 100);
    assert_int_equal(row_named(&model, "shop")->value[FIELD_RATE], 0);
    assert_int_equal(row_named(&model, "cache/pages")->value[FIELD_SINCE], 5 << 20);
    assert_int_equal(row_named(&model, "late")->value[FIELD_SINCE], 7000);
    press_keys(&model, ">");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_SINCE);
    assert_string_equal(row_names(&model), "cache/pages late shop cache/index libengine.so.2");
    assert_shows(&model, "since b +5.01MiB");
    model_end(&model);
}

static void a_new_site_may_have_been_among_the_others(void **state)
{
    struct model model = model_of_shop(VIEW_SITES);
    struct story *story = story_new();
    (void)state;
    press_keys(&model, "b");
    story_site(story, "shop!late+0x1", 0, 0x9990, 0, (struct snapshot_amount){1, 100});
    model_take(&model, story_lay_out(story));
    assert_int_equal(row_named(&model, "shop!late+0x1")->value[FIELD_SINCE], FIGURE_UNKNOWN);
    assert_int_equal(row_named(&model, "shop!cart_add+0x44")->value[FIELD_SINCE], 0);
    free(story);
    model_end(&model);
}

static void another_program_in_the_process_begins_anew(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    struct story *story = story_new();
    (void)state;
    press_keys(&model, "b");
    story->head.uptime_ms = 500;
    story->head.points = 0;
    model_take(&model, story_lay_out(story));
    assert_null(model.baseline);
    assert_null(model.before);
    assert_int_equal(model.history.points, 1);
    free(story);
    model_end(&model);
}

static void the_end_of_a_process_is_told(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    model.process = PROCESS_DEAD;
    assert_shows(&model, "shop[4242]  is gone; its last snapshot  up 1.0h  seen 1.0s ago\n");
    model.process = PROCESS_ENDED;
    assert_shows(&model, "has ended; its last snapshot");
    model.paused = true;
    assert_shows(&model, "PAUSED");
    assert_non_null(strstr(screen_of(&model, 8, 24), "shop[4242]  ended\n"));
    model_end(&model);
}

static void history_is_bounded_and_only_goes_forward(void **state)
{
    static struct history history;
    struct story *story = story_new();
    (void)state;
    history.points = 0;
    for (int i = 0; i < 5 * HISTORY_POINTS; i++) {
        story->head.uptime_ms = 4000000 + (uint64_t)i * 250;
        struct snapshot *snapshot = story_lay_out(story);
        history_take(&history, snapshot);
        free(snapshot);
    }
    assert_in_range(history.points, HISTORY_POINTS / 4, HISTORY_POINTS);
    assert_int_equal(history.point[0].uptime_ms, 60000);
    assert_int_equal(history.point[history.points - 1].uptime_ms, story->head.uptime_ms);
    for (int i = 1; i < history.points; i++)
        assert_true(history.point[i - 1].uptime_ms < history.point[i].uptime_ms);
    free(story);
}

/* ---- pictures ---- */

static const char *line_of(const struct canvas *canvas)
{
    static char text[512];
    text[0] = '\0';
    for (int i = 0; i < canvas->columns; i++)
        strcat(text, canvas_at(canvas, 0, i)->text);
    return text;
}

static void a_bar_is_as_long_as_its_parts(void **state)
{
    static const uint64_t ages[SNAPSHOT_AGE_ROWS] = {10, 20, 0, 30, 40};
    static const uint64_t little[SNAPSHOT_AGE_ROWS] = {0, 0, 1, 3, 0};
    struct canvas canvas = canvas_new(1, 10, false);
    (void)state;
    bar_put(&canvas, 0, 0, 10, ages, 100);
    assert_string_equal(line_of(&canvas), ".--***####");
    canvas_free(&canvas);
    canvas = canvas_new(1, 10, true);
    bar_put(&canvas, 0, 0, 10, ages, 200);
    assert_string_equal(line_of(&canvas), "·░▓██     ");
    bar_put(&canvas, 0, 6, 4, little, 1000000); /* one at least, of those that are most */
    assert_string_equal(line_of(&canvas), "·░▓██ ▓   ");
    canvas_free(&canvas);
}

static void a_line_shows_the_largest_of_each_moment(void **state)
{
    static const struct snapshot_point points[] = {{.uptime_ms = 0, .live_bytes = 0},
                                                   {.uptime_ms = 100, .live_bytes = 50},
                                                   {.uptime_ms = 500, .live_bytes = 100},
                                                   {.uptime_ms = 510, .live_bytes = 20},
                                                   {.uptime_ms = 1000, .live_bytes = 20}};
    struct canvas canvas = canvas_new(1, 10, false);
    (void)state;
    bar_line(&canvas, 0, 0, 10, points, 5);
    assert_string_equal(line_of(&canvas), "++++#.....");
    canvas_free(&canvas);
}

static void names_lose_their_middle(void **state)
{
    struct canvas canvas = canvas_new(1, 12, true);
    (void)state;
    assert_int_equal(canvas_put_name(&canvas, 0, 0, 12, LOOK_PLAIN, "abcdefghijklmnopqrstuvwxyz"), 12);
    assert_string_equal(line_of(&canvas), "abcde..vwxyz");
    assert_int_equal(canvas_put(&canvas, 0, 0, 3, LOOK_PLAIN, "漢字"), 2); /* no half of the second */
    canvas_free(&canvas);
}

/* ---- what is hostile ---- */

static void names_from_outside_steer_nothing(void **state)
{
    struct story *story = story_new();
    struct model model;
    (void)state;
    story_tag(story, "\033[2J\xe2\x80\xae\x9b", 1, 90 << 20);
    strcpy(story->head.program, "a\r\nb");
    model_begin(&model, VIEW_TAGS, nobody);
    model_take(&model, story_lay_out(story));
    assert_shows(&model, "?[2J??");
    assert_shows(&model, "a??b[4242]");
    free(story);
    model_end(&model);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void assert_within(const struct canvas *canvas)
{
    for (int row = 0; row < canvas->rows; row++)
        for (int column = 0; column < canvas->columns; column++) {
            const struct cell *cell = canvas_at(canvas, row, column);
            bool half = cell->text[0] == '\0' && (column == 0 || canvas_at(canvas, row, column - 1)->text[1] == '\0');
            if (half || cell->look >= LOOKS || (!canvas->utf8 && (cell->text[0] & 0x80) != 0))
                fail_msg("cell %d, %d of %d x %d", row, column, canvas->rows, canvas->columns);
        }
}

/* Whatever is pressed and however small the screen is. */
static void any_keys_in_any_size_draw_within_the_screen(void **state)
{
    static const char keys[] = "tcspzlbih/? <>,.+-*xq=\x7f\xc3\xa4";
    uint32_t random = 1;
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint32_t which = next_random(&random) % 40;
        int key = which < sizeof keys - 1 ? (unsigned char)keys[which] : MODEL_UP + (int)(which % 12);
        model_press(&model, key);
        if (i % 7 == 0)
            model_take(&model, second_snapshot());
        struct canvas canvas = canvas_new((int)(next_random(&random) % 30), (int)(next_random(&random) % 130),
                                          next_random(&random) % 2 == 0);
        draw(&model, &canvas, NOW);
        assert_within(&canvas);
        canvas_free(&canvas);
    }
    model_end(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_snapshots_make_rates_and_growth),
        cmocka_unit_test(a_new_site_may_have_been_among_the_others),
        cmocka_unit_test(another_program_in_the_process_begins_anew),
        cmocka_unit_test(the_end_of_a_process_is_told),
        cmocka_unit_test(history_is_bounded_and_only_goes_forward),
        cmocka_unit_test(a_bar_is_as_long_as_its_parts),
        cmocka_unit_test(a_line_shows_the_largest_of_each_moment),
        cmocka_unit_test(names_lose_their_middle),
        cmocka_unit_test(names_from_outside_steer_nothing),
        cmocka_unit_test(any_keys_in_any_size_draw_within_the_screen),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
