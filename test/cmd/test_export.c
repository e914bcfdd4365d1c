/* export: what it tells in each of its forms, of made-up snapshots and of a real process. */
#include "exported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/export/fields.h"
#include "cmd/export/metrics_tags.h"

/* ---- what is told ---- */

static void json_tells_all_of_it(void **state)
{
    (void)state;
    char *text = exported("json", story_file(story_new()));
    assert_accepted("json", text);
    free(text);
    json_t *json = exported_json(in_scratch("story"));
    assert_number(json, "schema", 1);
    assert_text(json, "process/command/1", "--port");
    assert_text(json, "process/time", "2026-11-21T09:36:26Z");
    assert_number(json, "total/live_bytes", 64 << 20);
    assert_number(json, "tags/1/live_bytes", 20 << 20);
    assert_number(json, "tags/1/live_blocks_age_100_1000s", 200);
    assert_unknown(json, "tags/1/live_bytes_1d_ago");
    assert_number(json, "sites/0/live_bytes_1h_ago", 5 << 20);
    assert_text(json, "sites/4/name", "0x7f12abcd");
    assert_text(json, "sites/5/name", "(others)");
    assert_unknown(json, "sites/5/mean_age_seconds");
    assert_unknown(json, "sites/5/tag");
    assert_number(json, "sites/2/object", 2);
    assert_text(json, "suspects/0/name", "shop!order_new+0x1f");
    assert_text(json, "stacks/0/frames/0/function", "order_new");
    assert_text(json, "stacks/0/frames/3/function", "libc.so.6+0x271ca");
    assert_unknown(json, "stacks/0/frames/0/file");
    assert_text(json, "sites/0/frames/0/function", "order_new");
    assert_unknown(json, "sites/5/frames");
    assert_text(json, "stacks/0/frames/3/address", "0x7ffff70271ca");
    assert_true(json_is_true(json_at(json, "stacks/2/truncated")));
    assert_unknown(json, "stacks/2/frames/1/object");
    assert_text(json, "objects/0/build_id", "5b5c5d5e5f606162636465666768696a6b6c6d6e");
    assert_number(json, "sizes/5/from_bytes", 64);
    assert_number(json, "sizes/5/below_bytes", 128);
    assert_number(json, "sizes/0/from_bytes", 0);
    assert_unknown(json, "sizes/31/below_bytes");
    assert_number(json, "series/59/live_blocks", 1900);
    assert_true(json_real_value(json_at(json, "series/0/uptime_seconds")) == 60.0);
    assert_unknown(json, "alarm");
    assert_text(json, "notes/0/kind", "deepbind");
    assert_text(json, "notes/0/name", "/usr/lib/shop/plugin.so");
    assert_number(json, "notes/0/count", 2);
    assert_unknown(json, "notes/1/name");
    json_decref(json);
}

static void an_alarm_is_told_and_what_is_not_known_is_null(void **state)
{
    struct story *story = story_new();
    (void)state;
    story->head.kind = SNAPSHOT_ALARM;
    story->head.alarm = (struct snapshot_alarm){
        .what = SNAPSHOT_ALARM_CHANGE, .of = SNAPSHOT_TAG, .name = "shop", .limit = 5, .change = -7, .since_ms = 1500};
    story->head.memory = (struct snapshot_memory){.known = 0};
    story->head.parent = 0;
    story->objects[0].build_id_bytes = 0;
    char *text = exported("json", story_file(story));
    assert_accepted("json", text);
    free(text);
    json_t *json = exported_json(in_scratch("story"));
    assert_text(json, "alarm/what", "change");
    assert_number(json, "alarm/change_bytes", -7);
    assert_unknown(json, "memory");
    assert_unknown(json, "process/parent_pid");
    assert_unknown(json, "objects/0/build_id");
    json_decref(json);
    text = exported("openmetrics", in_scratch("story"));
    assert_null(strstr(text, "trackmalloc_process_resident_bytes{"));
    free(text);
}

static void csv_has_every_table(void **state)
{
    (void)state;
    const char *path = story_file(story_new());
    for (const struct field_table *table = field_tables; table->name != NULL; table++) {
        struct outcome outcome = run_command("export", "-f", "csv", "--table", table->name, path);
        assert_fine(&outcome);
        assert_accepted("csv", outcome.out);
        outcome_free(&outcome);
    }
    char *tags = exported("csv", path);
    assert_ptr_equal(strstr(tags, "name,live_blocks,live_bytes,"), tags);
    assert_has(tags, "\n\"cache/pages\",400,20971520,1600,62914560,1200,41943040,26214400,0,0,");
    free(tags);
}

