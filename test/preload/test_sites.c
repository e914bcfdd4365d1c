/* Call sites: every row to the byte, also where there are more of them than rows or numbers, after a fork, and after
 * exec. */
#include "observed.h"

/* ---- every site, to the byte ---- */

static uint64_t truth_of(const char *function, const char *what)
{
    char key[64];
    snprintf(key, sizeof(key), "%s.%s", function, what);
    return number_told(observed.run.out, key);
}

static void expect_true_site(const char *function)
{
    char name[64];
    snprintf(name, sizeof(name), "sites_exact!%s", function);
    struct report_site row = site(name);
    uint64_t live = truth_of(function, "live_bytes");
    assert_true(truth_of(function, "allocations") > 0);
    expect_number(function, row.live_blocks, truth_of(function, "live_blocks"));
    expect_number(function, row.allocations, truth_of(function, "allocations"));
    expect_bytes(function, row.live_size, live);
    expect_bytes(function, row.allocated_size, truth_of(function, "bytes"));
    if (row.peak_size < row.live_size)
        fail_run(&observed.run, "%s: a peak below what is there", function);
    if ((row.age < 0) != (row.live_blocks == 0))
        fail_run(&observed.run, "%s: blocks without an age, or an age without blocks", function);
}

static const char *const exact_functions[] = {"site_malloc",         "site_calloc",     "site_realloc", "site_memalign",
                                              "site_posix_memalign", "site_strdup",     "site_strndup", "site_new",
                                              "site_new_array",      "site_new_aligned"};

static void expect_exact_sites(const char *options)
{
    static const char *const amounts[] = {"few", "many"}; /* few: bytes are shown whole */
    for (unsigned i = 0; i < LENGTH(amounts); i++) {
        uint64_t live = 0;
        observe(&observed, &(struct run_spec){.options = options}, ARGV("sites_exact", amounts[i]));
        read_sites(&observed);
        expect_rows_make_up_the_total(&observed);
        for (unsigned f = 0; f < LENGTH(exact_functions); f++) {
            expect_true_site(exact_functions[f]);
            live += truth_of(exact_functions[f], "live_bytes");
        }
        expect_bytes("all", report_tag(&observed.report, "sites_exact")->live_size, live);
        run_free(&observed.run);
    }
}

static void sites_are_exact(void **state)
{
    (void)state;
    expect_exact_sites("top=4096");
}

static void sites_are_exact_under_reports(void **state)
{
    (void)state;
    expect_exact_sites("top=4096,interval=0.1");
}

static void sites_are_exact_where_stacks_are_taken(void **state)
{
    (void)state;
    expect_exact_sites("top=4096,stacks=all");
    expect_exact_sites("top=4096,stacks=1KiB");
}

static void sites_are_exact_behind_wrappers(void **state)
{
    (void)state;
    expect_exact_sites("top=4096,skip=no_such_function:lib*!malloc");
}

/* What the rows on the page leave out is summed up in one. */
static void few_rows_make_up_the_total(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "top=3"}, ARGV("sites_exact", "few"));
    read_sites(&observed);
    expect_rows_make_up_the_total(&observed);
    assert_int_equal(observed.sites.count, 3 + 1);
    assert_non_null(strstr(observed.sites.row[3].name, "-more-sites)"));
    run_free(&observed.run);
}

/* The largest have rows, all others one together. */
static void more_sites_than_rows(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "top=4096"}, ARGV("many_sites", "few"));
    read_sites(&observed);
    expect_rows_make_up_the_total(&observed);
    struct report_site *others = &observed.sites.row[observed.sites.count - 1];
    assert_string_equal(others->name, "(others)");
    assert_true(others->live_blocks > 800 && others->live_blocks <= 1200 + 1200);
    assert_true(others->peak_size >= others->live_size);
    assert_row(&observed.report, "many_sites", 3200, 3200);
    assert_true(sites_of(&observed.sites, "many_sites!first_calls", &(struct report_site){0}) > 1000);
    expect_no_site("many_sites!more_calls"); /* they hold less */
    run_free(&observed.run);
}

static void expect_told_once(const char *table)
{
    if (lines_told(observed.run.err, table) != 1)
        fail_run(&observed.run, "%s: %u lines", table, lines_told(observed.run.err, table));
}

static void expect_more_than_numbers(const char *options)
{
    bool pairs = strcmp(options, "top=4096") == 0; /* else some sites have no contexts */
    observe_with_lines(pairs ? 2 : 1, &observed, &(struct run_spec){.options = options}, ARGV("many_sites", "many"));
    assert_row(&observed.report, "many_sites", 71200, 71200);
    assert_true(report_tag(&observed.report, "many_sites")->live_size >= 71200 * 24 * 0.95);
    if (report_sites(&observed.report, &observed.sites))
        expect_rows_make_up_the_total(&observed);
    expect_told_once("full: call sites: ");
    if (pairs)
        expect_told_once("full: call sites by tag and size: ");
    run_free(&observed.run);
}

