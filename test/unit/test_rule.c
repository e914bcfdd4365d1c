/* Rules: how they are written, and what they say of the sites of real libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <link.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/code/rule.h"
#include "lib/code/rule_pattern.h"
#include "lib/config/full.h"
#include "lib/config/glob.h"
#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/sys/sys.h"
#include "plugin.h"

static void *plugin_a, *plugin_b;

static int start(void **state)
{
    (void)state;
    module_start();
    object_start();
    plugin_a = dlopen(PLUGIN_A, RTLD_NOW | RTLD_LOCAL);
    plugin_b = dlopen(PLUGIN_B, RTLD_NOW | RTLD_LOCAL);
    return plugin_a == NULL || plugin_b == NULL;
}

static int clear(void **state)
{
    (void)state;
    rule_clear();
    sys_calls = SYS_ANY;
    return 0;
}

static bool add(const char *text)
{
    return rule_add(text, strlen(text));
}

static bool leave_out(const char *text)
{
    return rule_skip(text, strlen(text));
}

static struct rule_answer asked(uintptr_t address)
{
    return rule_for_site(object_of(address, 1), address);
}

static void assert_tag_at(uintptr_t address, const char *tag)
{
    const char *found = asked(address).tag;
    if (tag == NULL)
        assert_null(found);
    else
        assert_string_equal(found != NULL ? found : "none", tag);
}

/* The tag of a site in a function, one byte in. */
static void assert_tag(void *handle, const char *function, const char *tag)
{
    assert_tag_at(address_of(handle, function) + 1, tag);
}

static bool skips(void *handle, const char *function)
{
    return asked(address_of(handle, function) + 1).skip;
}

/* ---- globs ---- */

static void globs(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *name;
        bool matches;
    } cases[] = {
        {"", "", true},         {"", "a", false},       {"*", "", true},          {"*", "abc", true},
        {"?", "", false},       {"?", "a", true},       {"a*c", "abbc", true},    {"a*c", "abbd", false},
        {"a*", "ba", false},    {"*a", "ba", true},     {"**a**", "a", true},     {"a?c", "ac", false},
        {"abc", "abcd", false}, {"abcd", "abc", false}, {"*ab*ab", "abab", true}, {"*ab*ab", "ab", false},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
        if (glob_match(cases[i].glob, strlen(cases[i].glob), cases[i].name, strlen(cases[i].name)) != cases[i].matches)
            fail_msg("%s against %s", cases[i].glob, cases[i].name);
    assert_true(glob_match("abX", 2, "abY", 2)); /* neither is read to its zero */
}

/* ---- writing ---- */

static void what_is_no_rule_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        "libfoo",
        "libfoo:",
        ":tag",
        "lib\nfoo:tag",
        "libfoo:t\tag",
        "/usr/lib/libfoo.so:tag",
        "libfoo!:tag",
        "!:tag",
        "thread/:tag",
        "a/b!c:tag",
        "tread/x:tag",
        "libfoo:\177",
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++)
        if (add(bad[i]))
            fail_msg("%s", bad[i]);
    assert_false(rules_for_sites());
    assert_null(rule_for_thread("any"));
}

static void what_is_no_function_is_not_skipped(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    ":",         "xmalloc:",   ":xmalloc", "xmalloc::x", "xmalloc,",
                                      "a/b", "xmal\nloc", "libfoo.so!", "!",        "thread/x"};
    for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++)
        if (leave_out(bad[i]))
            fail_msg("%s", bad[i]);
    assert_false(rules_skip());
    assert_false(rules_for_sites());
}

static void long_ones_are_refused(void **state)
{
    (void)state;
    char text[2 * RULE_PATTERN];
    memset(text, 'x', sizeof text);
    memcpy(text + RULE_PATTERN, ":tag", 4);
    assert_false(rule_add(text, RULE_PATTERN + 4));
    assert_true(rule_add(text + 1, RULE_PATTERN + 3));
    assert_false(rule_skip(text, RULE_PATTERN));
    assert_true(rule_skip(text, RULE_PATTERN - 1));
    memset(text, 'x', sizeof text);
    text[1] = ':';
    assert_false(rule_add(text, 2 + 64));
    assert_true(rule_add(text, 2 + 63));
}

/* The text goes on behind the rule: options are in one line. */
static void a_rule_is_as_long_as_is_said(void **state)
{
    (void)state;
    assert_true(rule_add("plugin_a*:one,rule=x:two", strlen("plugin_a*:one")));
    assert_tag(plugin_a, "plugin_a_work", "one");
    assert_true(rule_skip("plugin_a_work,top=5", strlen("plugin_a_work")));
    assert_true(skips(plugin_b, "plugin_b_work") == false);
}

