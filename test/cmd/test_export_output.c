/* export: how it is asked, and the file that it writes to. */
#include "exported.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/export/fields.h"
#include "cmd/export/formats.h"

static void assert_usage(struct outcome outcome, const char *words)
{
    assert_int_equal(outcome.status, 2);
    assert_string_equal(outcome.out, "");
    assert_has(outcome.err, words);
    outcome_free(&outcome);
}

/* Whether the text has the word, not as a part of a longer one. */
static bool has_word(const char *text, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += length)
        if ((at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[length]))
            return true;
    return false;
}

static void every_format_and_table_is_in_the_help_and_the_manual(void **state)
{
    struct outcome help = run_command("export", "--help");
    char *manual = file_read("doc/export.md", NULL), *page = file_read("doc/man/trackmalloc.1", NULL);
    (void)state;
    for (const struct export_format *format = export_formats; format->name != NULL; format++) {
        char option[64], request[64];
        snprintf(option, sizeof option, "--format %s ", format->name);
        snprintf(request, sizeof request, "\n.B %s\n", format->name);
        if (!has_word(help.out, format->name) || strstr(manual, option) == NULL || strstr(page, request) == NULL)
            fail_msg("format %s is not in the help, doc/export.md or the man page", format->name);
    }
    for (const struct field_table *table = field_tables; table->name != NULL; table++)
        if (!has_word(help.out, table->name))
            fail_msg("table %s is not in the help", table->name);
    assert_has(help.out, "json, csv, folded (for flame graphs), openmetrics");
    outcome_free(&help);
    free(manual);
    free(page);
}

static void what_makes_no_sense_is_refused(void **state)
{
    const char *path = story_file(story_new());
    (void)state;
    assert_usage(run_command("export", path), "option '--format' is missing");
    assert_usage(run_command("export", "-f", "xml", path), "'xml'");
    assert_usage(run_command("export", "-f", "csv", "-t", "nothing", path), "'nothing'");
    assert_usage(run_command("export", "-f", "folded", "-b", "size", path), "'size'");
    assert_usage(run_command("export", "-f", "folded", "-v", "dead", path), "'dead'");
    assert_usage(run_command("export", "-f", "json", path, path), "Too many arguments");
    struct outcome outcome = run_command("export", "-f", "json", "nowhere/at/all");
    assert_refused(&outcome, 1, "nowhere/at/all: No such file");
}

static void a_file_is_replaced_when_all_went_well(void **state)
{
    const char *path = story_file(story_new());
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
    const char *path = story_file(story_new());
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
    const char *path = story_file(story_new());
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
        cmocka_unit_test(every_format_and_table_is_in_the_help_and_the_manual),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_file_is_replaced_when_all_went_well),
        cmocka_unit_test(an_older_file_outlives_a_failure),
        cmocka_unit_test(a_link_leads_to_what_is_replaced),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
