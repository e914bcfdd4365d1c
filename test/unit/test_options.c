/* TRACKMALLOC_OPTIONS: what is taken, what is refused and how that is told; and that doc/options.md says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/alarm/alarm.h"
#include "lib/code/rule.h"
#include "lib/config/feature.h"
#include "lib/config/options.h"
#include "random.h"
#include "trackmalloc.h"

enum { GLIBCS = TM_FEATURE_MALLOC_INFO | TM_FEATURE_MALLOC_STATS | TM_FEATURE_MALLINFO }; /* off by default */
enum { LINES = 64, LINE = 1024, DOCUMENT = 1 << 16, HELP = 4096 };

/* ---- the lines that were told while options were read ---- */

static struct {
    unsigned count;
    char line[LINES][LINE];
} told;

static void tell(const char *line, size_t length)
{
    assert_in_range(told.count, 0, LINES - 1);
    assert_in_range(length, 1, LINE - 1);
    assert_null(memchr(line, '\n', length));
    memcpy(told.line[told.count], line, length);
    told.line[told.count++][length] = '\0';
}

static void read_options(const char *text)
{
    memset(&told, 0, sizeof told);
    options_register("skip", (struct options_list){rule_skip, NULL});
    options_register("rule", (struct options_list){rule_add, rule_clear});
    options_register("alarm", (struct options_list){alarm_add, alarm_clear});
    options_register("features", (struct options_list){feature_option, feature_clear});
    options_read(text, tell);
}

static void read_well(const char *text)
{
    read_options(text);
    if (told.count != 0)
        fail_msg("%s: %s", text, told.line[0]);
}

static void read_badly(const char *text, const char *line)
{
    read_options(text);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.line[0], line);
}

static void assert_defaults(void)
{
    assert_int_equal(options.interval_ms, 5000);
    assert_string_equal(options.output, "stderr");
    assert_int_equal(options.final, 1);
    assert_string_equal(options.only, "");
    assert_int_equal(options.top, 20);
    assert_int_equal(options.tags, TAGS_BY_MODULE);
    assert_int_equal(options.callers, 1);
    assert_int_equal(options.stacks, STACKS_OFF);
    assert_int_equal(options.leaks, 0);
    assert_int_equal(options.segment, 1);
    assert_string_equal(options.dir, "");
    assert_int_equal(options.keep, 0);
    assert_int_equal(options.help, 0);
    assert_false(rules_for_sites());
    assert_null(rule_for_thread("any"));
    assert_int_equal(feature_on(), FEATURES & ~GLIBCS);
}

/* ---- what is taken ---- */

static void nothing_given(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "", ",", ",,,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memset(&options, 0xff, sizeof options);
        read_well(texts[i]);
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
        read_well(cases[i].text);
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
        read_well(text);
        assert_string_equal(options.output, values[i]);
    }
}

static void the_longest_text(void **state)
{
    (void)state;
    char text[7 + OPTION_TEXT + 1] = "output=";
    memset(text + 7, 'x', OPTION_TEXT);
    text[7 + OPTION_TEXT - 1] = '\0';
    read_well(text);
    assert_int_equal(strlen(options.output), OPTION_TEXT - 1);
    assert_string_equal(options.only, "");
    text[7 + OPTION_TEXT - 1] = 'x';
    read_options(text);
    assert_int_equal(told.count, 1);
    assert_defaults();
}

static void choices(void **state)
{
    (void)state;
    read_well("final=off,help=on,tags=thread");
    assert_int_equal(options.final, 0);
    assert_int_equal(options.help, 1);
    assert_int_equal(options.tags, TAGS_BY_THREAD);
    read_well("final=on,help=off,tags=none");
    assert_int_equal(options.final, 1);
    assert_int_equal(options.help, 0);
    assert_int_equal(options.tags, TAGS_NONE);
    read_well("tags=module");
    assert_int_equal(options.tags, TAGS_BY_MODULE);
}

static void numbers(void **state)
{
    (void)state;
    read_well("top=1");
    assert_int_equal(options.top, 1);
    read_well("top=4096");
    assert_int_equal(options.top, 4096);
}

static void all_at_once(void **state)
{
    (void)state;
    read_well(",help=off,,interval=2,output=none,only=a*:b?,top=7,tags=none,final=off,");
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
    read_well("top=3,top=4,only=abc,only=,output=longer,output=short");
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
        read_well(cases[i].text);
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
        read_well(texts[i]);
        assert_int_equal(options.interval_ms, 2000);
        assert_int_equal(options.help, 0);
        assert_true(rules_for_sites());
    }
    read_well("rule=thread/io-*:io");
    assert_string_equal(rule_for_thread("io-7"), "io");
    assert_false(rules_for_sites());
}

