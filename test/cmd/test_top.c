/* top, without a terminal: what its keys do, and what it draws. */
#include "harness.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/top/bar.h"
#include "cmd/top/draw.h"
#include "cmd/top/history.h"
#include "cmd/top/layout.h"
#include "cmd/top/model.h"
#include "place.h"
#include "story.h"

enum { NOW = 1795253787 }; /* a second after the story's snapshot */

static const struct namer nobody = {NULL, NULL};

/* ---- what is on the screen ---- */

/* Good until the next call. */
static const char *screen_of(struct model *model, int rows, int columns)
{
    static char *text;
    size_t length;
    struct canvas canvas = canvas_new(rows, columns, true);
    draw(model, &canvas, NOW);
    free(text);
    FILE *to = open_memstream(&text, &length);
    canvas_write(&canvas, to);
    fclose(to);
    canvas_free(&canvas);
    return text;
}

static void assert_shows(struct model *model, const char *words)
{
    const char *screen = screen_of(model, 24, 80);
    if (strstr(screen, words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, screen);
}

static void assert_hides(struct model *model, const char *words)
{
    const char *screen = screen_of(model, 24, 80);
    if (strstr(screen, words) != NULL)
        fail_msg("\"%s\" in:\n%s", words, screen);
}

static void press(struct model *model, const char *keys)
{
    for (; *keys != '\0'; keys++)
        assert_int_equal(model_press(model, (unsigned char)*keys), WISH_NOTHING);
}

/* The names of the rows shown, blanks between them. */
static const char *names_of(const struct model *model)
{
    static char names[4096];
    size_t length = 0;
    names[0] = '\0';
    for (int i = 0; i < model->rows.shown; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? " " : "",
                                   model->rows.row[model->rows.order[i]].name);
    return names;
}

static const struct row *row_named(const struct model *model, const char *name)
{
    for (int i = 0; i < model->rows.shown; i++)
        if (strcmp(model->rows.row[model->rows.order[i]].name, name) == 0)
            return &model->rows.row[model->rows.order[i]];
    fail_msg("no row %s among: %s", name, names_of(model));
    return NULL;
}

static struct model shop(enum view_number view)
{
    struct model model;
    struct story *story = story_new();
    model_begin(&model, view, nobody);
    model_take(&model, story_lay_out(story));
    free(story);
    return model;
}

/* ---- values ---- */

static void values_have_three_digits(void **state)
{
    static const struct {
        enum figure_kind kind;
        int64_t value;
        const char *text;
    } cases[] = {
        {FIGURE_BYTES, 0, "0B"},
        {FIGURE_BYTES, 1023, "1023B"},
        {FIGURE_BYTES, 1024, "1.00KiB"},
        {FIGURE_BYTES, 10235, "10.0KiB"},
        {FIGURE_BYTES, 102399, "100KiB"},
        {FIGURE_BYTES, 1023 * 1024, "1023KiB"},
        {FIGURE_BYTES, INT64_MAX, "8.00EiB"},
        {FIGURE_BYTES, FIGURE_UNKNOWN, "-"},
        {FIGURE_CHANGE, 0, "0B"},
        {FIGURE_CHANGE, 1536, "+1.50KiB"},
        {FIGURE_CHANGE, -1536, "-1.50KiB"},
        {FIGURE_CHANGE, -INT64_MAX, "-8.00EiB"},
        {FIGURE_COUNT, 999999, "999999"},
        {FIGURE_COUNT, 1000000, "1.00M"},
        {FIGURE_RATE, 999, "999/s"},
        {FIGURE_RATE, 12345, "12.3k/s"},
        {FIGURE_SHARE, 1000, "100.0%"},
        {FIGURE_SHARE, 5, "0.5%"},
        {FIGURE_TIME, 90000, "1.5min"},
        {FIGURE_ID, 1234567, "1234567"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[FIGURE_TEXT];
        assert_string_equal(figure_text(text, cases[i].kind, cases[i].value), cases[i].text);
    }
    assert_int_equal(figure_of(UINT64_MAX), INT64_MAX);
    assert_int_equal(figure_change(0, UINT64_MAX), -INT64_MAX);
    assert_int_equal(figure_round(1e300), INT64_MAX);
}

/* ---- views ---- */

static void tags_come_largest_first_with_their_header(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    assert_string_equal(names_of(&model), "shop cache/pages cache/index libengine.so.2");
    assert_shows(&model, "shop[4242]  running  up 1.0h\n/usr/bin/shop --port 8080\n");
    assert_shows(&model, "live 64.0MiB  blocks 1900  peak 80.0MiB  1 min 0B  10 min +36.4MiB\n");
    assert_shows(&model, "RSS 90.0MiB  beyond live 26.0MiB");
    assert_shows(&model, "40.0MiB  62.5%");
    model_end(&model);
}

static void each_view_has_its_rows(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    press(&model, "c");
    assert_string_equal(names_of(&model), "shop!order_new+0x1f libengine.so.2!page_get+0x80 libengine.so.2+0x4410 "
                                          "shop!cart_add+0x44 0x7f12abcd (others)");
    press(&model, "p");
    assert_string_equal(names_of(&model), "shop worker");
    assert_int_equal(row_named(&model, "worker")->value[FIELD_NET], -(26 << 20));
    press(&model, "z");
    assert_string_equal(names_of(&model), "64 - 128 bytes");
    press(&model, "t");
    assert_int_equal(model.view, VIEW_TAGS);
    model_end(&model);
}

static void a_class_of_sizes_is_named_by_its_bounds(void **state)
{
    struct story *story = story_new();
    struct model model;
    (void)state;
    for (unsigned i = 0; i < SNAPSHOT_SIZE_CLASSES; i++)
        story->head.sizes[i] = (struct snapshot_amount){1, 1};
    model_begin(&model, VIEW_SIZES, nobody);
    model_take(&model, story_lay_out(story));
    assert_int_equal(model.rows.shown, SNAPSHOT_SIZE_CLASSES);
    assert_ptr_equal(strstr(names_of(&model), "0 - 4 bytes 4 - 8 bytes 8 - 16 bytes"), names_of(&model));
    assert_non_null(strstr(names_of(&model), "512 - 1KiB 1KiB - 2KiB"));
    assert_non_null(strstr(names_of(&model), "2GiB - 4GiB 4GiB and more"));
    free(story);
    model_end(&model);
}

/* ---- order and filter ---- */

static void keys_choose_the_column_that_is_sorted_by(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    press(&model, "i");
    assert_string_equal(names_of(&model), "libengine.so.2 cache/index cache/pages shop");
    press(&model, "<");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_END);
    assert_string_equal(names_of(&model), "cache/index cache/pages libengine.so.2 shop");
    press(&model, "<<>");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_LIVE);
    press(&model, ">"); /* beyond SINCE B, which is not shown */
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_SHARE);
    press(&model, ">>>>>>>>>>>>>>>>");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_PEAK);
    assert_shows(&model, "▾PEAK"); /* though it is the last that would have a place */
    model_end(&model);
}

