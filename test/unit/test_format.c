/* Numbers, sizes, dates and names, against what the C library says where it has an opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "snapshot/format.h"

static char text[256];

static struct writer fresh(void)
{
    memset(text, 0, sizeof text);
    return (struct writer){text, sizeof text - 1, 0};
}

#define assert_format(expected, call)                   \
    do {                                                \
        struct writer out = fresh();                    \
        call;                                           \
        assert_string_equal(text, expected);            \
        assert_int_equal(out.length, strlen(expected)); \
    } while (0)

static void numbers_carry_commas(void **state)
{
    (void)state;
    assert_format("0", format_number(&out, 0));
    assert_format("7", format_number(&out, 7));
    assert_format("999", format_number(&out, 999));
    assert_format("1,000", format_number(&out, 1000));
    assert_format("10,020", format_number(&out, 10020));
    assert_format("999,999", format_number(&out, 999999));
    assert_format("1,000,000", format_number(&out, 1000000));
    assert_format("18,446,744,073,709,551,615", format_number(&out, UINT64_MAX));
}

static void ids_carry_none(void **state)
{
    (void)state;
    assert_format("0", format_id(&out, 0));
    assert_format("4194304", format_id(&out, 4194304));
    assert_format("18446744073709551615", format_id(&out, UINT64_MAX));
}

static void decimals(void **state)
{
    (void)state;
    assert_format("0.0", format_decimal(&out, 0, 1));
    assert_format("15.0", format_decimal(&out, 150, 1));
    assert_format("1,234.5", format_decimal(&out, 12345, 1));
    assert_format("0.007", format_decimal(&out, 7, 3));
    assert_format("18,446,744,073,709,551.615", format_decimal(&out, UINT64_MAX, 3));
}

static void sizes(void **state)
{
    (void)state;
    assert_format("0.0B", format_size(&out, 0));
    assert_format("1.0B", format_size(&out, 1));
    assert_format("1,023.0B", format_size(&out, 1023));
    assert_format("1.0KiB", format_size(&out, 1024));
    assert_format("1.5KiB", format_size(&out, 1536));
    assert_format("84.3MiB", format_size(&out, 88400123));
    assert_format("1.0GiB", format_size(&out, 1 << 30));
    assert_format("1.0TiB", format_size(&out, (uint64_t)1 << 40));
    assert_format("256.0TiB", format_size(&out, (uint64_t)1 << 48));
    assert_format("16,777,216.0TiB", format_size(&out, UINT64_MAX));
}

static void sizes_are_rounded_to_the_nearest(void **state)
{
    (void)state;
    assert_format("1.0KiB", format_size(&out, 1024 + 51));
    assert_format("1.1KiB", format_size(&out, 1024 + 52));
    assert_format("2.0KiB", format_size(&out, 2047));
    assert_format("1,023.9KiB", format_size(&out, 1024 * 1024 - 52));
    assert_format("1.0MiB", format_size(&out, 1024 * 1024 - 51)); /* never 1,024.0KiB */
    assert_format("1.0MiB", format_size(&out, 1024 * 1024 - 1));
    assert_format("1.0GiB", format_size(&out, (1 << 30) - 1));
    assert_format("1.0TiB", format_size(&out, ((uint64_t)1 << 40) - 1));
}

static void the_longest_fits_a_field(void **state)
{
    (void)state;
    struct writer out = {NULL, 0, 0};
    format_number(&out, UINT64_MAX);
    assert_in_range(out.length, 1, FORMAT_FIELD);
    out.length = 1; /* a sign */
    format_size(&out, UINT64_MAX);
    assert_in_range(out.length, 1, FORMAT_FIELD);
}

/* ---- dates ---- */

static void assert_date(int64_t seconds)
{
    char expected[64];
    const time_t time = (time_t)seconds;
    struct tm tm;
    struct writer out = fresh();
    assert_non_null(gmtime_r(&time, &tm));
    const size_t length = strftime(expected, sizeof expected, "%a %b %e %H:%M:%S UTC ", &tm);
    snprintf(expected + length, sizeof expected - length, "%04lld",
             tm.tm_year + 1900LL); /* as date does; %Y pads not */
    format_date(&out, seconds);
    assert_string_equal(text, expected);
}

static void dates_known(void **state)
{
    (void)state;
    assert_format("Thu Jan  1 00:00:00 UTC 1970", format_date(&out, 0));
    assert_format("Sat Nov 21 09:36:26 UTC 2026", format_date(&out, 1795253786));
    assert_format("Wed Dec 31 23:59:59 UTC 1969", format_date(&out, -1));
    assert_format("Tue Jan 19 03:14:08 UTC 2038", format_date(&out, (int64_t)1 << 31));
    assert_format("Sun Feb  7 06:28:16 UTC 2106", format_date(&out, (int64_t)1 << 32));
    assert_format("Tue Feb 29 12:00:00 UTC 2000", format_date(&out, 951825600));
    assert_format("Mon Mar  1 00:00:00 UTC 2100", format_date(&out, 4107542400)); /* no leap year */
    assert_format("Tue Apr 19 09:46:40 UTC 0005", format_date(&out, -62000000000));
    assert_format("Tue Oct 17 04:26:40 UTC -005", format_date(&out, -62300000000));
}