/* One bad value is told, and takes no other with it. */
static void a_bad_one_in_a_list(void **state)
{
    (void)state;
    read_badly("skip=a,b/c,d",
               "option 'skip': 'b/c' is not allowed ([MODULE!]FUNCTION, as globs; 64 at most); it is left out");
    assert_true(rules_skip());
    read_badly("rule=thread/x:y,rule=nonsense",
               "option 'rule': 'nonsense' is not allowed (MODULE:TAG, [MODULE]!FUNCTION:TAG or thread/NAME:TAG, as "
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
        read_well(cases[i].text);
        if (feature_on() != cases[i].on || feature_off() != (FEATURES & ~cases[i].on))
            fail_msg("%s: %#x, not %#x", cases[i].text, feature_on(), cases[i].on);
    }
    static const char *const bad[] = {"",     "-",   "--vm",      "VM",  "vmm", "v",
                                      "alll", "-al", "mallinfo2", "+vm", " vm", "vm:date"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[LINE], line[LINE];
        snprintf(text, sizeof text, "features=date,features=%s", bad[i]);
        snprintf(line, sizeof line,
                 "option 'features': '%s' is not allowed (date, threads, counts, changes, blocks, malloc_info, "
                 "malloc_stats, mallinfo, vm or all; -NAME: off); it is left out",
                 bad[i]);
        read_badly(text, line);
        assert_defaults();
    }
}

/* A later call begins from the defaults again. */
static void nothing_is_left_of_the_text_before(void **state)
{
    (void)state;
    read_well("interval=1,output=x,final=off,only=y,top=1,tags=none,help=on,callers=off,stacks=all,leaks=on,"
              "features=all,-vm,skip=xmalloc,rule=a:b,rule=thread/a:b");
    read_well("");
    assert_defaults();
}

/* ---- what is refused ---- */

static void bad_values_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"interval=0.001", "option 'interval': '0.001' is not allowed (0.1 to 86400, or 0: none); it stays 5"},
        {"interval=0.099", "option 'interval': '0.099' is not allowed (0.1 to 86400, or 0: none); it stays 5"},
        {"interval=86400.001", "option 'interval': '86400.001' is not allowed (0.1 to 86400, or 0: none); it stays 5"},
        {"output=", "option 'output': '' is not allowed (stderr, none, or a path); it stays stderr"},
        {"final=yes", "option 'final': 'yes' is not allowed (off|on); it stays on"},
        {"final=o", "option 'final': 'o' is not allowed (off|on); it stays on"},
        {"help=ON", "option 'help': 'ON' is not allowed (off|on); it stays off"},
        {"top=0", "option 'top': '0' is not allowed (1 to 4096); it stays 20"},
        {"top=4097", "option 'top': '4097' is not allowed (1 to 4096); it stays 20"},
        {"top=1.5", "option 'top': '1.5' is not allowed (1 to 4096); it stays 20"},
        {"top", "option 'top': '' is not allowed (1 to 4096); it stays 20"},
        {"callers=maybe", "option 'callers': 'maybe' is not allowed (off|on); it stays on"},
        {"stacks=on", "option 'stacks': 'on' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=1023", "option 'stacks': '1023' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=2GiB", "option 'stacks': '2GiB' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=5KB", "option 'stacks': '5KB' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=K", "option 'stacks': 'K' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=", "option 'stacks': '' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"stacks=1TiB", "option 'stacks': '1TiB' is not allowed (off, all, or 1KiB to 1GiB); it stays off"},
        {"skip=", "option 'skip': '' is not allowed ([MODULE!]FUNCTION, as globs; 64 at most); it is left out"},
        {"tags=", "option 'tags': '' is not allowed (module|thread|none); it stays module"},
        {"tags=module|thread", "option 'tags': 'module|thread' is not allowed (module|thread|none); it stays module"},
        {"tags=non", "option 'tags': 'non' is not allowed (module|thread|none); it stays module"},
        {"tags=nonesuch", "option 'tags': 'nonesuch' is not allowed (module|thread|none); it stays module"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_badly(cases[i].text, cases[i].line);
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
        if (told.count != 1)
            fail_msg("interval=%s was taken for %u ms", values[i], (unsigned)options.interval_ms);
        assert_defaults();
        snprintf(text, sizeof text, "top=%s", values[i]);
        read_options(text);
        assert_int_equal(told.count, 1);
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
                 "option '%s' is not known; there are: interval, output, final, only, top, tags, "
                 "callers, stacks, skip, rule, alarm, features, leaks, segment, dir, keep, filter, help",
                 cases[i].name);
        read_badly(cases[i].text, line);
        assert_defaults();
    }
}

static void each_error_has_its_line(void **state)
{
    (void)state;
    read_options("top=x,interval=2,nonsense,tags=,only=abc,final=maybe");
    assert_int_equal(told.count, 4);
    assert_non_null(strstr(told.line[0], "'top'"));
    assert_non_null(strstr(told.line[1], "'nonsense'"));
    assert_non_null(strstr(told.line[2], "'tags'"));
    assert_non_null(strstr(told.line[3], "'final'"));
    assert_int_equal(options.interval_ms, 2000);
    assert_string_equal(options.only, "abc");
    assert_int_equal(options.top, 20);
}