static void every_name_is_in_the_manual(void **state)
{
    char *manual = file_read("doc/export.md", NULL);
    char quoted[80];
    (void)state;
    for (const struct field_table *table = field_tables; table->name != NULL; table++) {
        snprintf(quoted, sizeof quoted, "`%s`", table->name);
        assert_has(manual, quoted);
        for (const struct field *field = table->fields; field->name != NULL; field++) {
            snprintf(quoted, sizeof quoted, "`%s`", field->name);
            assert_has(manual, quoted);
        }
    }
    free(manual);
}

static void every_metric_is_in_the_manual(void **state)
{
    char *manual = file_read("doc/export.md", NULL);
    char *metrics = exported("openmetrics", story_file(story_new()));
    unsigned found = 0;
    (void)state;
    for (char *line = metrics; (line = strstr(line, "# TYPE ")) != NULL; found++) {
        char quoted[128];
        line += strlen("# TYPE ");
        snprintf(quoted, sizeof quoted, "`%.*s", (int)strcspn(line, " "), line);
        assert_has(manual, quoted);
    }
    assert_true(found > 10);
    free(metrics);
    free(manual);
}

static void folded_stacks_begin_with_main(void **state)
{
    (void)state;
    char *text = exported("folded", story_file(story_new()));
    assert_string_equal(text, "libc.so.6+0x271ca;main;serve;order_new 31457280\n"
                              "main;import;order_new 9437184\n"
                              "(truncated);(no_module)+0x7f0000001234;page_get 20971520\n"
                              "cart_add 1048576\nlibengine.so.2+0x4410 3145728\n(no_module)+0x7f12abcd 524288\n"
                              "(others) 524288\n"); /* what no stack covers: the sum is the process's */
    free(text);
    struct outcome outcome = run_command("export", "-f", "folded", "--value", "blocks", in_scratch("story"));
    assert_has(outcome.out, ";order_new 700\n");
    outcome_free(&outcome);
    outcome = run_command("export", "-f", "folded", "--value", "allocated", in_scratch("story"));
    assert_has(outcome.out, ";order_new 94371840\n");
    outcome_free(&outcome);
    outcome = run_command("export", "-f", "folded", "--by", "tags", in_scratch("story"));
    assert_has(outcome.out, "cache;pages 20971520\ncache;index 3145728\n");
    outcome_free(&outcome);
}

static void folded_sites_where_there_are_no_stacks(void **state)
{
    struct story *story = story_new();
    (void)state;
    story->head.stacks = story->head.frames = 0;
    char *text = exported("folded", story_file(story));
    assert_has(text, "shop;order_new 40894464\n");
    assert_has(text, "\ncache/pages;page_get 20971520\n");
    assert_has(text, "\n(none);(others) 524288\n");
    free(text);
}

static void metrics_are_accepted(void **state)
{
    (void)state;
    char *text = exported("openmetrics", story_file(story_new()));
    assert_accepted("openmetrics", text);
    assert_has(text, "trackmalloc_live_bytes{pid=\"4242\",program=\"shop\",tag=\"cache/pages\"} 20971520\n");
    assert_has(text, "trackmalloc_allocations_total{pid=\"4242\",program=\"shop\",tag=\"shop\"} 4000\n");
    assert_has(text,
               "trackmalloc_live_blocks_age_seconds_bucket{pid=\"4242\",program=\"shop\",tag=\"shop\",le=\"100.0\"}"
               " 500\n");
    assert_has(text, "tag=\"shop\",le=\"+Inf\"} 1000\n");
    assert_has(text, "trackmalloc_process_uptime_seconds{pid=\"4242\",program=\"shop\"} 3600\n");
    assert_has(text, "trackmalloc_own_cpu_seconds_total{pid=\"4242\",program=\"shop\"} 0.25\n");
    free(text);
}

/* ---- a real process ---- */