static void dates_of_every_day(void **state)
{
    (void)state;
    /* Four hundred years and more around 1970, every day at a second of its own, and both ends of the day. */
    for (int64_t day = -110000; day < 110000; day++) {
        assert_date(day * 86400);
        assert_date(day * 86400 + (day * 7919 % 86400 + 86400) % 86400);
        assert_date(day * 86400 + 86399);
    }
}

static void dates_far_away(void **state)
{
    (void)state;
    /* As far as a struct tm can say, every year from 400 before to 12,000 at the turn of February. */
    for (int64_t year = -400; year < 12000; year++)
        for (int64_t day = 58; day < 62; day++)
            assert_date((int64_t)((double)(year - 1970) * 365.2425) * 86400 + day * 86400 + year);
    for (int64_t seconds = 1; seconds < 67000000000000000; seconds = seconds * 3 + 12345) {
        assert_date(seconds);
        assert_date(-seconds);
    }
}

static void dates_at_the_ends_of_the_type(void **state)
{
    (void)state;
    assert_format("Sun Dec  4 15:30:07 UTC 292277026596", format_date(&out, INT64_MAX));
    assert_format("Sun Jan 27 08:29:52 UTC -292277022657", format_date(&out, INT64_MIN));
}

/* ---- names ---- */

#define assert_name(expected, columns, name)                              \
    do {                                                                  \
        struct writer out = fresh();                                      \
        assert_int_equal(format_name(&out, name, sizeof(name)), columns); \
        assert_string_equal(text, expected);                              \
        assert_int_equal(out.length, strlen(expected));                   \
    } while (0)

static void names_are_one_word(void **state)
{
    (void)state;
    assert_name("libc.so.6", 9, "libc.so.6");
    assert_name("(untagged)", 10, "(untagged)");
    assert_name("a?b?c", 5, "a b\tc");
    assert_name("??[2Jx?", 7, "\x1b\x1b[2Jx\x7f");
    assert_name("?", 1, "");
    assert_name("?", 1, " ");
    assert_name("a?b", 3, "a\nb");
}

static void names_keep_utf8(void **state)
{
    (void)state;
    assert_name("größe", 5, "größe");
    assert_name("日本語.so", 6, "日本語.so");
    assert_name("🐘", 1, "🐘");
    assert_name("a?b?c", 5, "a\u00a0b\u2003c");        /* blanks too */
    assert_name("?x?y?", 5, "\xc2\x9bx\u202ey\u2066"); /* CSI, and marks that turn the line round */
    assert_name("a?b", 3, "a\u2028b");
}

static void names_survive_broken_utf8(void **state)
{
    (void)state;
    assert_name("?", 1, "\xff");
    assert_name("?a", 2,
                "\x80"
                "a");
    assert_name("a?", 2, "a\xc3"); /* cut short by its end */
    assert_name("?a", 2,
                "\xe2"
                "a");
    assert_name("??a", 3,
                "\xe2\x82"
                "a");
    assert_name("??", 2, "\xc0\xaf"); /* overlong */
    assert_name("????", 4, "\xf0\x80\x80\xaf");
    assert_name("???", 3, "\xed\xa0\x80");      /* surrogate */
    assert_name("????", 4, "\xf4\x90\x80\x80"); /* beyond U+10FFFF */
    assert_name("?????", 5, "\xf8\x88\x80\x80\x80");
}

static void names_end_at_their_limit(void **state)
{
    (void)state;
    static const char full[4] = {'a', 'b', 'c', 'd'};
    struct writer out = fresh();
    assert_int_equal(format_name(&out, full, sizeof full), 4);
    assert_string_equal(text, "abcd");

    /* What follows would complete the character, and is no longer the name's. */
    out = fresh();
    assert_int_equal(format_name(&out, "ab\xe2\x82\xac", 4), 4);
    assert_string_equal(text, "ab??");
}