/* The line says what the option is from now on. */
static void a_bad_value_after_a_good_one(void **state)
{
    (void)state;
    read_badly("top=5,top=x", "option 'top': 'x' is not allowed (1 to 4096); it stays 20");
    assert_int_equal(options.top, 20);
    read_badly("top=x,top=5", "option 'top': 'x' is not allowed (1 to 4096); it stays 20");
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
        assert_int_equal(told.count, 1);
        assert_in_range(strlen(told.line[0]), 1, 512);
        assert_memory_equal(told.line[0], "option '", 8);
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

/* ---- patterns ---- */

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *globs, *name;
        bool matches;
    } cases[] = {
        {"", "sh", false},
        {"sh", "sh", true},
        {"sh", "bash", false},
        {"sh", "sh2", false},
        {"*", "sh", true},
        {"*", "", true},
        {"?", "", false},
        {"??", "sh", true},
        {"?h", "sh", true},
        {"*sh", "bash", true},
        {"*sh", "ssh-agent", false},
        {"s*t", "ssh-agent", true},
        {"a:b", "b", true},
        {"a:b", "a:b", false},
        {"a:", "", false},
        {":", "", false},
        {"::sh", "sh", true},
        {"a:*", "sh", true},
        {"python*", "python3.11", true},
        {"*a*b*c*", "xxaxxbxxc", true},
        {"*a*b*c*", "xxaxxcxxb", false},
        {"*aab", "aaab", true},
        {"**", "x", true},
        {"*?", "", false},
        {"*?", "x", true},
        {"a*", "b", false},
        {"[ab]", "a", false},
        {"\\*", "*", false},
        {"SH", "sh", false},
        {"*.*", "a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (options_glob(cases[i].globs, cases[i].name) != cases[i].matches)
            fail_msg("'%s' against '%s'", cases[i].globs, cases[i].name);
}

/* What the two characters mean, without any cleverness. */
static bool reference_glob(const char *glob, const char *name)
{
    if (*glob == '\0')
        return *name == '\0';
    if (*glob == '*')
        return reference_glob(glob + 1, name) || (*name != '\0' && reference_glob(glob, name + 1));
    return *name != '\0' && (*glob == '?' || *glob == *name) && reference_glob(glob + 1, name + 1);
}

static void random_word(uint64_t *seed, const char *letters, char word[9])
{
    size_t length = random_below(seed, 9);
    for (size_t i = 0; i < length; i++)
        word[i] = letters[random_below(seed, strlen(letters))];
    word[length] = '\0';
}

static void patterns_against_their_meaning(void **state)
{
    (void)state;
    uint64_t seed = 8;
    unsigned matches = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char first[9], second[9], name[9], globs[20];
        random_word(&seed, "ab*?", first);
        random_word(&seed, "ab*?", second);
        random_word(&seed, "ab", name);
        snprintf(globs, sizeof globs, "%s:%s", first, second);
        bool expected =
            (*first != '\0' && reference_glob(first, name)) || (*second != '\0' && reference_glob(second, name));
        if (options_glob(globs, name) != expected)
            fail_msg("'%s' against '%s'", globs, name);
        matches += expected;
    }
    assert_in_range(matches, 1000, 199000);
}

static void a_pattern_of_many_stars_ends(void **state)
{
    (void)state;
    assert_false(
        options_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* ---- help, and the manual ---- */

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
        char *room = malloc(capacity + 1);
        assert_non_null(room);
        room[capacity] = '#';
        assert_int_equal(options_help(room, capacity), length);
        assert_memory_equal(room, whole, capacity);
        assert_int_equal(room[capacity], '#');
        free(room);
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
            read_well(text);
    }
    assert_in_range(examples, 3, UINT32_MAX);
}

static void the_manuals_complaints_are_real(void **state)
{
    (void)state;
    read_options("interval=0.01,topp=3");
    assert_int_equal(told.count, 2);
    for (unsigned i = 0; i < told.count; i++) {
        char line[LINE + 32];
        snprintf(line, sizeof line, "\ntrackmalloc: %s\n", told.line[i]);
        if (strstr(document(), line) == NULL)
            fail_msg("doc/options.md does not hold:%s", line);
    }
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
        cmocka_unit_test(bad_values_are_told),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(unknown_names_are_told),
        cmocka_unit_test(each_error_has_its_line),
        cmocka_unit_test(a_bad_value_after_a_good_one),
        cmocka_unit_test(endless_names_and_values),
        cmocka_unit_test(any_text_is_survived),
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_against_their_meaning),
        cmocka_unit_test(a_pattern_of_many_stars_ends),
        cmocka_unit_test(help_has_a_line_for_each_option),
        cmocka_unit_test(help_keeps_to_its_room),
        cmocka_unit_test(the_manual_holds_the_table),
        cmocka_unit_test(the_manual_explains_each_option),
        cmocka_unit_test(the_manuals_examples_are_right),
        cmocka_unit_test(the_manuals_complaints_are_real),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