static void there_is_an_end_to_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RULES_MAX; i++)
        assert_true(add("nothing:tag"));
    assert_false(add("plugin*:tag"));
    assert_tag(plugin_a, "plugin_a_work", NULL);
    for (unsigned i = 0; i < RULES_MAX - 1; i++)
        assert_true(leave_out("nothing"));
    assert_false(leave_out("nothing:plugin_a_work"));
    assert_true(leave_out("plugin_b_work"));
    assert_false(leave_out("nothing"));
    assert_true(skips(plugin_b, "plugin_b_work"));
    assert_false(skips(plugin_a, "plugin_a_work"));
}

/* ---- modules, functions, threads ---- */

static void no_rules_say_nothing(void **state)
{
    (void)state;
    struct rule_answer answer = asked(address_of(plugin_a, "plugin_a_work"));
    assert_null(answer.tag);
    assert_false(answer.skip);
    assert_null(rule_for_thread("main"));
}

static void a_module_has_a_tag(void **state)
{
    (void)state;
    assert_true(add("libc.so*:c"));
    assert_true(add("plugin_?.so:plugin"));
    assert_true(rules_for_sites());
    assert_null(rule_for_thread("any"));
    assert_false(rules_skip());
    assert_tag(plugin_a, "plugin_a_work", "plugin");
    assert_tag(plugin_b, "plugin_b_work", "plugin");
    assert_tag(RTLD_DEFAULT, "getenv", "c");
    assert_tag_at((uintptr_t)&start + 1, NULL);
    assert_null(rule_for_thread("libc.so"));
}

static void what_belongs_to_no_module_can_have_one(void **state)
{
    (void)state;
    assert_true(add("(no module):generated"));
    assert_string_equal(rule_for_site(OBJECT_NONE, 0x1234).tag, "generated");
    assert_null(rule_for_site(OBJECT_OTHER, 0x1234).tag);
    assert_null(rule_for_site(UINT32_MAX, 0x1234).tag);
    assert_tag(plugin_a, "plugin_a_work", NULL);
}

static void a_function_has_a_tag(void **state)
{
    (void)state;
    assert_true(add("!plugin_?_work:work"));
    assert_true(add("plugin_b*!*unsized*:never")); /* nobody knows where it ends */
    assert_tag(plugin_a, "plugin_a_work", "work");
    assert_tag(plugin_b, "plugin_b_work", "work");
    assert_tag(plugin_b, "plugin_unsized", NULL);
    assert_tag(plugin_a, "plugin_split.part.0", NULL);
    assert_tag(RTLD_DEFAULT, "getenv", NULL);
}

/* Its first byte is where the call before it returns to, and the byte after its last may be a return address in it. */
static void a_function_ends_where_it_ends(void **state)
{
    (void)state;
    Dl_info info;
    const ElfW(Sym) * symbol;
    uintptr_t begin = address_of(RTLD_DEFAULT, "getenv");
    assert_int_not_equal(dladdr1((void *)begin, &info, (void **)&symbol, RTLD_DL_SYMENT), 0);
    assert_true(add("libc.so.6!getenv:environment"));
    assert_tag_at(begin, NULL);
    assert_tag_at(begin + 1, "environment");
    assert_tag_at(begin + symbol->st_size, "environment");
    assert_tag_at(begin + symbol->st_size + 1, NULL);
}

static void a_function_of_one_module_alone(void **state)
{
    (void)state;
    assert_true(add("plugin_b*!*:b"));
    assert_tag(plugin_a, "plugin_a_work", NULL);
    assert_tag(plugin_b, "plugin_b_work", "b");
}

