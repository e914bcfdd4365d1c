/* TRACKMALLOC_OPTIONS: names and values that are taken, and what they set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/code/rule.h"
#include "lib/config/feature.h"
#include "lib/config/options.h"
#include "options_complaints.h"
#include "trackmalloc.h"

/* ---- what is taken ---- */

static void nothing_given(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "", ",", ",,,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memset(&options, 0xff, sizeof options);
        read_accepted(texts[i]);
        assert_defaults();
    }
}

static void interval_in_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {
        {"interval=0.1", 100},
        {"interval=.5", 500},
        {"interval=1", 1000},
        {"interval=1.", 1000},
        {"interval=2.25", 2250},
        {"interval=0.125", 125},
        {"interval=0", 0},
        {"interval=010", 10000},
        {"interval=86400", 86400000},
        {"interval=86399.999", 86399999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_accepted(cases[i].text);
        assert_int_equal(options.interval_ms, cases[i].ms);
    }
}

static void output_as_given(void **state)
{
    (void)state;
    static const char *const values[] = {"stderr", "none", "/tmp/x", "heap.%p.%n", "a b", "a=b", "=", "caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[LINE];
        snprintf(text, sizeof text, "output=%s", values[i]);
        read_accepted(text);
        assert_string_equal(options.output, values[i]);
    }
}

static void the_longest_text(void **state)
{
    (void)state;
    char text[7 + OPTION_TEXT + 1] = "output=";
    memset(text + 7, 'x', OPTION_TEXT);
    text[7 + OPTION_TEXT - 1] = '\0';
    read_accepted(text);
    assert_int_equal(strlen(options.output), OPTION_TEXT - 1);
    assert_string_equal(options.only, "");
    text[7 + OPTION_TEXT - 1] = 'x';
    read_options(text);
    assert_int_equal(complaints.count, 1);
    assert_defaults();
}

static void choices(void **state)
{
    (void)state;
    read_accepted("final=off,help=on,tags=thread");
    assert_int_equal(options.final, 0);
    assert_int_equal(options.help, 1);
    assert_int_equal(options.tags, TAGS_BY_THREAD);
    read_accepted("final=on,help=off,tags=none");
    assert_int_equal(options.final, 1);
    assert_int_equal(options.help, 0);
    assert_int_equal(options.tags, TAGS_NONE);
    read_accepted("tags=module");
    assert_int_equal(options.tags, TAGS_BY_MODULE);
}

static void numbers(void **state)
{
    (void)state;
    read_accepted("top=1");
    assert_int_equal(options.top, 1);
    read_accepted("top=4096");
    assert_int_equal(options.top, 4096);
}

static void all_at_once(void **state)
{
    (void)state;
    read_accepted(",help=off,,interval=2,output=none,only=a*:b?,top=7,tags=none,final=off,");
    assert_int_equal(options.interval_ms, 2000);
    assert_string_equal(options.output, "none");
    assert_string_equal(options.only, "a*:b?");
    assert_int_equal(options.top, 7);
    assert_int_equal(options.tags, TAGS_NONE);
    assert_int_equal(options.final, 0);
}

static void the_last_of_two_counts(void **state)
{
    (void)state;
    read_accepted("top=3,top=4,only=abc,only=,output=longer,output=short");
    assert_int_equal(options.top, 4);
    assert_string_equal(options.only, "");
    assert_string_equal(options.output, "short");
}

static void stacks_by_period(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t period;
    } cases[] = {
        {"stacks=off", STACKS_OFF},
        {"stacks=all", STACKS_ALL},
        {"stacks=1024", 1024},
        {"stacks=1024B", 1024},
        {"stacks=1K", 1024},
        {"stacks=1.5KiB", 1536},
        {"stacks=512KiB", 524288},
        {"stacks=0.5M", 524288},
        {"stacks=1MiB", 1048576},
        {"stacks=1GiB", 1 << 30},
        {"stacks=1073741824", 1 << 30},
        {"stacks=all,stacks=2K", 2048},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_accepted(cases[i].text);
        assert_int_equal(options.stacks, cases[i].period);
    }
}