static void a_filter_shows_rows_with_its_words(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    press(&model, "/CACHE");
    assert_shows(&model, "show those with: CACHE_");
    assert_string_equal(names_of(&model), "cache/pages cache/index");
    model_press(&model, MODEL_ENTER);
    assert_shows(&model, "TAG /CACHE");
    press(&model, "/q\xc3\xa4");
    assert_shows(&model, "nothing here has \"CACHEqä\" in its name");
    model_press(&model, MODEL_BACKSPACE);
    assert_string_equal(model.state[VIEW_TAGS].filter, "CACHEq");
    for (int i = 0; i < 10; i++)
        model_press(&model, MODEL_BACKSPACE);
    assert_int_equal(model.rows.shown, 4);
    for (int i = 0; i < 1000; i++)
        press(&model, "x");
    assert_int_equal(strlen(model.state[VIEW_TAGS].filter), MODEL_FILTER - 1);
    model_press(&model, MODEL_ESCAPE);
    assert_int_equal(model.rows.shown, 4);
    model_end(&model);
}

static void enter_leads_from_a_tag_to_its_sites_to_their_stacks(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    model_press(&model, MODEL_ENTER);
    assert_int_equal(model.view, VIEW_SITES);
    assert_string_equal(names_of(&model), "shop!order_new+0x1f shop!cart_add+0x44"); /* not those named shop!… alone */
    model_press(&model, MODEL_ENTER);
    assert_int_equal(model.view, VIEW_STACKS);
    assert_non_null(strstr(names_of(&model), "shop!serve+0x90 shop!order_new+0x1f"));
    assert_null(strstr(names_of(&model), "page_get"));
    press(&model, "t");
    assert_int_equal(model.rows.shown, 4);
    model_end(&model);
}

/* ---- the cursor ---- */

