/* Cells and their alignment, which all tables of the command share. */
#include "harness.h"

#include <string.h>

#include "cmd/columns.h"

static void cells_hold_any_value_whole(void **state)
{
    column_cell cell;
    (void)state;
    cell_put_number(cell, UINT64_MAX);
    assert_string_equal(cell, "18,446,744,073,709,551,615");
    cell_put_id(cell, UINT64_MAX);
    assert_string_equal(cell, "18446744073709551615");
    cell_put_size(cell, UINT64_MAX);
    assert_string_equal(cell, "16,777,216.0TiB");
    cell_put_size(cell, 1536);
    assert_string_equal(cell, "1.5KiB");
    cell_put_duration(cell, 312000);
    assert_string_equal(cell, "5.2min");
}

static void changes_carry_their_sign(void **state)
{
    column_cell cell;
    (void)state;
    cell_put_number_change(cell, 1000, 3234);
    assert_string_equal(cell, "+2,234");
    cell_put_number_change(cell, UINT64_MAX, 0);
    assert_string_equal(cell, "-18,446,744,073,709,551,615");
    cell_put_number_change(cell, 7, 7);
    assert_string_equal(cell, "0");
    cell_put_size_change(cell, 4096, 0);
    assert_string_equal(cell, "-4.0KiB");
}

static void a_long_text_loses_its_end(void **state)
{
    column_cell cell;
    (void)state;
    cell_put_text(cell, "0123456789012345678901234567890123456789");
    assert_int_equal(strlen(cell), sizeof cell - 1);
    cell_put_text(cell, "short");
    assert_string_equal(cell, "short");
}

static void columns_can_always_be_split_at_blanks(void **state)
{
    char text[64] = "";
    struct writer out = {text, sizeof text - 1, 0};
    (void)state;
    column_put_left(&out, "tag", 5);
    column_put_right(&out, "12", 5);
    column_put_right(&out, "12345", 5);
    column_put_right(&out, "1234567", 5);
    column_put_left(&out, "", 2);
    column_put_left(&out, "end", 3);
    assert_string_equal(text, "tag     12 12345 1234567  end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_hold_any_value_whole),
        cmocka_unit_test(changes_carry_their_sign),
        cmocka_unit_test(a_long_text_loses_its_end),
        cmocka_unit_test(columns_can_always_be_split_at_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