/* Several values stand behind one another, and the list ends at the next option; or the option is given again. */
static void lists(void **state)
{
    (void)state;
    static const char *const texts[] = {"skip=xmalloc,g_malloc,interval=2", "interval=2,skip=xmalloc,skip=g_malloc",
                                        "skip=xmalloc:g_malloc,interval=2", "rule=lib*:x,!f:y,interval=2",
                                        "rule=lib*:x,skip=help,interval=2", "interval=2,skip=a,,b"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        read_accepted(texts[i]);
        assert_int_equal(options.interval_ms, 2000);
        assert_int_equal(options.help, 0);
        assert_true(rules_for_sites());
    }
    read_accepted("rule=thread/io-*:io");
    assert_string_equal(rule_for_thread("io-7"), "io");
    assert_false(rules_for_sites());
}

/* One bad value is told, and takes no other with it. */
static void a_bad_one_in_a_list(void **state)
{
    (void)state;
    read_refused(
        "skip=a,b/c,d",
        "invalid value 'b/c' for option 'skip' (allowed: [MODULE!]FUNCTION, as globs; 64 at most); it is left out");
    assert_true(rules_skip());
    read_refused(
        "rule=thread/x:y,rule=nonsense",
        "invalid value 'nonsense' for option 'rule' (allowed: MODULE:TAG, [MODULE]!FUNCTION:TAG or thread/NAME:TAG, as "
        "globs; 64 at most); it is left out");
    assert_string_equal(rule_for_thread("x"), "y");
}

static void features_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned on;
    } cases[] = {
        {"features=all", FEATURES},
        {"features=-all", 0},
        {"features=-all,date", TM_FEATURE_DATE},
        {"features=-all,threads,counts", TM_FEATURE_THREADS | TM_FEATURE_COUNTS},
        {"features=-all,changes,features=blocks", TM_FEATURE_CHANGES | TM_FEATURE_BLOCKS},
        {"features=-all,malloc_info,top=3,features=vm", TM_FEATURE_MALLOC_INFO | TM_FEATURE_VM},
        {"features=-all,malloc_stats", TM_FEATURE_MALLOC_STATS},
        {"features=-all,mallinfo", TM_FEATURE_MALLINFO},
        {"features=all,-vm,-date", FEATURES & ~(TM_FEATURE_VM | TM_FEATURE_DATE)},
        {"features=all,-threads,-counts,-changes,-blocks", GLIBCS | TM_FEATURE_DATE | TM_FEATURE_VM},
        {"features=-vm,vm,mallinfo", (FEATURES & ~GLIBCS) | TM_FEATURE_MALLINFO},
        {"features=mallinfo,-malloc_info", (FEATURES & ~GLIBCS) | TM_FEATURE_MALLINFO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_accepted(cases[i].text);
        if (feature_on() != cases[i].on || feature_off() != (FEATURES & ~cases[i].on))
            fail_msg("%s: %#x, not %#x", cases[i].text, feature_on(), cases[i].on);
    }
    static const char *const bad[] = {"",     "-",   "--vm",      "VM",  "vmm", "v",
                                      "alll", "-al", "mallinfo2", "+vm", " vm", "vm:date"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[LINE], line[LINE];
        snprintf(text, sizeof text, "features=date,features=%s", bad[i]);
        snprintf(
            line, sizeof line,
            "invalid value '%s' for option 'features' (allowed: date, threads, counts, changes, blocks, malloc_info, "
            "malloc_stats, mallinfo, vm or all; -NAME: off); it is left out",
            bad[i]);
        read_refused(text, line);
        assert_defaults();
    }
}

/* A later call begins from the defaults again. */
static void nothing_is_left_of_the_text_before(void **state)
{
    (void)state;
    read_accepted("interval=1,output=x,final=off,only=y,top=1,tags=none,help=on,callers=off,stacks=all,leaks=on,"
                  "features=all,-vm,skip=xmalloc,rule=a:b,rule=thread/a:b");
    read_accepted("");
    assert_defaults();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given),
        cmocka_unit_test(interval_in_seconds),
        cmocka_unit_test(output_as_given),
        cmocka_unit_test(the_longest_text),
        cmocka_unit_test(choices),
        cmocka_unit_test(numbers),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(stacks_by_period),
        cmocka_unit_test(lists),
        cmocka_unit_test(features_by_name),
        cmocka_unit_test(a_bad_one_in_a_list),
        cmocka_unit_test(nothing_is_left_of_the_text_before),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