static void the_cursor_goes_with_its_row(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    model_press(&model, MODEL_UP);
    assert_string_equal(model_here(&model)->name, "shop");
    model_press(&model, MODEL_DOWN);
    press(&model, "i");
    assert_string_equal(model_here(&model)->name, "cache/pages");
    model_press(&model, MODEL_HOME); /* there it stays at the top, whoever comes there */
    assert_string_equal(model_here(&model)->name, "libengine.so.2");
    press(&model, "i");
    assert_string_equal(model_here(&model)->name, "shop");
    model_press(&model, MODEL_END);
    model_press(&model, MODEL_DOWN);
    assert_string_equal(model_here(&model)->name, "libengine.so.2");
    press(&model, "/shop");
    assert_string_equal(model_here(&model)->name, "shop");
    press(&model, "nowhere");
    assert_null(model_here(&model));
    model_end(&model);
}

static void a_long_table_scrolls(void **state)
{
    struct model model;
    struct story *story = story_new();
    (void)state;
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "small-%02d", i);
        story_tag(story, name, 1, (uint64_t)(1000 - i));
    }
    model_begin(&model, VIEW_TAGS, nobody);
    model_take(&model, story_lay_out(story));
    assert_hides(&model, "small-39");
    model_press(&model, MODEL_END);
    assert_shows(&model, "small-39");
    assert_hides(&model, "cache/pages");
    model_press(&model, MODEL_PAGE_UP);
    assert_shows(&model, "small-23");
    model_press(&model, MODEL_HOME);
    assert_shows(&model, "cache/pages");
    free(story);
    model_end(&model);
}

/* ---- the tree ---- */

static void the_tree_opens_to_its_first_branching_and_closes(void **state)
{
    struct model model = shop(VIEW_STACKS);
    (void)state;
    assert_string_equal(names_of(&model), "libc.so.6+0x271ca shop!main+0x12 shop!serve+0x90 shop!order_new+0x1f "
                                          "(calls too far out) shop!main+0x52");
    model_press(&model, MODEL_LEFT);
    assert_string_equal(names_of(&model), "libc.so.6+0x271ca (calls too far out) shop!main+0x52");
    press(&model, "*");
    assert_int_equal(model.rows.shown, 10);
    assert_shows(&model, "▾ (calls too far out)");
    model_press(&model, MODEL_END);
    model_press(&model, MODEL_LEFT); /* a leaf's leads to its parent */
    assert_string_equal(model_here(&model)->name, "shop!import+0x33");
    model_press(&model, MODEL_LEFT);
    assert_int_equal(model.rows.shown, 9);
    model_press(&model, MODEL_RIGHT);
    assert_int_equal(model.rows.shown, 10);
    model_press(&model, MODEL_ENTER);
    assert_int_equal(model.rows.shown, 9);
    model_end(&model);
}

static void a_caller_holds_what_its_calls_hold(void **state)
{
    struct story *story = story_new();
    struct model model;
    (void)state;
    story_stack(story, 1, (struct snapshot_amount){5, 1000});
    story_frame(story, "shop!cart_add+0x44", 0, 0x2340);
    story_frame(story, "shop!main+0x12", 0, 0x3412);
    story_frame(story, "libc.so.6+0x271ca", 1, 0x271ca);
    model_begin(&model, VIEW_STACKS, nobody);
    model_take(&model, story_lay_out(story));
    assert_int_equal(row_named(&model, "libc.so.6+0x271ca")->value[FIELD_LIVE], (30 << 20) + 1000);
    assert_int_equal(row_named(&model, "shop!main+0x12")->value[FIELD_BLOCKS], 705);
    assert_int_equal(row_named(&model, "shop!cart_add+0x44")->value[FIELD_LIVE], 1000); /* main's children are seen */
    assert_int_equal(row_named(&model, "shop!serve+0x90")->depth, 2);
    free(story);
    model_end(&model);
}

