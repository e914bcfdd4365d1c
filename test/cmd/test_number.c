/* Numbers as people type them: what is none is refused, and nothing is cut. */
#include "harness.h"

#include "cmd/number.h"

static void digits_alone_are_a_number(void **state)
{
    (void)state;
    assert_true(number_is_digits("0"));
    assert_true(number_is_digits("0123456789012345678901234567890"));
    static const char *const others[] = {"", " 1", "1 ", "-1", "+1", "1.", "0x1", "1e3", "one"};
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(number_is_digits(others[i]));
}

static void the_most_is_taken_and_no_more(void **state)
{
    (void)state;
    uint64_t number;
    assert_true(number_read("007", 7, &number));
    assert_int_equal(number, 7);
    assert_false(number_read("8", 7, &number));
    assert_false(number_read("17", 7, &number));
    assert_true(number_read("18446744073709551615", UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(number_read("18446744073709551616", UINT64_MAX, &number));
    assert_false(number_read("99999999999999999999999", UINT64_MAX, &number));
}

static void a_process_id_fits_the_kernels(void **state)
{
    (void)state;
    assert_int_equal(number_read_pid("1"), 1);
    assert_int_equal(number_read_pid("2147483647"), 2147483647);
    assert_int_equal(number_read_pid("2147483648"), 0);
    assert_int_equal(number_read_pid("4294967297"), 0); /* not 1 */
    assert_int_equal(number_read_pid("0"), 0);
    assert_int_equal(number_read_pid("12a"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_alone_are_a_number),
        cmocka_unit_test(the_most_is_taken_and_no_more),
        cmocka_unit_test(a_process_id_fits_the_kernels),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
