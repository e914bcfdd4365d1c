/* Tags: names that a program may register, each found again, and what they held at their peak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/account/tag.h"

static bool good(const char *name)
{
    return tag_name_is_good(name, strlen(name));
}

/* ---- names ---- */

static void plain_names(void **state)
{
    (void)state;
    assert_true(good("a"));
    assert_true(good("db/cache"));
    assert_true(good("page cache (hot)"));
    assert_true(good("~!@#$%^&*"));
}

static void names_in_other_scripts(void **state)
{
    (void)state;
    assert_true(good("Zwischenspeicher für Größen"));
    assert_true(good("\xC2\xA1")); /* U+00A1, the first after the controls and a blank that no line is broken at */
    assert_true(good("кэш"));
    assert_true(good("\xF0\x9F\x92\xBE"));                     /* U+1F4BE */
    assert_true(good("\xED\x9F\xBF") && good("\xEE\x80\x80")); /* beside the surrogates */
    assert_true(good("\xF4\x8F\xBF\xBF"));                     /* U+10FFFF */
}

static void the_length_is_in_bytes(void **state)
{
    (void)state;
    char name[128];
    memset(name, 'x', sizeof name);
    assert_false(tag_name_is_good(name, 0));
    assert_true(tag_name_is_good(name, 63));
    assert_false(tag_name_is_good(name, 64));
    memcpy(name + 62, "\xC3\xBC", 2); /* 62 letters and one of two bytes */
    assert_false(tag_name_is_good(name, 63));
    assert_false(tag_name_is_good(name, 64));
}

static void controls_are_refused(void **state)
{
    (void)state;
    for (char c = 1; c < ' '; c++)
        assert_false(good((char[]){'a', c, 'b', 0}));
    assert_false(good("a\x7F"));
    assert_false(good("\xC2\x80") || good("\xC2\x9B[31m") || good("\xC2\x9F")); /* C1; U+009B begins commands */
    assert_false(good("\xE2\x80\xA8") || good("\xE2\x80\xA9"));                 /* line, paragraph */
    assert_false(good("\xE2\x80\xAE") || good("\xE2\x81\xA6"));                 /* right to left */
    assert_false(tag_name_is_good("a\0b", 3));
}

static void what_is_no_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "a\xC3",
        "\xC3(",
        "\xE2\x82",
        "\xE2(\xA1",
        "\xE2\x82(",
        "\xF0\x9F\x92",
        "\xF0\x9F(\x92",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xE0\x80\xAF",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xF0\x80\x80\xAF",
        "\xF0\x8F\xBF\xBF",
        "\xED\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80",
        "\xF8\x88\x80",
        "\xFE",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (good(bad[i]))
            fail_msg("case %zu", i);
}

/* A character cut by the end of the name must not be completed by what stands behind it. */
static void nothing_behind_the_end_is_read(void **state)
{
    (void)state;
    assert_false(tag_name_is_good("a\xC3\xBC", 2));
    assert_true(tag_name_is_good("a\xC3\xBC", 3));
}

/* ---- found again ---- */

static void names_are_found_again(void **state)
{
    (void)state;
    assert_int_equal(tag_count(), 0);
    tag_start();
    assert_int_equal(tag_count(), 2);
    unsigned cache = tag_intern("cache", 5);
    unsigned prefix = tag_intern("cac", 3);
    assert_int_not_equal(cache, prefix);
    assert_int_equal(tag_intern("cache", 5), cache);
    assert_int_equal(tag_find("cache", 5), cache);
    assert_int_equal(tag_find("cac", 3), prefix);
    assert_int_equal(tag_find("cach", 4), TAG_UNTAGGED);
    assert_int_equal(tag_find("cached", 6), TAG_UNTAGGED);
    assert_string_equal(tag_name(cache), "cache");
}

/* A name of 64 bytes and more is none that tag_find may cut. */
static void a_long_name_is_not_found_cut(void **state)
{
    (void)state;
    char name[80];
    memset(name, 'l', sizeof name);
    unsigned tag = tag_intern(name, sizeof name);
    assert_int_equal(tag_find(name, 63), tag);
    assert_int_equal(tag_find(name, 64), TAG_UNTAGGED);
}

/* ---- peaks ---- */

static void peaks_begin_anew(void **state)
{
    (void)state;
    unsigned tag = tag_intern("peaks", 5);
    uint64_t before = total_level();
    tag_push(tag, 1000);
    tag_push(tag, -(uint64_t)900);
    assert_int_equal(tag_peak(tag), 1000);
    assert_int_equal(tag_level(tag), 100);
    assert_int_equal(total_level(), before + 100);
    tags_forget_peaks();
    assert_int_equal(tag_peak(tag), 100);
    assert_int_equal(total_peak(), before + 100);
    tag_push(tag, 50);
    assert_int_equal(tag_peak(tag), 150);
}

/* The last of all: fills the table. */
static void a_full_table_says_so(void **state)
{
    (void)state;
    char name[32];
    while (tag_count() < TAGS_MAX) {
        unsigned next = tag_count();
        int length = snprintf(name, sizeof name, "tag %u", next);
        assert_int_equal(tag_intern(name, (size_t)length), next);
    }
    assert_int_equal(tag_intern("one more", 8), TAG_OTHER);
    assert_int_equal(tags_left_out(), 1);
    assert_int_equal(tag_find("one more", 8), TAG_UNTAGGED);
    assert_int_equal(tag_find(name, strlen(name)), TAGS_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names),
        cmocka_unit_test(names_in_other_scripts),
        cmocka_unit_test(the_length_is_in_bytes),
        cmocka_unit_test(controls_are_refused),
        cmocka_unit_test(what_is_no_utf8_is_refused),
        cmocka_unit_test(nothing_behind_the_end_is_read),
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(a_long_name_is_not_found_cut),
        cmocka_unit_test(peaks_begin_anew),
        cmocka_unit_test(a_full_table_says_so),
    };
    return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