static struct target hold(const char *options)
{
    struct target target = target_start(options, ARGV(built("test/cmd/programs/tagged"), "kept/pages", "100", "1000"));
    assert_string_equal(target_line(&target), "ready");
    target_published(&target, target_published(&target, 0) + 1); /* one that was begun when it was ready */
    return target;
}

/* The row whose `name` it is. */
static json_t *row_named(json_t *rows, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) return row;
    fail_msg("there is no row %s", name);
    return NULL;
}

static void a_real_process_is_told_with_lines(void **state)
{
    char pid[16];
    (void)state;
    struct target target = hold("interval=0.25,stacks=all,output=/dev/null");
    snprintf(pid, sizeof pid, "%d", (int)target.pid);
    char *text = exported("json", pid);
    assert_accepted("json", text);
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    assert_number(json, "process/pid", target.pid);
    assert_number(row_named(json_at(json, "tags"), "kept/pages"), "live_bytes", 100000);
    size_t i;
    json_t *site;
    unsigned found = 0;
    json_array_foreach(json_at(json, "sites"), i, site)
    {
        if (strcmp(json_string_value(json_at(site, "tag")), "kept/pages") != 0)
            continue;
        assert_number(site, "live_blocks", 100);
        assert_text(site, "frames/0/function", "main");
        assert_has(json_string_value(json_at(site, "frames/0/file")), "programs/tagged.c");
        assert_true(json_integer_value(json_at(site, "frames/0/line")) > 10);
        found++;
    }
    assert_int_equal(found, 1);
    json_decref(json);
    text = exported("folded", pid);
    assert_has(text, ";main 100000\n");
    free(text);
    for (const char *format = NULL; (format = next_text_format(format)) != NULL;) {
        text = exported(format, pid);
        if (strcmp(format, "folded") != 0)
            assert_accepted(format, text);
        free(text);
    }
    target_end(&target, 0);
}

/* ---- tags as label values ---- */

static struct metrics_tags tags_of(struct story *story, size_t most)
{
    struct snapshot *snapshot = story_lay_out(story);
    struct metrics_tags tags = metrics_tags_of(snapshot, most);
    free(snapshot);
    free(story);
    return tags;
}

static void tags_that_look_the_same_are_one(void **state)
{
    struct story *story = story_new();
    (void)state;
    story_tag(story, "a\x01", 1, 100);
    story_tag(story, "a\x02", 2, 200);
    story_tag(story, "a?", 4, 400);
    struct metrics_tags tags = tags_of(story, 100);
    assert_int_equal(tags.rows, 5);
    assert_string_equal(tags.row[4].name, "a?");
    assert_int_equal(tags.row[4].counts.live.bytes, 700);
    assert_int_equal(tags.row[4].counts.allocated.blocks, 28);
    assert_int_equal(tags.row[4].counts.age[0].blocks, 1 + 1 + 2);
    metrics_tags_free(&tags);
}

static void tags_beyond_the_most_are_summed_up(void **state)
{
    struct story *story = story_new();
    (void)state;
    story_tag(story, "(others)", 1000000, 1ull << 40); /* a real one, and the largest */
    struct metrics_tags tags = tags_of(story, 3);
    assert_int_equal(tags.rows, 4);
    assert_string_equal(tags.row[0].name, "shop");
    assert_string_equal(tags.row[2].name, "cache/index");
    assert_string_equal(tags.row[3].name, "(others)");
    assert_int_equal(tags.row[3].counts.live.bytes, (1ull << 40) + (1 << 20));
    metrics_tags_free(&tags);
    tags = tags_of(story_new(), 4);
    assert_int_equal(tags.rows, 4);
    assert_string_equal(tags.row[3].name, "libengine.so.2");
    metrics_tags_free(&tags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_tells_all_of_it),
        cmocka_unit_test(an_alarm_is_told_and_what_is_not_known_is_null),
        cmocka_unit_test(csv_has_every_table),
        cmocka_unit_test(every_name_is_in_the_manual),
        cmocka_unit_test(every_metric_is_in_the_manual),
        cmocka_unit_test(folded_stacks_begin_with_main),
        cmocka_unit_test(folded_sites_where_there_are_no_stacks),
        cmocka_unit_test(metrics_are_accepted),
        cmocka_unit_test(a_real_process_is_told_with_lines),
        cmocka_unit_test(tags_that_look_the_same_are_one),
        cmocka_unit_test(tags_beyond_the_most_are_summed_up),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
