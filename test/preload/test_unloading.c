/* Libraries that come and go: what their functions allocated keeps its name. */
#include "observed.h"

/* The plugins are found by the program's run path. */
static void run_unloading(const char *options, const char *what)
{
    observe(&observed, &(struct run_spec){.options = options}, ARGV("unloading", what));
    read_sites(&observed);
    expect_rows_make_up_the_total(&observed);
}

static void another_library_at_the_same_place(void **state)
{
    (void)state;
    run_unloading("top=4096,interval=86400", "replaced");
    bool same = number_told(observed.run.out, "same_place") == 1;
    if (same) {
        expect_kept("twin_a.so!twin_a_make", 200 + 100 + 5);
        expect_kept("twin_b.so!twin_b_make", 30 + 70);
        assert_row(&observed.report, "twin_a.so", 305, 305);
        assert_row(&observed.report, "twin_b.so", 100, 100);
    }
    run_free(&observed.run);
    if (!same)
        skip();
}

/* With rules and wrappers, what was learnt of the first library's functions is not the second's. */
static void rules_for_another_library(void **state)
{
    (void)state;
    run_unloading("top=4096,skip=twin_a_make,rule=!twin_b_make:alpha", "replaced");
    bool same = number_told(observed.run.out, "same_place") == 1;
    if (same) {
        expect_kept("twin_b.so!twin_b_make", 30 + 70);
        assert_row(&observed.report, "alpha", 100, 100);
        expect_kept("unloading!make_many", 200 + 100 + 5);
        expect_no_site("twin_a.so!twin_a_make");
    }
    run_free(&observed.run);
    if (!same)
        skip();
}

static void ten_thousand_rounds(void **state)
{
    (void)state;
    run_unloading("top=4096", "rounds");
    struct report_site row;
    /* One for each place that the loader has put it to: a place may be taken by something else meanwhile. */
    assert_in_range(sites_of(&observed.sites, "twin_a.so!twin_a_make", &row), 1, 4);
    expect_number("allocations", row.allocations, 30000);
    expect_number("live blocks", row.live_blocks, 0);
    assert_row(&observed.report, "twin_a.so", 0, 30000);
    assert_true(report_figure(&observed.report, " Call sites seen") < 200);
    assert_true(number_told(observed.run.out, "grown_kib") < 1024);
    run_free(&observed.run);
}

/* Also while stacks are followed, and wrappers seen through, into what is about to go. */
static const char *const busy_options[] = {"top=4096,interval=0.1", "top=4096,interval=0.1,stacks=all",
                                           "top=4096,interval=0.1,skip=twin_a_copy:ledger_drop"};

static void unloading_while_others_allocate(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(busy_options); i++) {
        run_unloading(busy_options[i], "busy");
        uint64_t meanwhile = number_told(observed.run.out, "meanwhile");
        struct report_site row = site("twin_a.so!twin_a_make");
        expect_number("the plugin's", row.allocations, 300 * 4);
        row = site("ledger.so!ledger_add");
        assert_true(meanwhile > 0);
        expect_number("the other's", row.allocations, meanwhile);
        expect_number("the other's live blocks", row.live_blocks, 0);
        run_free(&observed.run);
    }
}

/* What another thread loads to a place, and allocates from, before the dlclose that made room there has returned may
 * count as what stood there: so only both together are exact. */
static void libraries_in_a_crowd(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(busy_options); i++) {
        run_unloading(busy_options[i], "crowd");
        struct report_site a = site("twin_a.so!twin_a_make"), b = site("twin_b.so!twin_b_make");
        expect_number("both libraries'", a.allocations + b.allocations, 4 * 500 * 5);
        expect_number("live blocks", a.live_blocks + b.live_blocks, 0);
        assert_true(a.allocations > 1000 && b.allocations > 1000);
        run_free(&observed.run);
    }
}

static void destructor_of_a_library_allocates(void **state)
{
    (void)state;
    run_unloading("top=4096", "destructor");
    assert_row(&observed.report, "last_words.so", 5, 5 * 9);
    run_free(&observed.run);
}

static void no_handle(void **state)
{
    (void)state;
    static const char *const kinds[] = {"null", "unopened", "twice", "nonsense"};
    for (unsigned i = 0; i < LENGTH(kinds); i++) {
        struct run run = expect_same(NULL, ARGV("unloading", kinds[i]));
        run_free(&run);
    }
    observe(&observed, NULL, ARGV("unloading", "twice"));
    assert_true(report_tag(&observed.report, "unloading")->allocations == 1);
    run_free(&observed.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_library_at_the_same_place),
        cmocka_unit_test(rules_for_another_library),
        cmocka_unit_test(ten_thousand_rounds),
        cmocka_unit_test(unloading_while_others_allocate),
        cmocka_unit_test(libraries_in_a_crowd),
        cmocka_unit_test(destructor_of_a_library_allocates),
        cmocka_unit_test(no_handle),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
