/* Options as they are read in these suites, and the lines that complain of them. */
#ifndef TM_TEST_OPTIONS_COMPLAINTS_H
#define TM_TEST_OPTIONS_COMPLAINTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/alarm/alarm.h"
#include "lib/code/rule.h"
#include "lib/config/feature.h"
#include "lib/config/options.h"
#include "trackmalloc.h"

enum { GLIBCS = TM_FEATURE_MALLOC_INFO | TM_FEATURE_MALLOC_STATS | TM_FEATURE_MALLINFO }; /* off by default */
enum { LINES = 64, LINE = 1024 };

static struct {
    unsigned count;
    char line[LINES][LINE];
} complaints;

static inline void complaints_add(const char *line, size_t length)
{
    assert_in_range(complaints.count, 0, LINES - 1);
    assert_in_range(length, 1, LINE - 1);
    assert_null(memchr(line, '\n', length));
    memcpy(complaints.line[complaints.count], line, length);
    complaints.line[complaints.count++][length] = '\0';
}

static inline void read_options(const char *text)
{
    memset(&complaints, 0, sizeof complaints);
    options_register("skip", (struct options_list){rule_skip, NULL});
    options_register("rule", (struct options_list){rule_add, rule_clear});
    options_register("alarm", (struct options_list){alarm_add, alarm_clear});
    options_register("features", (struct options_list){feature_option, feature_clear});
    options_read(text, complaints_add);
}

static inline void read_accepted(const char *text)
{
    read_options(text);
    if (complaints.count != 0)
        fail_msg("%s: %s", text, complaints.line[0]);
}

static inline void read_refused(const char *text, const char *line)
{
    read_options(text);
    assert_int_equal(complaints.count, 1);
    assert_string_equal(complaints.line[0], line);
}

static inline void assert_defaults(void)
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

#endif
