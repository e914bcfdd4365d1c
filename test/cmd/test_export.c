/* export: what other programs read, and that nothing out of a target breaks it. */
#include "harness.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/export/fields.h"
#include "cmd/export/metrics_tags.h"
#include "story.h"

static const char *const text_formats[] = {"json", "csv", "folded", "openmetrics"};

enum { TEXT_FORMATS = sizeof text_formats / sizeof *text_formats };

/* ---- helpers ---- */

/* Takes the story over; the file is "story" in the scratch directory. */
static const char *keep(struct story *story)
{
    static char path[256];
    struct snapshot *snapshot = story_lay_out(story);
    snprintf(path, sizeof path, "%s", in_scratch("story"));
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

static void assert_fine(const struct outcome *outcome)
{
    if (outcome->status != 0 || outcome->err[0] != '\0')
        fail_msg("status %d: %.500s", outcome->status, outcome->err);
}

static char *exported(const char *format, const char *path)
{
    struct outcome outcome = run_command("export", "--format", format, path);
    assert_fine(&outcome);
    free(outcome.err);
    return outcome.out;
}

static void assert_accepted(const char *form, const char *text)
{
    const char *python = getenv("PYTHON") != NULL ? getenv("PYTHON") : "/usr/bin/python3";
    file_write(in_scratch("exported"), text, strlen(text));
    struct outcome outcome =
        run_program(ARGV(python, "test/cmd/accepts.py", form, in_scratch("exported"), "doc/snapshot.schema.json"));
    if (outcome.status != 0)
        fail_msg("%s: %.2000s", form, outcome.err);
    outcome_free(&outcome);
}

static json_t *exported_json(const char *path)
{
    char *text = exported("json", path);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

/* The value at "tags/0/name". */
static json_t *at(json_t *json, const char *path)
{
    char part[64];
    for (int length; *path != '\0' && json != NULL; path += length + (path[length] == '/')) {
        length = (int)strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", length, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10)) : json_object_get(json, part);
    }
    return json;
}

static void assert_number(json_t *json, const char *path, long long value)
{
    if (!json_is_integer(at(json, path)) || json_integer_value(at(json, path)) != value)
        fail_msg("%s is %lld, not %lld", path, json_integer_value(at(json, path)), value);
}

static void assert_text(json_t *json, const char *path, const char *value)
{
    if (!json_is_string(at(json, path)) || strcmp(json_string_value(at(json, path)), value) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", path, json_string_value(at(json, path)), value);
}

static void assert_unknown(json_t *json, const char *path)
{
    if (!json_is_null(at(json, path)))
        fail_msg("%s is no null", path);
}

static void assert_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in\n%.3000s", words, text);
}

/* ---- what is told ---- */

static void json_tells_all_of_it(void **state)
{
    (void)state;
    char *text = exported("json", keep(story_new()));
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
    assert_true(json_is_true(at(json, "stacks/2/truncated")));
    assert_unknown(json, "stacks/2/frames/1/object");
    assert_text(json, "objects/0/build_id", "5b5c5d5e5f606162636465666768696a6b6c6d6e");
    assert_number(json, "sizes/5/from_bytes", 64);
    assert_number(json, "sizes/5/below_bytes", 128);
    assert_number(json, "sizes/0/from_bytes", 0);
    assert_unknown(json, "sizes/31/below_bytes");
    assert_number(json, "series/59/live_blocks", 1900);
    assert_true(json_real_value(at(json, "series/0/uptime_seconds")) == 60.0);
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
    story->object[0].build_id_bytes = 0;
    char *text = exported("json", keep(story));
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
    const char *path = keep(story_new());
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
    char *metrics = exported("openmetrics", keep(story_new()));
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
    char *text = exported("folded", keep(story_new()));
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
    char *text = exported("folded", keep(story));
    assert_has(text, "shop;order_new 40894464\n");
    assert_has(text, "\ncache/pages;page_get 20971520\n");
    assert_has(text, "\n(none);(others) 524288\n");
    free(text);
}

static void metrics_are_accepted(void **state)
{
    (void)state;
    char *text = exported("openmetrics", keep(story_new()));
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
    assert_number(row_named(at(json, "tags"), "kept/pages"), "live_bytes", 100000);
    size_t i;
    json_t *site;
    unsigned found = 0;
    json_array_foreach(at(json, "sites"), i, site)
    {
        if (strcmp(json_string_value(at(site, "tag")), "kept/pages") != 0)
            continue;
        assert_number(site, "live_blocks", 100);
        assert_text(site, "frames/0/function", "main");
        assert_has(json_string_value(at(site, "frames/0/file")), "programs/tagged.c");
        assert_true(json_integer_value(at(site, "frames/0/line")) > 10);
        found++;
    }
    assert_int_equal(found, 1);
    json_decref(json);
    text = exported("folded", pid);
    assert_has(text, ";main 100000\n");
    free(text);
    for (int form = 0; form < TEXT_FORMATS; form++) {
        text = exported(text_formats[form], pid);
        if (strcmp(text_formats[form], "folded") != 0)
            assert_accepted(text_formats[form], text);
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
    assert_int_equal(tags.row[4].books.live.bytes, 700);
    assert_int_equal(tags.row[4].books.allocated.blocks, 28);
    assert_int_equal(tags.row[4].books.age[0].blocks, 1 + 1 + 2);
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
    assert_int_equal(tags.row[3].books.live.bytes, (1ull << 40) + (1 << 20));
    metrics_tags_free(&tags);
    tags = tags_of(story_new(), 4);
    assert_int_equal(tags.rows, 4);
    assert_string_equal(tags.row[3].name, "libengine.so.2");
    metrics_tags_free(&tags);
}

/* ---- hostile input ---- */

static const char *const hostile[] = {
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@sum",
    "\"",
    "\"\"",
    "a\nb",
    "a\r\nb",
    "\x1b[31mred",
    "</script><b>",
    "a;b c",
    "\\",
    "\\\"",
    "\xff\xfe",
    "\xc3",
    "\xe2\x80\xae(turned)",
    "{}",
    "a,b",
    "# EOF",
    "",
    " ",
    "gr\xc3\xbc\xc3\x9f",
    "\x7f",
};

static struct story *hostile_story(void)
{
    struct story *story = story_new();
    char name[SNAPSHOT_SITE_NAME];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        story_tag(story, hostile[i], 1 + i, 100 + i);
        story_site(story, hostile[i], 0, 0x100 + i, story->head.tags - 1, (struct snapshot_amount){1, 1});
    }
    for (size_t i = 0; i < STORY_OBJECTS - 3; i++)
        story_object(story, hostile[i], 0x100000 * i);
    for (size_t i = 0; i < STORY_STACKS - 3 && i < sizeof hostile / sizeof *hostile; i++) {
        snprintf(name, sizeof name, "shop!%s+0x1", hostile[i]);
        story_stack(story, 0, (struct snapshot_amount){1, 1 + i});
        story_frame(story, name, 0, i);
        story_frame(story, "", 3 + i % (STORY_OBJECTS - 3), i);
    }
    snprintf(story->head.program, sizeof story->head.program, "x\"\n\\</script>\xff");
    snprintf(story->thread[0].name, sizeof story->thread[0].name, "=1+1\t\"\n");
    memcpy(story->command, "a\n\"\0\xff\0\0=b", 10);
    story->head.command_bytes = 10;
    return story;
}

static bool is_plain(unsigned char byte)
{
    return (byte >= 0x20 && byte != 0x7f) || byte == '\n';
}

static void no_name_breaks_a_form(void **state)
{
    const char *path = keep(hostile_story());
    (void)state;
    for (int i = 0; i < TEXT_FORMATS; i++) {
        char *text = exported(text_formats[i], path);
        for (const char *byte = text; *byte != '\0'; byte++)
            assert_true(is_plain((unsigned char)*byte));
        assert_null(strstr(text, "\xff"));
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_has(text, "gr\xc3\xbc\xc3\x9f");
        if (strcmp(text_formats[i], "folded") != 0)
            assert_accepted(text_formats[i], text);
        free(text);
    }
    for (const struct field_table *table = field_tables; table->name != NULL; table++) {
        struct outcome outcome = run_command("export", "-f", "csv", "--table", table->name, path);
        assert_accepted("csv", outcome.out);
        outcome_free(&outcome);
    }
}

static void a_folded_line_has_one_blank(void **state)
{
    char *text = exported("folded", keep(hostile_story()));
    char *rest = text;
    unsigned lines = 0;
    (void)state;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; lines++) {
        const char *blank = strchr(line, ' ');
        if (blank == NULL || blank == line || blank[1 + strspn(blank + 1, "0123456789")] != '\0')
            fail_msg("%s", line);
    }
    assert_true(lines > 3 + sizeof hostile / sizeof *hostile); /* sites without a stack, too */
    free(text);
}

static void no_cell_is_a_formula(void **state)
{
    char *text = exported("csv", keep(hostile_story()));
    (void)state;
    assert_has(text, "\n\"'=cmd|' /C calc'!A0\",");
    assert_has(text, "\n\"'+1\",");
    assert_has(text, "\n\"'-1\",");
    assert_has(text, "\n\"'@sum\",");
    assert_has(text, "\n\"\"\"\",");
    assert_has(text, "\n\"a,b\",");
    free(text);
}

static void no_number_breaks_a_form(void **state)
{
    struct story *story = story_new();
    (void)state;
    memset(&story->tag[0].books, 0xff, sizeof story->tag[0].books);
    memset(&story->head.total, 0xff, sizeof story->head.total);
    memset(&story->head.memory, 0xff, sizeof story->head.memory);
    story->site[0].address = story->site[0].age_ms = UINT64_MAX;
    story->thread[0].allocated = (struct snapshot_amount){UINT64_MAX, UINT64_MAX};
    story->stack[0].live.bytes = story->head.uptime_ms = story->object[0].base = UINT64_MAX;
    story->head.wall_seconds = INT64_MIN;
    const char *path = keep(story);
    for (int i = 0; i < TEXT_FORMATS; i++) {
        char *text = exported(text_formats[i], path);
        if (strcmp(text_formats[i], "folded") != 0)
            assert_accepted(text_formats[i], text);
        free(text);
    }
}

static void an_empty_snapshot_is_told_too(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    (void)state;
    story->head.version = SNAPSHOT_VERSION;
    const char *path = keep(story);
    for (int i = 0; i < TEXT_FORMATS; i++) {
        char *text = exported(text_formats[i], path);
        if (strcmp(text_formats[i], "folded") != 0)
            assert_accepted(text_formats[i], text);
        else
            assert_string_equal(text, "");
        free(text);
    }
}

/* ---- how it is asked ---- */

static void assert_usage(struct outcome outcome, const char *words)
{
    assert_int_equal(outcome.status, 2);
    assert_string_equal(outcome.out, "");
    assert_has(outcome.err, words);
    outcome_free(&outcome);
}

static void what_makes_no_sense_is_refused(void **state)
{
    const char *path = keep(story_new());
    (void)state;
    assert_usage(run_command("export", path), "option '--format' is missing");
    assert_usage(run_command("export", "-f", "xml", path),
                 "invalid value 'xml' for option '--format' (allowed: json, ");
    assert_usage(run_command("export", "-f", "csv", "-t", "nothing", path), "'nothing'");
    assert_usage(run_command("export", "-f", "folded", "-b", "size", path), "'size'");
    assert_usage(run_command("export", "-f", "folded", "-v", "dead", path), "'dead'");
    assert_usage(run_command("export", "-f", "json", path, path), "Too many arguments");
    struct outcome outcome = run_command("export", "-f", "json", "nowhere/at/all");
    assert_refused(&outcome, 1, "nowhere/at/all: No such file");
}

static void a_file_is_replaced_when_all_went_well(void **state)
{
    const char *path = keep(story_new());
    const char *output = in_scratch("output");
    (void)state;
    file_write(output, "older", 5);
    struct outcome outcome = run_command("export", "-f", "json", "-o", output, "nowhere/at/all");
    assert_int_equal(outcome.status, 1);
    outcome_free(&outcome);
    char *text = file_read(output, NULL);
    assert_string_equal(text, "older");
    free(text);
    outcome = run_command("export", "-f", "folded", "-o", output, path);
    assert_fine(&outcome);
    assert_string_equal(outcome.out, "");
    outcome_free(&outcome);
    text = file_read(output, NULL);
    assert_has(text, ";order_new 31457280\n");
    free(text);
    outcome = run_command("export", "-f", "pprof", "-o", output, path);
    assert_fine(&outcome);
    outcome_free(&outcome);
    text = file_read(output, NULL);
    assert_memory_equal(text, "\x1f\x8b", 2);
    free(text);
    outcome = run_command("export", "-f", "json", "-o", in_scratch("no/such/place"), path);
    assert_refused(&outcome, 1, "No such file");
    outcome = run_command("export", "-f", "json", "-o", "/dev/full", path);
    assert_refused(&outcome, 1, "No space left");
}

/* No file of that size may be written here: half of it is there when that is noticed. */
static void an_older_file_outlives_a_failure(void **state)
{
    const char *path = keep(story_new());
    const char *folder = in_scratch("replaced");
    char output[256], script[1024];
    struct stat status;
    (void)state;
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(output, sizeof output, "%s/profile", folder);
    snprintf(script, sizeof script, "trap '' XFSZ; ulimit -f 1; exec %s export -f json -o %s %s", built("trackmalloc"),
             output, path);
    file_write(output, "older", 5);
    assert_int_equal(chmod(output, 0644), 0);
    struct outcome outcome = run_program(ARGV("/bin/sh", "-c", script));
    assert_refused(&outcome, 1, "File too large");
    char *text = file_read(output, NULL);
    assert_string_equal(text, "older");
    free(text);
    outcome = run_command("export", "-f", "json", "-o", output, path);
    assert_fine(&outcome);
    outcome_free(&outcome);
    assert_int_equal(stat(output, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(unlink(output) | rmdir(folder), 0); /* nothing else was left */
}

static void a_link_leads_to_what_is_replaced(void **state)
{
    const char *path = keep(story_new());
    const char *target = in_scratch("linked"), *link = in_scratch("link");
    struct stat status;
    (void)state;
    file_write(target, "older", 5);
    assert_int_equal(symlink(target, link), 0);
    struct outcome outcome = run_command("export", "-f", "json", "-o", link, path);
    assert_fine(&outcome);
    outcome_free(&outcome);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    char *text = file_read(target, NULL);
    assert_has(text, "\"schema\"");
    free(text);
    outcome = run_command("export", "-f", "json", "-o", "/dev/null", path);
    assert_fine(&outcome);
    outcome_free(&outcome);
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
        cmocka_unit_test(no_name_breaks_a_form),
        cmocka_unit_test(a_folded_line_has_one_blank),
        cmocka_unit_test(no_cell_is_a_formula),
        cmocka_unit_test(no_number_breaks_a_form),
        cmocka_unit_test(an_empty_snapshot_is_told_too),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_file_is_replaced_when_all_went_well),
        cmocka_unit_test(an_older_file_outlives_a_failure),
        cmocka_unit_test(a_link_leads_to_what_is_replaced),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
