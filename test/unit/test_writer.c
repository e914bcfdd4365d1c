/* The bounded writer: what fits is there, what does not is counted, nothing else is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot/writer.h"

static const char whole[] = "ab\"?\"  1234567 007 1,234,567 deadbeef 0 18446744073709551615";

static void write_some_of_all(struct writer *out)
{
    writer_text(out, "a");
    writer_bytes(out, "bcd", 1);
    writer_printable(out, "\"\n\"", 3);
    writer_fill(out, ' ', 2);
    writer_number(out, 1234567);
    writer_text(out, " ");
    writer_digits(out, 7, 3, false);
    writer_text(out, " ");
    writer_digits(out, 1234567, 1, true);
    writer_text(out, " ");
    writer_hex(out, 0xdeadbeef);
    writer_text(out, " ");
    writer_hex(out, 0);
    writer_text(out, " ");
    writer_number(out, UINT64_MAX);
}

/* Exactly so many bytes are the writer's: a sanitizer sees one too many. */
static void cut_anywhere_it_is_a_beginning(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < sizeof whole + 3; capacity++) {
        char *text = malloc(capacity + !capacity);
        struct writer out = {text, capacity, 0};
        const size_t kept = capacity < strlen(whole) ? capacity : strlen(whole);
        assert_non_null(text);
        write_some_of_all(&out);
        assert_int_equal(out.length, strlen(whole));
        assert_int_equal(writer_kept(&out), kept);
        assert_int_equal(writer_is_cut(&out), capacity < strlen(whole));
        assert_memory_equal(text, whole, kept);
        free(text);
    }
}

static void without_a_buffer_it_measures(void **state)
{
    struct writer out = {NULL, 0, 0};
    (void)state;
    write_some_of_all(&out);
    assert_int_equal(out.length, strlen(whole));
    assert_int_equal(writer_kept(&out), 0);
    assert_true(writer_is_cut(&out));
}

/* The closing zero takes the place of the last byte where there is none for it. */
static void a_string_ends_within_its_buffer(void **state)
{
    (void)state;
    for (size_t capacity = 1; capacity < sizeof whole + 3; capacity++) {
        char *text = malloc(capacity);
        struct writer out = {text, capacity, 0};
        const size_t kept = capacity - 1 < strlen(whole) ? capacity - 1 : strlen(whole);
        assert_non_null(text);
        write_some_of_all(&out);
        assert_ptr_equal(writer_end(&out), text);
        assert_int_equal(strlen(text), kept);
        assert_memory_equal(text, whole, kept);
        free(text);
    }
}

static void only_controls_are_unprintable(void **state)
{
    char text[256];
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char from = (char)byte;
        struct writer out = {text, sizeof text, 0};
        writer_printable(&out, &from, 1);
        assert_int_equal(out.length, 1);
        assert_int_equal(text[0], byte < ' ' || byte == 127 ? '?' : from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere_it_is_a_beginning),
        cmocka_unit_test(without_a_buffer_it_measures),
        cmocka_unit_test(a_string_ends_within_its_buffer),
        cmocka_unit_test(only_controls_are_unprintable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