static void a_tree_of_any_size_is_bounded(void **state)
{
    enum { STACKS = 2000, FRAMES = STACKS + SNAPSHOT_FRAMES };
    size_t bytes =
        sizeof(struct snapshot) + STACKS * sizeof(struct snapshot_stack) + FRAMES * sizeof(struct snapshot_frame);
    struct snapshot *snapshot = calloc(1, bytes);
    struct rows rows = {.row = NULL};
    (void)state;
    *snapshot = (struct snapshot){.bytes = (uint32_t)bytes, .stacks = STACKS, .frames = FRAMES};
    snapshot->stacks_at = sizeof *snapshot;
    snapshot->frames_at = (uint32_t)(sizeof *snapshot + STACKS * sizeof(struct snapshot_stack));
    struct snapshot_stack *stack = (struct snapshot_stack *)((char *)snapshot + snapshot->stacks_at);
    struct snapshot_frame *frame = (struct snapshot_frame *)((char *)snapshot + snapshot->frames_at);
    for (uint32_t i = 0; i < STACKS; i++) /* each begins a frame later than the one before */
        stack[i] = (struct snapshot_stack){.frame = i, .frames = SNAPSHOT_FRAMES, .live = {1, UINT64_MAX}};
    for (uint32_t i = 0; i < FRAMES; i++)
        frame[i] = (struct snapshot_frame){.address = i, .object = SNAPSHOT_NONE};
    calltree_collect(snapshot, &nobody, &rows);
    assert_int_equal(rows.count, 16384);
    rows_free(&rows);
    free(snapshot);
}

static const char *name_of_order(void *of, const struct snapshot *snapshot, uint32_t object, uint64_t address)
{
    (void)of;
    return object == 0 && address == snapshot_objects(snapshot)[0].base + 0x1230 ? "shop!Order::Order()+0x1f" : NULL;
}

static void names_that_are_known_better_stand_for_those_of_the_snapshot(void **state)
{
    struct model model = shop(VIEW_SITES);
    (void)state;
    model.namer.find = name_of_order;
    model_collect(&model);
    assert_non_null(strstr(names_of(&model), "shop!Order::Order()+0x1f libengine.so.2!page_get+0x80"));
    press(&model, "s");
    assert_non_null(strstr(names_of(&model), "shop!Order::Order()+0x1f"));
    model_end(&model);
}

/* ---- time ---- */

/* A second later: cache/pages has grown by 5 MiB in 100 allocations, and there is a new tag. */
static struct snapshot *second_snapshot(void)
{
    struct story *story = story_new();
    story->head.uptime_ms += 1000;
    story->head.wall_seconds += 1;
    story->tag[1].books.live.bytes += 5 << 20;
    story->tag[1].books.allocated.bytes += 5 << 20;
    story->tag[1].books.allocated.blocks += 100;
    story_tag(story, "late", 7, 7000);
    story_sum(story);
    struct snapshot *snapshot = story_lay_out(story);
    free(story);
    return snapshot;
}

static void two_snapshots_make_rates_and_growth(void **state)
{
    struct model model = shop(VIEW_TAGS);
    (void)state;
    assert_int_equal(model_rate(&model, false), FIGURE_UNKNOWN);
    assert_hides(&model, "SINCE B");
    press(&model, "b");
    assert_shows(&model, "from here on");
    model_take(&model, second_snapshot());
    assert_int_equal(row_named(&model, "cache/pages")->value[FIELD_RATE], 100);
    assert_int_equal(row_named(&model, "shop")->value[FIELD_RATE], 0);
    assert_int_equal(row_named(&model, "cache/pages")->value[FIELD_SINCE], 5 << 20);
    assert_int_equal(row_named(&model, "late")->value[FIELD_SINCE], 7000);
    press(&model, ">");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_SINCE);
    assert_string_equal(names_of(&model), "cache/pages late shop cache/index libengine.so.2");
    assert_shows(&model, "since b +5.01MiB");
    model_end(&model);
}

static void a_new_site_may_have_been_among_the_others(void **state)
{
    struct model model = shop(VIEW_SITES);
    struct story *story = story_new();
    (void)state;
    press(&model, "b");
    story_site(story, "shop!late+0x1", 0, 0x9990, 0, (struct snapshot_amount){1, 100});
    model_take(&model, story_lay_out(story));
    assert_int_equal(row_named(&model, "shop!late+0x1")->value[FIELD_SINCE], FIGURE_UNKNOWN);
    assert_int_equal(row_named(&model, "shop!cart_add+0x44")->value[FIELD_SINCE], 0);
    free(story);
    model_end(&model);
}

