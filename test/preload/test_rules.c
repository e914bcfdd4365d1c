/* Option rule: tags by module, function and thread. */
#include "observed.h"

enum { AGE_ROWS = 5 };

static void run_ruled(const char *rules, const char *what)
{
    observe(&observed, &(struct run_spec){.options = rules}, ARGV("ruled", what));
    read_sites(&observed);
    expect_rows_make_up_the_total(&observed);
}

static void expect_tag(const char *tag, uint64_t live, uint64_t allocations)
{
    const struct report_tag *row = report_tag(&observed.report, tag);
    if (row == NULL)
        fail_run(&observed.run, "no tag %s", tag);
    if (row->live_blocks != live || row->allocations != allocations)
        fail_run(&observed.run, "%s: %lu live of %lu, not %lu of %lu", tag, row->live_blocks, row->allocations, live,
                 allocations);
}

/* Without a rule for it, a site's tag is its module, and nothing is said of it. */
static void no_rule_no_tags(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "top=4096"}, ARGV("ruled", "functions"));
    read_sites(&observed);
    for (unsigned i = 0; i < observed.sites.count; i++)
        if (observed.sites.row[i].tag[0] != 0)
            fail_run(&observed.run, "a tag of %s", observed.sites.row[i].name);
    run_free(&observed.run);
}

static void expect_no_tag(const char *tag)
{
    if (report_tag(&observed.report, tag) != NULL)
        fail_run(&observed.run, "a tag %s", tag);
}

static void rules_by_place(void **state)
{
    (void)state;
    run_ruled("rule=led*:books,rule=!exported_maker:alpha,rule=ruled!static_*:beta", "functions");
    expect_tag("books", 26, 30);
    expect_tag("alpha", 9, 10);
    expect_tag("beta", 19, 20);
    expect_tag("ruled", 5, 5);
    expect_no_tag("ledger.so");
    assert_string_equal(site("ruled!exported_maker").tag, "alpha");
    assert_string_equal(site("ledger.so!ledger_add").tag, "books");
    assert_true(report_tag(&observed.report, "ruled")->live_size >= 9000); /* what was resized there too */
    run_free(&observed.run);
}

static void first_rule_wins(void **state)
{
    (void)state;
    run_ruled("rule=!exported_maker:first,rule=!exported*:second,rule=ruled:third,rule=!static_maker:fourth",
              "functions");
    expect_tag("first", 9, 10);
    expect_tag("third", 19 + 5, 20 + 5);
    expect_no_tag("second");
    expect_no_tag("fourth");
    expect_no_tag("ruled");
    run_free(&observed.run);
    run_ruled("rule=ruled:third,!exported_maker:first", "functions");
    expect_tag("third", 9 + 19 + 5, 10 + 20 + 5);
    expect_no_tag("first");
    run_free(&observed.run);
}

static void expect_thread_tags(void)
{
    expect_tag("network", 7 + 2 + 12, 7 + 2 + 13);
    expect_tag("alpha", 5 + 10 + 17, 5 + 11 + 17);
    expect_no_tag("beta");
    run_free(&observed.run);
}

/* A thread's name is no rule: what tags=thread makes of it gives way to one for a site. */
static void rules_and_threads_as_tags(void **state)
{
    (void)state;
    run_ruled("tags=thread,rule=!exported_maker:alpha,rule=thread/io-2:network", "threads");
    expect_tag("alpha", 5 + 7 + 10 + 17, 5 + 7 + 11 + 17);
    expect_tag("network", 12, 13);
    expect_tag("io-1", 2, 2);
    expect_no_tag("disk");
    run_free(&observed.run);
}

/* Whatever their place in the list; and what was made before a thread got its name, or after it lost it, is not its. */
static void rules_by_thread(void **state)
{
    (void)state;
    run_ruled("rule=thread/io-*:network,rule=!exported_maker:alpha,rule=!static_maker:beta", "threads");
    expect_thread_tags();
    run_ruled("rule=!static_maker:beta,rule=!exported_maker:alpha,rule=thread/io-*:network", "threads");
    expect_thread_tags();
    run_ruled("tags=none,rule=thread/disk:storage", "threads");
    expect_tag("storage", 10, 11);
    expect_number("tags", observed.report.tags, 2);
    run_free(&observed.run);
}

/* At the latest 0.7 s before they would be of another row. */
static void rules_and_ages(void **state)
{
    (void)state;
    run_ruled("rule=!exported*:alpha", "ages");
    expect_tag("alpha", 29, 30);
    const struct report_tag *row = report_tag(&observed.report, "alpha");
    static const uint64_t truth[AGE_ROWS] = {10, 19, 0, 0, 0};
    for (unsigned i = 0; i < AGE_ROWS; i++)
        expect_number("age", row->age[i], truth[i]);
    run_free(&observed.run);
}

static void rules_without_tags(void **state)
{
    (void)state;
    run_ruled("tags=none,rule=!exported_maker:alpha", "functions");
    expect_number("tags", observed.report.tags, 2);
    expect_tag("alpha", 9, 10);
    const struct report_tag *rest = report_tag(&observed.report, "(untagged)");
    assert_non_null(rest);
    expect_number("untagged", rest->live_blocks, observed.report.live_blocks - 9);
    run_free(&observed.run);
}

static void rules_without_callers(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "callers=off,skip=ledger_add,rule=!static_maker:beta"},
            ARGV("ruled", "functions"));
    expect_tag("beta", 19, 20);
    expect_tag("ruled", 9 + 5 + 26, 10 + 5 + 30);
    expect_no_tag("ledger.so");
    run_free(&observed.run);
    observe(&observed, &(struct run_spec){.options = "callers=off,rule=thread/io-*:network"}, ARGV("ruled", "threads"));
    expect_tag("network", 7 + 2 + 12, 7 + 2 + 13); /* at sites that were met before the thread had its name */
    run_free(&observed.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_by_place),
        cmocka_unit_test(no_rule_no_tags),
        cmocka_unit_test(first_rule_wins),
        cmocka_unit_test(rules_by_thread),
        cmocka_unit_test(rules_and_threads_as_tags),
        cmocka_unit_test(rules_and_ages),
        cmocka_unit_test(rules_without_tags),
        cmocka_unit_test(rules_without_callers),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
