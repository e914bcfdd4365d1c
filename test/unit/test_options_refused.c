/* TRACKMALLOC_OPTIONS: names and values that are refused, and the line that says so. */
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
#include "random.h"

static void bad_values_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"interval=0.001",
         "invalid value '0.001' for option 'interval' (allowed: 0.1 to 86400, or 0: none); it stays 5"},
        {"interval=0.099",
         "invalid value '0.099' for option 'interval' (allowed: 0.1 to 86400, or 0: none); it stays 5"},
        {"interval=86400.001",
         "invalid value '86400.001' for option 'interval' (allowed: 0.1 to 86400, or 0: none); it stays 5"},
        {"output=", "invalid value '' for option 'output' (allowed: stderr, none, or a path); it stays stderr"},
        {"final=yes", "invalid value 'yes' for option 'final' (allowed: off|on); it stays on"},
        {"final=o", "invalid value 'o' for option 'final' (allowed: off|on); it stays on"},
        {"help=ON", "invalid value 'ON' for option 'help' (allowed: off|on); it stays off"},
        {"top=0", "invalid value '0' for option 'top' (allowed: 1 to 4096); it stays 20"},
        {"top=4097", "invalid value '4097' for option 'top' (allowed: 1 to 4096); it stays 20"},
        {"top=1.5", "invalid value '1.5' for option 'top' (allowed: 1 to 4096); it stays 20"},
        {"top", "invalid value '' for option 'top' (allowed: 1 to 4096); it stays 20"},
        {"callers=maybe", "invalid value 'maybe' for option 'callers' (allowed: off|on); it stays on"},
        {"stacks=on", "invalid value 'on' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=1023", "invalid value '1023' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=2GiB", "invalid value '2GiB' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=5KB", "invalid value '5KB' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=K", "invalid value 'K' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=", "invalid value '' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=1TiB", "invalid value '1TiB' for option 'stacks' (allowed: off, all, or 1KiB to 1GiB); it stays off"},
        {"skip=",
         "invalid value '' for option 'skip' (allowed: [MODULE!]FUNCTION, as globs; 64 at most); it is left out"},
        {"tags=", "invalid value '' for option 'tags' (allowed: module|thread|none); it stays module"},
        {"tags=module|thread",
         "invalid value 'module|thread' for option 'tags' (allowed: module|thread|none); it stays module"},
        {"tags=non", "invalid value 'non' for option 'tags' (allowed: module|thread|none); it stays module"},
        {"tags=nonesuch", "invalid value 'nonesuch' for option 'tags' (allowed: module|thread|none); it stays module"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_refused(cases[i].text, cases[i].line);
        assert_defaults();
    }
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const values[] = {"",
                                         "x",
                                         "-1",
                                         "+1",
                                         " 1",
                                         "1 ",
                                         "1e3",
                                         "0x10",
                                         "1.2.3",
                                         ".",
                                         "..",
                                         "1.0001",
                                         "five",
                                         "1.5s",
                                         "1\xc2\xb2",
                                         "nan",
                                         "inf",
                                         "1/2",
                                         "'5'",
                                         "5\t",
                                         "18446744073709551616",
                                         "18446744073709551621",
                                         "99999999999999999999999999",
                                         "1844674407370955.1621"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[LINE];
        snprintf(text, sizeof text, "interval=%s", values[i]);
        read_options(text);
        if (complaints.count != 1)
            fail_msg("interval=%s was taken for %u ms", values[i], (unsigned)options.interval_ms);
        assert_defaults();
        snprintf(text, sizeof text, "top=%s", values[i]);
        read_options(text);
        assert_int_equal(complaints.count, 1);
        assert_defaults();
    }
}

static void unknown_names_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"topp=3", "topp"}, {"to=3", "to"},     {"TOP=3", "TOP"}, {" top=3", " top"},
        {"=3", ""},         {"top =3", "top "}, {"bare", "bare"}, {"interval_ms=3", "interval_ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[LINE];
        snprintf(line, sizeof line,
                 "unknown option '%s'; there are: interval, output, final, only, top, tags, "
                 "callers, stacks, skip, rule, alarm, features, leaks, segment, dir, keep, filter, help",
                 cases[i].name);
        read_refused(cases[i].text, line);
        assert_defaults();
    }
}

static void each_error_has_its_line(void **state)
{
    (void)state;
    read_options("top=x,interval=2,nonsense,tags=,only=abc,final=maybe");
    assert_int_equal(complaints.count, 4);
    assert_non_null(strstr(complaints.line[0], "'top'"));
    assert_non_null(strstr(complaints.line[1], "'nonsense'"));
    assert_non_null(strstr(complaints.line[2], "'tags'"));
    assert_non_null(strstr(complaints.line[3], "'final'"));
    assert_int_equal(options.interval_ms, 2000);
    assert_string_equal(options.only, "abc");
    assert_int_equal(options.top, 20);
}

/* The line says what the option is from now on. */
static void a_bad_value_after_a_good_one(void **state)
{
    (void)state;
    read_refused("top=5,top=x", "invalid value 'x' for option 'top' (allowed: 1 to 4096); it stays 20");
    assert_int_equal(options.top, 20);
    read_refused("top=x,top=5", "invalid value 'x' for option 'top' (allowed: 1 to 4096); it stays 20");
    assert_int_equal(options.top, 5);
}

/* However long the text is, a line is short, and begins with what is wrong. */
static void endless_names_and_values(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    static const char *const beginnings[] = {"", "top=", "interval=", "output=", "only=", "tags=", "x="};
    char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        memset(text, '9', LENGTH);
        text[LENGTH] = '\0';
        memcpy(text, beginnings[i], strlen(beginnings[i]));
        read_options(text);
        assert_int_equal(complaints.count, 1);
        assert_in_range(strlen(complaints.line[0]), 1, 512);
        bool known = beginnings[i][0] != '\0' && beginnings[i][0] != 'x';
        const char *begin = known ? "invalid value '" : "unknown option '";
        assert_memory_equal(complaints.line[0], begin, strlen(begin));
        assert_defaults();
    }
    free(text);
}

/* Any text at all is read to its end; a byte is never written past a field. */
static void any_text_is_survived(void **state)
{
    (void)state;
    static const char letters[] = "interval=05.,output=x,top=tags=nonefinal=off,only=*:?,help";
    uint64_t seed = 7;
    for (unsigned round = 0; round < 20000; round++) {
        char text[40];
        size_t length = random_below(&seed, sizeof text);
        for (size_t i = 0; i < length; i++)
            text[i] = letters[random_below(&seed, sizeof letters - 1)];
        text[length] = '\0';
        read_options(text);
        assert_in_range(options.interval_ms, 100, 86400000);
        assert_in_range(options.top, 1, 4096);
        assert_in_range(options.tags, TAGS_BY_MODULE, TAGS_NONE);
        assert_in_range(options.final, 0, 1);
        assert_in_range(options.help, 0, 1);
        assert_in_range(strlen(options.output), 1, OPTION_TEXT - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_values_are_told),          cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(unknown_names_are_told),       cmocka_unit_test(each_error_has_its_line),
        cmocka_unit_test(a_bad_value_after_a_good_one), cmocka_unit_test(endless_names_and_values),
        cmocka_unit_test(any_text_is_survived),
    };
    return cmocka_run_group_tests_name("options_refused", tests, NULL, NULL);
}
