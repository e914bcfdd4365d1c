/* top: its values, views, order, cursor and tree. */
#include "drawn.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/top/bar.h"
#include "cmd/top/layout.h"
#include "story.h"

static const struct namer nobody = {NULL, NULL};

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
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    assert_string_equal(row_names(&model), "shop cache/pages cache/index libengine.so.2");
    assert_shows(&model, "shop[4242]  running  up 1.0h\n/usr/bin/shop --port 8080\n");
    assert_shows(&model, "live 64.0MiB  blocks 1900  peak 80.0MiB  1 min 0B  10 min +36.4MiB\n");
    assert_shows(&model, "RSS 90.0MiB  beyond live 26.0MiB");
    assert_shows(&model, "40.0MiB  62.5%");
    model_end(&model);
}

static void each_view_has_its_rows(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    press_keys(&model, "c");
    assert_string_equal(row_names(&model), "shop!order_new+0x1f libengine.so.2!page_get+0x80 libengine.so.2+0x4410 "
                                           "shop!cart_add+0x44 0x7f12abcd (others)");
    press_keys(&model, "p");
    assert_string_equal(row_names(&model), "shop worker");
    assert_int_equal(row_named(&model, "worker")->value[FIELD_NET], -(26 << 20));
    press_keys(&model, "z");
    assert_string_equal(row_names(&model), "64 - 128 bytes");
    press_keys(&model, "t");
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
    assert_ptr_equal(strstr(row_names(&model), "0 - 4 bytes 4 - 8 bytes 8 - 16 bytes"), row_names(&model));
    assert_non_null(strstr(row_names(&model), "512 - 1KiB 1KiB - 2KiB"));
    assert_non_null(strstr(row_names(&model), "2GiB - 4GiB 4GiB and more"));
    free(story);
    model_end(&model);
}

/* ---- order and filter ---- */

static void keys_choose_the_column_that_is_sorted_by(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    press_keys(&model, "i");
    assert_string_equal(row_names(&model), "libengine.so.2 cache/index cache/pages shop");
    press_keys(&model, "<");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_END);
    assert_string_equal(row_names(&model), "cache/index cache/pages libengine.so.2 shop");
    press_keys(&model, "<<>");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_LIVE);
    press_keys(&model, ">"); /* beyond SINCE B, which is not shown */
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_SHARE);
    press_keys(&model, ">>>>>>>>>>>>>>>>");
    assert_int_equal(model.state[VIEW_TAGS].by, FIELD_PEAK);
    assert_shows(&model, "▾PEAK"); /* though it is the last that would have a place */
    model_end(&model);
}

static void a_filter_shows_rows_with_its_words(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    press_keys(&model, "/CACHE");
    assert_shows(&model, "show those with: CACHE_");
    assert_string_equal(row_names(&model), "cache/pages cache/index");
    model_press(&model, MODEL_ENTER);
    assert_shows(&model, "TAG /CACHE");
    press_keys(&model, "/q\xc3\xa4");
    assert_shows(&model, "nothing here has \"CACHEqä\" in its name");
    model_press(&model, MODEL_BACKSPACE);
    assert_string_equal(model.state[VIEW_TAGS].filter, "CACHEq");
    for (int i = 0; i < 10; i++)
        model_press(&model, MODEL_BACKSPACE);
    assert_int_equal(model.rows.shown, 4);
    for (int i = 0; i < 1000; i++)
        press_keys(&model, "x");
    assert_int_equal(strlen(model.state[VIEW_TAGS].filter), MODEL_FILTER - 1);
    model_press(&model, MODEL_ESCAPE);
    assert_int_equal(model.rows.shown, 4);
    model_end(&model);
}

static void enter_leads_from_a_tag_to_its_sites_to_their_stacks(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    model_press(&model, MODEL_ENTER);
    assert_int_equal(model.view, VIEW_SITES);
    assert_string_equal(row_names(&model), "shop!order_new+0x1f shop!cart_add+0x44"); /* not those named shop!… alone */
    model_press(&model, MODEL_ENTER);
    assert_int_equal(model.view, VIEW_STACKS);
    assert_non_null(strstr(row_names(&model), "shop!serve+0x90 shop!order_new+0x1f"));
    assert_null(strstr(row_names(&model), "page_get"));
    press_keys(&model, "t");
    assert_int_equal(model.rows.shown, 4);
    model_end(&model);
}

/* ---- the cursor ---- */

static void the_cursor_goes_with_its_row(void **state)
{
    struct model model = model_of_shop(VIEW_TAGS);
    (void)state;
    model_press(&model, MODEL_UP);
    assert_string_equal(model_here(&model)->name, "shop");
    model_press(&model, MODEL_DOWN);
    press_keys(&model, "i");
    assert_string_equal(model_here(&model)->name, "cache/pages");
    model_press(&model, MODEL_HOME); /* there it stays at the top, whoever comes there */
    assert_string_equal(model_here(&model)->name, "libengine.so.2");
    press_keys(&model, "i");
    assert_string_equal(model_here(&model)->name, "shop");
    model_press(&model, MODEL_END);
    model_press(&model, MODEL_DOWN);
    assert_string_equal(model_here(&model)->name, "libengine.so.2");
    press_keys(&model, "/shop");
    assert_string_equal(model_here(&model)->name, "shop");
    press_keys(&model, "nowhere");
    assert_null(model_here(&model));
    model_end(&model);
}

static void a_long_table_scrolls(void **state)
{
    struct model model;
    struct story *story = story_new();
    (void)state;
    for (int i = 0; i < 40; i++) {
        char name[32];
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
    struct model model = model_of_shop(VIEW_STACKS);
    (void)state;
    assert_string_equal(row_names(&model), "libc.so.6+0x271ca shop!main+0x12 shop!serve+0x90 shop!order_new+0x1f "
                                           "(calls too far out) shop!main+0x52");
    model_press(&model, MODEL_LEFT);
    assert_string_equal(row_names(&model), "libc.so.6+0x271ca (calls too far out) shop!main+0x52");
    press_keys(&model, "*");
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
    struct model model = model_of_shop(VIEW_SITES);
    (void)state;
    model.namer.find = name_of_order;
    model_collect(&model);
    assert_non_null(strstr(row_names(&model), "shop!Order::Order()+0x1f libengine.so.2!page_get+0x80"));
    press_keys(&model, "s");
    assert_non_null(strstr(row_names(&model), "shop!Order::Order()+0x1f"));
    model_end(&model);
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
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