/* The code point, if it is one that may be shown, comes out as it went in; all others become one '?' or more. */
static void names_of_every_character(void **state)
{
    (void)state;
    unsigned shown = 0;
    for (uint32_t code = 1; code < 0x110000; code++) {
        char name[5] = "";
        if (code < 0x80) {
            name[0] = (char)code;
        } else if (code < 0x800) {
            name[0] = (char)(0xc0 | code >> 6);
            name[1] = (char)(0x80 | (code & 0x3f));
        } else if (code < 0x10000) {
            name[0] = (char)(0xe0 | code >> 12);
            name[1] = (char)(0x80 | (code >> 6 & 0x3f));
            name[2] = (char)(0x80 | (code & 0x3f));
        } else {
            name[0] = (char)(0xf0 | code >> 18);
            name[1] = (char)(0x80 | (code >> 12 & 0x3f));
            name[2] = (char)(0x80 | (code >> 6 & 0x3f));
            name[3] = (char)(0x80 | (code & 0x3f));
        }
        struct writer out = fresh();
        const size_t columns = format_name(&out, name, sizeof name);
        if (strcmp(text, name) == 0) {
            assert_int_equal(columns, 1);
            shown++;
        } else {
            assert_int_equal(strspn(text, "?"), out.length);
        }
    }
    assert_in_range(shown, 0x110000 - 0x800 - 300, 0x110000 - 0x800 - 100);
}

/* ---- the buffer ---- */

static void nothing_is_written_past_the_end(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 40; capacity++) {
        char small[48];
        memset(small, '~', sizeof small);
        struct writer out = {small, capacity, 0};
        writer_text(&out, "one ");
        writer_fill(&out, '#', 7);
        writer_bytes(&out, " two", 4);
        format_number(&out, 1234567);
        assert_int_equal(out.length, 24);
        assert_memory_equal(small, "one ####### two1,234,567", capacity < 24 ? capacity : 24);
        for (size_t i = capacity; i < sizeof small; i++)
            assert_int_equal(small[i], '~');
    }
}

static void changes_carry_their_sign(void **state)
{
    (void)state;
    assert_format("0.0B", format_change(&out, 5, 5));
    assert_format("+1.0B", format_change(&out, 0, 1));
    assert_format("-4.0KiB", format_change(&out, 4096, 0));
    assert_format("+16,777,216.0TiB", format_change(&out, 0, UINT64_MAX));
    assert_format("-16,777,216.0TiB", format_change(&out, UINT64_MAX, 0));
}

static void addresses(void **state)
{
    (void)state;
    assert_format("0x0", format_address(&out, 0));
    assert_format("0x401a3f", format_address(&out, 0x401a3f));
    assert_format("0xfedcba9876543210", format_address(&out, 0xfedcba9876543210));
}

static void durations_take_the_largest_unit(void **state)
{
    (void)state;
    assert_format("0.0s", format_duration(&out, 0));
    assert_format("0.3s", format_duration(&out, 250));
    assert_format("59.9s", format_duration(&out, 59940));
    assert_format("1.0min", format_duration(&out, 60000));
    assert_format("5.2min", format_duration(&out, 312000));
    assert_format("1.0h", format_duration(&out, 3600000));
    assert_format("2.1d", format_duration(&out, 181440000));
    assert_format("213,503,982,334.6d", format_duration(&out, UINT64_MAX));
}

#define assert_within(expected, name, most) \
    assert_format(expected, assert_int_equal(format_name_within(&out, name, sizeof name, most), most))

static void long_names_lose_their_middle(void **state)
{
    (void)state;
    assert_format("lib.so!f+0x1", assert_int_equal(format_name_within(&out, "lib.so!f+0x1", 50, 12), 12));
    assert_within("lib.so!f...+0x1", "lib.so!function+0x1", 15);
    assert_within("lib....1", "lib.so!function+0x1", 8);
    assert_within("grö\xc3\x9f"
                  "e-...日本",
                  "größe-äöüß-日本", 11);
    assert_within("two?...?.", "two words \x1b[31m in a line\n.", 9);
    assert_format("?", assert_int_equal(format_name_within(&out, "", 1, 8), 1));
    assert_format("ab", assert_int_equal(format_name_within(&out, "abcdef", 2, 8), 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_carry_commas),
        cmocka_unit_test(ids_carry_none),
        cmocka_unit_test(decimals),
        cmocka_unit_test(sizes),
        cmocka_unit_test(sizes_are_rounded_to_the_nearest),
        cmocka_unit_test(the_longest_fits_a_field),
        cmocka_unit_test(dates_known),
        cmocka_unit_test(dates_of_every_day),
        cmocka_unit_test(dates_far_away),
        cmocka_unit_test(dates_at_the_ends_of_the_type),
        cmocka_unit_test(names_are_one_word),
        cmocka_unit_test(names_keep_utf8),
        cmocka_unit_test(names_survive_broken_utf8),
        cmocka_unit_test(names_end_at_their_limit),
        cmocka_unit_test(names_of_every_character),
        cmocka_unit_test(nothing_is_written_past_the_end),
        cmocka_unit_test(changes_carry_their_sign),
        cmocka_unit_test(addresses),
        cmocka_unit_test(durations_take_the_largest_unit),
        cmocka_unit_test(long_names_lose_their_middle),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
