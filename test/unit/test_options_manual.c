/* The help that option `help` shows, and doc/options.md, which says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/config/options.h"
#include "options_complaints.h"

enum { DOCUMENT = 1 << 16, HELP = 4096 };

static char *help_text(void)
{
    static char help[HELP + 1];
    size_t length = options_help(help, HELP);
    assert_in_range(length, 1, HELP); /* lifecycle.c has that much room for it */
    help[length] = '\0';
    return help;
}

static void help_has_a_line_for_each_option(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "TRACKMALLOC_OPTIONS=\"name=value,name=value\"\n",
        "\n  interval  seconds from one report to the next  ",
        "  0.1 to 86400, or 0: none (default 5)\n  output  ",
        "  stderr, none, or a path (default stderr)\n  final  ",
        "  off|on (default on)\n  only  ",
        "  globs, separated by ':'\n  top  ",
        "  1 to 4096 (default 20)\n  tags  ",
        "  module|thread|none (default module)\n  callers  ",
        "  off|on (default on)\n  stacks  ",
        "  off, all, or 1KiB to 1GiB (default off)\n  skip  ",
        "  [MODULE!]FUNCTION, as globs; 64 at most\n  rule  ",
        "  MODULE:TAG, [MODULE]!FUNCTION:TAG or thread/NAME:TAG, as globs; 64 at most\n  alarm  ",
        "  TAG>SIZE[<SIZE], TAG+SIZE[/TIME] or block>SIZE; TAG: or process; 16 at most\n  features  ",
        "  date, threads, counts, changes, blocks, malloc_info, malloc_stats, mallinfo, vm or all; -NAME: off\n  leaks "
        " ",
        "  off|on (default off)\n  filter  ",
        "  careful|trusted|auto (default auto)\n  help  ",
        "  off|on (default off)\n",
    };
    const char *rest = help_text();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        rest = strstr(rest, lines[i]);
        if (rest == NULL)
            fail_msg("help lacks, or has elsewhere: %s", lines[i]);
    }
}

static void help_keeps_to_its_room(void **state)
{
    (void)state;
    const char *whole = help_text();
    size_t length = strlen(whole);
    for (size_t capacity = 0; capacity <= length; capacity++) {
        char *space = malloc(capacity + 1);
        assert_non_null(space);
        space[capacity] = '#';
        assert_int_equal(options_help(space, capacity), length);
        assert_memory_equal(space, whole, capacity);
        assert_int_equal(space[capacity], '#');
        free(space);
    }
}

static char *document(void)
{
    static char text[DOCUMENT];
    FILE *file = fopen(UNIT_DIR "/../../doc/options.md", "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_in_range(length, 1, sizeof text - 2);
    text[length] = '\0';
    return text;
}

static void the_manual_holds_the_table(void **state)
{
    (void)state;
    char block[HELP + 32];
    snprintf(block, sizeof block, "\n```text\n%s```\n", help_text());
    if (strstr(document(), block) == NULL)
        fail_msg("doc/options.md does not hold:%s", block);
}

/* In the table's order; a heading that no option has is none. */
static void the_manual_explains_each_option(void **state)
{
    (void)state;
    const char *manual = document();
    char *line = strtok(help_text(), "\n");
    while ((line = strtok(NULL, "\n")) != NULL) {
        char heading[LINE];
        snprintf(heading, sizeof heading, "\n### `%.*s`\n\n", (int)strcspn(line + 2, " "), line + 2);
        const char *found = strstr(manual, "\n### ");
        if (found == NULL || strncmp(found, heading, strlen(heading)) != 0)
            fail_msg("doc/options.md lacks, or has elsewhere:%s", heading);
        manual = found + 1;
    }
    assert_null(strstr(manual, "\n### "));
}

/* Every example is one that is taken. */
static void the_manuals_examples_are_right(void **state)
{
    (void)state;
    static const char variable[] = "\nTRACKMALLOC_OPTIONS=\"";
    unsigned examples = 0;
    for (char *at = document(); (at = strstr(at, variable)) != NULL; examples++) {
        char text[LINE];
        at += sizeof variable - 1;
        snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\""), at);
        if (strcmp(text, "name=value,name=value") != 0)
            read_accepted(text);
    }
    assert_in_range(examples, 3, UINT32_MAX);
}

static void the_manuals_complaints_are_real(void **state)
{
    (void)state;
    read_options("interval=0.01,topp=3");
    assert_int_equal(complaints.count, 2);
    for (unsigned i = 0; i < complaints.count; i++) {
        char line[LINE + 32];
        snprintf(line, sizeof line, "\ntrackmalloc: %s\n", complaints.line[i]);
        if (strstr(document(), line) == NULL)
            fail_msg("doc/options.md does not hold:%s", line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_has_a_line_for_each_option), cmocka_unit_test(help_keeps_to_its_room),
        cmocka_unit_test(the_manual_holds_the_table),      cmocka_unit_test(the_manual_explains_each_option),
        cmocka_unit_test(the_manuals_examples_are_right),  cmocka_unit_test(the_manuals_complaints_are_real),
    };
    return cmocka_run_group_tests_name("options_manual", tests, NULL, NULL);
}