static __attribute__((noinline)) int not_exported(int n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

static void static_functions_count(void **state)
{
    (void)state;
    assert_true(add("!not_exp*:static"));
    assert_tag_at((uintptr_t)&not_exported + 1, "static");
    assert_tag_at((uintptr_t)&start + 1, NULL);
    assert_int_equal(not_exported(1), 1);
}

static void what_was_split_off_goes_with_its_function(void **state)
{
    (void)state;
    assert_true(leave_out("plugin_split"));
    assert_true(add("!plugin_split.part.?:part"));
    assert_true(skips(plugin_a, "plugin_split.part.0"));
    assert_tag(plugin_a, "plugin_split.part.0", "part");
    assert_false(skips(plugin_a, "plugin_a_work"));
}

static void functions_are_skipped(void **state)
{
    (void)state;
    assert_true(leave_out("xmalloc:plugin_a_work,plugin_b.so!plugin_b_*"));
    assert_true(rules_skip());
    assert_true(skips(plugin_a, "plugin_a_work"));
    assert_true(skips(plugin_b, "plugin_b_work"));
    assert_false(skips(plugin_b, "plugin_unsized"));
    assert_false(skips(RTLD_DEFAULT, "getenv"));
    assert_tag(plugin_a, "plugin_a_work", NULL);
}

static void a_site_can_be_skipped_and_tagged(void **state)
{
    (void)state;
    assert_true(leave_out("plugin_*"));
    assert_true(add("!plugin_a_work:tag"));
    struct rule_answer answer = asked(address_of(plugin_a, "plugin_a_work") + 1);
    assert_true(answer.skip);
    assert_string_equal(answer.tag, "tag");
}

static void the_first_that_matches_wins(void **state)
{
    (void)state;
    assert_true(add("plugin_a.so:module a"));
    assert_true(add("!plugin_*_work:work"));
    assert_true(add("plugin_b.so:module b"));
    assert_true(add("!plugin_*:any"));
    assert_true(add("thread/*:thread"));
    assert_tag(plugin_a, "plugin_a_work", "module a");
    assert_tag(plugin_b, "plugin_b_work", "work");
    assert_tag(plugin_b, "plugin_split.part.0", "module b");
}

static void a_thread_has_a_tag(void **state)
{
    (void)state;
    assert_true(add("thread/io-*:network"));
    assert_true(add("thread/kworker/0:1:kernel")); /* the tag stands behind the last colon */
    assert_true(add("thread/i*:other"));
    assert_false(rules_for_sites());
    assert_string_equal(rule_for_thread("io-7"), "network");
    assert_string_equal(rule_for_thread("kworker/0:1"), "kernel");
    assert_string_equal(rule_for_thread("idle"), "other");
    assert_null(rule_for_thread("main"));
    assert_null(rule_for_thread(""));
    assert_tag(plugin_a, "plugin_a_work", NULL);
}

/* ---- what it costs ---- */

/* How often the file was opened. (Closing is watched too: events of one kind that follow each other become one.) */
static unsigned opened(int watch)
{
    _Alignas(struct inotify_event) char events[1 << 16];
    unsigned count = 0;
    long bytes = read(watch, events, sizeof events);
    for (long at = 0; at < bytes;) {
        const struct inotify_event *event = (const struct inotify_event *)(events + at);
        count += (event->mask & IN_OPEN) != 0;
        at += (long)(sizeof *event + event->len);
    }
    return count;
}

static void no_file_is_opened_for_nothing(void **state)
{
    (void)state;
    int watch = inotify_init1(IN_NONBLOCK);
    assert_true(watch >= 0);
    assert_true(inotify_add_watch(watch, PLUGIN_A, IN_OPEN | IN_CLOSE) >= 0);
    assert_tag(plugin_a, "plugin_a_work", NULL);
    assert_true(add("plugin*:tag"));
    assert_true(add("thread/x:tag"));
    assert_true(add("other*!work:tag"));
    assert_true(leave_out("libc*!malloc"));
    assert_tag(plugin_a, "plugin_a_work", "tag");
    assert_int_equal(opened(watch), 0);
    rule_clear();
    assert_true(leave_out("plugin_a_work"));
    for (unsigned i = 0; i < 100; i++)
        assert_true(skips(plugin_a, "plugin_a_work"));
    assert_int_equal(opened(watch), 1);
    close(watch);
}

static void in_a_sandbox_functions_are_not_known(void **state)
{
    (void)state;
    assert_true(add("!plugin_a_work:work"));
    assert_true(add("plugin_b*:module"));
    sys_calls = SYS_NONE;
    assert_tag(plugin_a, "plugin_a_work", NULL);
    assert_tag(plugin_b, "plugin_b_work", "module");
}

static void the_ranges_have_an_end(void **state)
{
    (void)state;
    uintptr_t begin = address_of(RTLD_DEFAULT, "getenv");
    struct object libc = *object_get(object_of(begin, 1));
    unsigned last = 0;
    assert_true(add("libc*!*:any"));
    for (unsigned i = 0; i < 16; i++) {
        char path[32];
        snprintf(path, sizeof path, "/invented/%u/libc.so.6", i);
        libc.path = path;
        last = object_record(&libc, 2);
        rule_for_site(last, begin + 1);
    }
    assert_true(rule_left_out() > 1000);
    assert_true(full_is_recorded(FULL_FUNCTIONS));
    assert_null(rule_for_site(last, begin + 1).tag);
    rule_clear();
    assert_int_equal(rule_left_out(), 0);
    assert_true(add("libc*!getenv:any"));
    assert_string_equal(rule_for_site(last, begin + 1).tag, "any");
}

#define CASE(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(globs),
        CASE(what_is_no_rule_is_refused),
        CASE(what_is_no_function_is_not_skipped),
        CASE(long_ones_are_refused),
        CASE(a_rule_is_as_long_as_is_said),
        CASE(there_is_an_end_to_them),
        CASE(no_rules_say_nothing),
        CASE(a_module_has_a_tag),
        CASE(what_belongs_to_no_module_can_have_one),
        CASE(a_function_has_a_tag),
        CASE(a_function_ends_where_it_ends),
        CASE(a_function_of_one_module_alone),
        CASE(static_functions_count),
        CASE(what_was_split_off_goes_with_its_function),
        CASE(functions_are_skipped),
        CASE(a_site_can_be_skipped_and_tagged),
        CASE(the_first_that_matches_wins),
        CASE(a_thread_has_a_tag),
        CASE(no_file_is_opened_for_nothing),
        CASE(in_a_sandbox_functions_are_not_known),
        CASE(the_ranges_have_an_end),
    };
    return cmocka_run_group_tests_name("rule", tests, start, NULL);
}