static void more_stacks_than_numbers(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "ulimit -v 100000; exec %s many", built("many_sites"));
    observe_with_lines(3, &observed, &(struct run_spec){.options = "only=many_sites,stacks=all"},
                       ARGV("/bin/sh", "-c", command));
    assert_row(&observed.report, "many_sites", 71200, 71200);
    expect_told_once("full: stacks: ");
    run_free(&observed.run);
}

static void more_objects_than_numbers(void **state)
{
    (void)state;
    observe_with_lines(1, &observed, NULL, ARGV("many_objects", built("twin_a.so"), scratch()));
    assert_string_equal(observed.run.out, "fine\n");
    expect_told_once("full: loaded objects: ");
    run_free(&observed.run);
}

static void more_sites_than_numbers(void **state)
{
    (void)state;
    expect_more_than_numbers("top=4096");
    expect_more_than_numbers("top=4096,skip=more_calls:xmalloc");
    expect_more_than_numbers("callers=off");
}

static void without_callers(void **state)
{
    (void)state;
    observe(&other, NULL, ARGV("module_tags", "500"));
    observe(&observed, &(struct run_spec){.options = "callers=off"}, ARGV("module_tags", "500"));
    if (report_sites(&observed.report, &observed.sites))
        fail_run(&observed.run, "a table of call sites, with callers=off");
    for (unsigned i = 0; i < other.report.tags; i++) {
        const struct report_tag *with = &other.report.tag[i];
        assert_row(&observed.report, with->name, with->live_blocks, with->allocations);
        assert_true(report_tag(&observed.report, with->name)->live_size == with->live_size);
    }
    expect_number("tags", observed.report.tags, other.report.tags);
    expect_number("live bytes", observed.report.live_bytes, other.report.live_bytes);
    run_free(&observed.run);
    run_free(&other.run);
}

/* What goes from hand to hand, and is resized, under the tag alone. */
static void threads_without_callers(void **state)
{
    (void)state;
    static const char *const options[] = {"callers=off", "callers=off,interval=0.1", "callers=off,stacks=all,leaks=on"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        uint64_t live = 0, live_bytes = 0, allocations = 0;
        observe(&observed, &(struct run_spec){.options = options[i]}, ARGV("sites_exact", "many"));
        for (unsigned f = 0; f < LENGTH(exact_functions); f++) {
            live += truth_of(exact_functions[f], "live_blocks");
            live_bytes += truth_of(exact_functions[f], "live_bytes");
            allocations += truth_of(exact_functions[f], "allocations");
        }
        assert_row(&observed.report, "sites_exact", live, allocations);
        expect_bytes("all", report_tag(&observed.report, "sites_exact")->live_size, live_bytes);
        run_free(&observed.run);
    }
}

/* ---- processes ---- */

static void expect_sites_after_fork(uint64_t before, const char *own, uint64_t blocks, const char *others)
{
    read_sites(&observed);
    expect_rows_make_up_the_total(&observed);
    struct report_site row = site("fork_sites!before");
    expect_number("live blocks from before", row.live_blocks, before);
    expect_number("allocations before", row.allocations, 100);
    expect_bytes("size of those from before", row.live_size, before * 50);
    expect_kept(own, blocks);
    expect_no_site(others);
}

static void fork_inherits_sites(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "top=4096"}, ARGV("fork_sites", "fork"));
    assert_string_equal(observed.run.out, "child: exit 3\n");
    expect_sites_after_fork(80, "fork_sites!by_parent", 9, "fork_sites!by_child");
    unsigned parent = observed.report.pid;
    assert_true(report_by_other(observed.run.err, parent, "exit", &observed.report));
    expect_sites_after_fork(90, "fork_sites!by_child", 7, "fork_sites!by_parent");
    run_free(&observed.run);
}

static void exec_begins_anew(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "top=4096"}, ARGV("fork_sites", "exec"));
    read_sites(&observed);
    expect_kept("fork_sites!after_exec", 8);
    expect_no_site("fork_sites!before");
    assert_int_equal(report_count(observed.run.err), 1);
    run_free(&observed.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_are_exact),
        cmocka_unit_test(sites_are_exact_under_reports),
        cmocka_unit_test(sites_are_exact_where_stacks_are_taken),
        cmocka_unit_test(sites_are_exact_behind_wrappers),
        cmocka_unit_test(few_rows_make_up_the_total),
        cmocka_unit_test(more_sites_than_rows),
        cmocka_unit_test(more_sites_than_numbers),
        cmocka_unit_test(more_stacks_than_numbers),
        cmocka_unit_test(more_objects_than_numbers),
        cmocka_unit_test(without_callers),
        cmocka_unit_test(threads_without_callers),
        cmocka_unit_test(fork_inherits_sites),
        cmocka_unit_test(exec_begins_anew),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
