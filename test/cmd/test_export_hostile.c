/* export: nothing out of a target breaks what other programs read. */
#include "exported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/export/fields.h"

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
    enum { OBJECTS = 13, STACKS = 29 };
    struct story *story = story_new();
    char name[SNAPSHOT_SITE_NAME];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        story_tag(story, hostile[i], 1 + i, 100 + i);
        story_site(story, hostile[i], 0, 0x100 + i, story->head.tags - 1, (struct snapshot_amount){1, 1});
    }
    for (size_t i = 0; i < OBJECTS; i++)
        story_object(story, hostile[i], 0x100000 * i);
    for (size_t i = 0; i < STACKS && i < sizeof hostile / sizeof *hostile; i++) {
        snprintf(name, sizeof name, "shop!%s+0x1", hostile[i]);
        story_stack(story, 0, (struct snapshot_amount){1, 1 + i});
        story_frame(story, name, 0, i);
        story_frame(story, "", 3 + i % OBJECTS, i);
    }
    snprintf(story->head.program, sizeof story->head.program, "x\"\n\\</script>\xff");
    snprintf(story->threads[0].name, sizeof story->threads[0].name, "=1+1\t\"\n");
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
    const char *path = story_file(hostile_story());
    (void)state;
    for (const char *format = NULL; (format = next_text_format(format)) != NULL;) {
        char *text = exported(format, path);
        for (const char *byte = text; *byte != '\0'; byte++)
            assert_true(is_plain((unsigned char)*byte));
        assert_null(strstr(text, "\xff"));
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_has(text, "gr\xc3\xbc\xc3\x9f");
        if (strcmp(format, "folded") != 0)
            assert_accepted(format, text);
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
    char *text = exported("folded", story_file(hostile_story()));
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
    char *text = exported("csv", story_file(hostile_story()));
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
    memset(&story->tags[0].counts, 0xff, sizeof story->tags[0].counts);
    memset(&story->head.total, 0xff, sizeof story->head.total);
    memset(&story->head.memory, 0xff, sizeof story->head.memory);
    story->sites[0].address = story->sites[0].age_ms = UINT64_MAX;
    story->threads[0].allocated = (struct snapshot_amount){UINT64_MAX, UINT64_MAX};
    story->stacks[0].live.bytes = story->head.uptime_ms = story->objects[0].base = UINT64_MAX;
    story->head.wall_seconds = INT64_MIN;
    const char *path = story_file(story);
    for (const char *format = NULL; (format = next_text_format(format)) != NULL;) {
        char *text = exported(format, path);
        if (strcmp(format, "folded") != 0)
            assert_accepted(format, text);
        free(text);
    }
}

static void an_empty_snapshot_is_told_too(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    (void)state;
    story->head.version = SNAPSHOT_VERSION;
    const char *path = story_file(story);
    for (const char *format = NULL; (format = next_text_format(format)) != NULL;) {
        char *text = exported(format, path);
        if (strcmp(format, "folded") != 0)
            assert_accepted(format, text);
        else
            assert_string_equal(text, "");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_name_breaks_a_form),         cmocka_unit_test(a_folded_line_has_one_blank),
        cmocka_unit_test(no_cell_is_a_formula),          cmocka_unit_test(no_number_breaks_a_form),
        cmocka_unit_test(an_empty_snapshot_is_told_too),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