static void another_program_in_the_process_begins_anew(void **state)
{
    struct model model = shop(VIEW_TAGS);
    struct story *story = story_new();
    (void)state;
    press(&model, "b");
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
    struct model model = shop(VIEW_TAGS);
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
    struct model model = shop(VIEW_TAGS);
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

/* ---- the command ---- */

static void write_shop(const char *path)
{
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
}

static void a_pipe_is_given_one_page(void **state)
{
    (void)state;
    write_shop(in_scratch("shop.tms"));
    setenv("LC_ALL", "C", 1);
    struct outcome outcome = run_command("top", "--view", "stacks", in_scratch("shop.tms"));
    unsetenv("LC_ALL");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    assert_non_null(strstr(outcome.out, "CALLED FROM"));
    assert_non_null(strstr(outcome.out, "- libc.so.6+0x271ca"));
    for (const char *byte = outcome.out; *byte != '\0'; byte++)
        assert_true(*byte == '\n' || (*byte >= ' ' && *byte < 0x7F));
    outcome_free(&outcome);
}

static void a_page_is_as_wide_as_columns_says(void **state)
{
    (void)state;
    write_shop(in_scratch("shop.tms"));
    setenv("COLUMNS", "40", 1);
    struct outcome outcome = run_command("top", "--once", in_scratch("shop.tms"));
    unsetenv("COLUMNS");
    assert_int_equal(outcome.status, 0);
    for (char *line = strtok(outcome.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(mbstowcs(NULL, line, 0) <= 40);
    outcome_free(&outcome);
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const char *const wrong[][2] = {
        {"--delay=0", "invalid value '0' for option '--delay' (allowed: 0.1 to 3600)"},
        {"--delay=nan", "invalid value 'nan' for option '--delay' (allowed: "},
        {"--delay=1x", "invalid value '1x' for option '--delay' (allowed: "},
        {"--view=trees", "invalid value 'trees' for option '--view' (allowed: tags, sites, "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct outcome outcome = run_command("top", wrong[i][0]);
        assert_int_equal(outcome.status, 2);
        assert_string_equal(outcome.out, "");
        assert_non_null(strstr(outcome.err, wrong[i][1]));
        outcome_free(&outcome);
    }
    struct outcome outcome = run_command("top", "1", "2");
    assert_int_equal(outcome.status, 2);
    outcome_free(&outcome);
}

static void where_nothing_is_tracked_one_line_says_so(void **state)
{
    (void)state;
    struct outcome outcome = run_command("top", "--dir", scratch());
    assert_refused(&outcome, 1, "no tracked process");
    outcome = run_command("top", "nowhere/at/all");
    assert_refused(&outcome, 1, "nowhere/at/all: No such file or directory");
    file_write(in_scratch("other"), "hello", 5);
    outcome = run_command("top", in_scratch("other"));
    assert_refused(&outcome, 1, "it is ");
}

static void the_only_dead_process_is_shown_and_of_two_a_list(void **state)
{
    (void)state;
    write_shop(place_of(4242, 123456));
    struct outcome outcome = run_command("top", "--dir", segments());
    assert_non_null(strstr(outcome.out, "shop[4242]  is gone; its last snapshot"));
    outcome_free(&outcome);
    write_shop(place_of(4243, 123456));
    outcome = run_command("top", "--dir", segments());
    assert_non_null(strstr(outcome.out, "2 tracked processes\n"));
    assert_non_null(strstr(outcome.out, "/usr/bin/shop --port 8080"));
    outcome_free(&outcome);
    outcome = run_command("top", "--dir", segments(), "4243");
    assert_non_null(strstr(outcome.out, "shop[4242]  is gone"));
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_three_digits),
        cmocka_unit_test(tags_come_largest_first_with_their_header),
        cmocka_unit_test(each_view_has_its_rows),
        cmocka_unit_test(a_class_of_sizes_is_named_by_its_bounds),
        cmocka_unit_test(keys_choose_the_column_that_is_sorted_by),
        cmocka_unit_test(a_filter_shows_rows_with_its_words),
        cmocka_unit_test(enter_leads_from_a_tag_to_its_sites_to_their_stacks),
        cmocka_unit_test(the_cursor_goes_with_its_row),
        cmocka_unit_test(a_long_table_scrolls),
        cmocka_unit_test(the_tree_opens_to_its_first_branching_and_closes),
        cmocka_unit_test(a_caller_holds_what_its_calls_hold),
        cmocka_unit_test(a_tree_of_any_size_is_bounded),
        cmocka_unit_test(names_that_are_known_better_stand_for_those_of_the_snapshot),
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
        cmocka_unit_test(a_pipe_is_given_one_page),
        cmocka_unit_test(a_page_is_as_wide_as_columns_says),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(where_nothing_is_tracked_one_line_says_so),
        cmocka_unit_test(the_only_dead_process_is_shown_and_of_two_a_list),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
