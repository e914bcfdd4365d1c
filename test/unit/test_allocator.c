/* What glibc says of itself: what cannot be had is told once, and which reports it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <dlfcn.h>

#include <cmocka.h>

#include "lib/collect/allocator.h"
#include "lib/config/feature.h"
#include "lib/config/log.h"
#include "lib/next/real.h"
#include "sample.h"
#include "trackmalloc.h"

enum { GLIBCS = TM_FEATURE_MALLOC_INFO | TM_FEATURE_MALLOC_STATS | TM_FEATURE_MALLINFO };

/* ---- the rest of the library ---- */

static const char *libc;
static bool another;
static bool sandboxed;
static unsigned lines;

void *real_of_libc(const char *name)
{
    void *library = dlopen(libc, RTLD_LAZY | RTLD_NOLOAD);
    return library != NULL ? dlsym(library, name) : NULL;
}

bool real_is_glibc(void)
{
    return !another;
}

bool log_is_sandboxed(void)
{
    return sandboxed;
}

void log_begin(struct log_line *line)
{
    line->length = 0;
    line->text[0] = '\0';
}

void log_text(struct log_line *line, const char *text)
{
    strcat(line->text, text);
}

void log_say(struct log_line *line)
{
    static const char said[] = "features: the C library has no ";
    assert_memory_equal(line->text, said, sizeof said - 1);
    lines++;
}

/* ---- the tests ---- */

static const char *report_of(enum snapshot_kind kind)
{
    static char text[1 << 16];
    struct snapshot *snapshot = sample_new(0, 0);
    snapshot->kind = kind;
    size_t length = allocator_report(snapshot, 20, text, sizeof text - 1);
    assert_in_range(length, 1, sizeof text - 1);
    text[length] = '\0';
    free(snapshot);
    return text;
}

static unsigned sections_of(const char *text)
{
    return (strstr(text, "\nglibc's malloc_info:\n<malloc ") != NULL ? TM_FEATURE_MALLOC_INFO : 0) |
           (strstr(text, "\nglibc's malloc_stats:\nArena 0:\n") != NULL ? TM_FEATURE_MALLOC_STATS : 0) |
           (strstr(text, "\nglibc's mallinfo2:\n") != NULL ? TM_FEATURE_MALLINFO : 0);
}

/* The loader itself has no allocator to ask. This test is the first: later ones find what they look for. */
static void what_cannot_be_had_is_told_once(void **state)
{
    (void)state;
    libc = "ld-linux-x86-64.so.2";
    assert_int_equal(allocator_find(TM_FEATURE_MALLINFO), TM_FEATURE_MALLINFO);
    assert_int_equal(lines, 1);
    assert_int_equal(allocator_find(FEATURES), GLIBCS);
    assert_int_equal(lines, 3);
    assert_int_equal(allocator_find(FEATURES), GLIBCS);
    assert_int_equal(allocator_find(FEATURES & ~GLIBCS), 0);
    assert_int_equal(lines, 3);
    libc = "libc.so.6";
    assert_int_equal(allocator_find(FEATURES), 0);
    libc = "ld-linux-x86-64.so.2";
    assert_int_equal(allocator_find(FEATURES), 0); /* found is found */
    assert_int_equal(lines, 3);
}

static void only_the_programs_own_threads_ask(void **state)
{
    (void)state;
    feature_switch(FEATURES, 0);
    assert_int_equal(sections_of(report_of(SNAPSHOT_PERIODIC)), 0);
    assert_int_equal(sections_of(report_of(SNAPSHOT_ALARM)), 0);
    assert_int_equal(sections_of(report_of(SNAPSHOT_REQUEST)), GLIBCS);
    assert_int_equal(sections_of(report_of(SNAPSHOT_EXIT)), GLIBCS);
    sandboxed = true;
    assert_int_equal(sections_of(report_of(SNAPSHOT_EXIT)), 0);
    sandboxed = false;
}

static void each_by_itself(void **state)
{
    (void)state;
    static const unsigned bits[] = {TM_FEATURE_MALLOC_INFO, TM_FEATURE_MALLOC_STATS, TM_FEATURE_MALLINFO};
    for (unsigned i = 0; i < 3; i++) {
        feature_switch(FEATURES, bits[i]);
        assert_int_equal(sections_of(report_of(SNAPSHOT_REQUEST)), GLIBCS & ~bits[i]);
        feature_switch(bits[i], FEATURES & ~bits[i]);
        assert_int_equal(sections_of(report_of(SNAPSHOT_REQUEST)), bits[i]);
    }
}

/* The same as without them, but for them: they stand before the last section. */
static void none_is_none(void **state)
{
    (void)state;
    feature_switch(0, GLIBCS);
    struct snapshot *snapshot = sample_new(0, 0);
    snapshot->kind = SNAPSHOT_EXIT;
    char *report = sample_report(snapshot, 20);
    assert_string_equal(report_of(SNAPSHOT_EXIT), report);
    feature_switch(GLIBCS, 0);
    const char *whole = report_of(SNAPSHOT_EXIT);
    const char *last = strstr(report, "\ntrackmalloc itself:\n");
    const char *first = strstr(whole, "\nglibc's ");
    assert_non_null(last);
    assert_non_null(first);
    assert_int_equal(first - whole, last - report);
    assert_memory_equal(whole, report, (size_t)(last - report));
    assert_string_equal(strstr(first, "\ntrackmalloc itself:\n"), last);
    free(report);
    free(snapshot);
}

static void another_allocator_is_said(void **state)
{
    (void)state;
    static const char said[] = "\nglibc's mallinfo2:\n(The program's allocator is another one";
    feature_switch(GLIBCS, 0);
    assert_null(strstr(report_of(SNAPSHOT_EXIT), said));
    another = true;
    assert_non_null(strstr(report_of(SNAPSHOT_EXIT), said));
    another = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_had_is_told_once),
        cmocka_unit_test(only_the_programs_own_threads_ask),
        cmocka_unit_test(each_by_itself),
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(another_allocator_is_said),
    };
    return cmocka_run_group_tests_name("allocator", tests, NULL, NULL);
}
