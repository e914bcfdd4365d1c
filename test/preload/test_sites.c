/* Call sites, wrappers, rules, libraries that come and go, leaks and growth: what programs did against what their
 * reports say of it. */
#include "suite.h"

#include "sections.h"

enum { AGE_ROWS = 5 };

/* A finished run and one of its reports. A test has a process of its own. */
static struct told {
    struct run run;
    struct report report;
    struct report_sites sites;
} told, other;

static void read_sites(struct told *of)
{
    if (!report_sites(&of->report, &of->sites))
        fail_run(&of->run, "no table of call sites");
}

/* With so many lines told. */
static void tell_with(unsigned lines, struct told *of, const struct run_spec *spec, const char *const *argv)
{
    of->run = run_program(spec, argv);
    assert_exit(of->run.status, 0);
    if (!report_read(of->run.err, -1, &of->report) || strcmp(of->report.kind, "exit") != 0)
        fail_run(&of->run, "no exit report");
    if (lines_told(of->run.err, "") != lines)
        fail_run(&of->run, "%u lines are told, not %u", lines_told(of->run.err, ""), lines);
    assert_sums(&of->report);
}

static void tell(struct told *of, const struct run_spec *spec, const char *const *argv)
{
    tell_with(0, of, spec, argv);
}

static void expect_number(const char *what, uint64_t counted, uint64_t truth)
{
    if (counted != truth)
        fail_run(&told.run, "%s: %ju counted, %ju are true", what, (uintmax_t)counted, (uintmax_t)truth);
}

static struct report_site site(const char *function)
{
    struct report_site sum;
    if (sites_of(&told.sites, function, &sum) == 0)
        fail_run(&told.run, "no row of %s", function);
    return sum;
}

static void expect_no_site(const char *function)
{
    struct report_site sum;
    if (sites_of(&told.sites, function, &sum) != 0)
        fail_run(&told.run, "a row of %s", function);
}

/* Nothing of what it made was freed. */
static void expect_kept(const char *function, uint64_t blocks)
{
    struct report_site row = site(function);
    expect_number(function, row.live_blocks, blocks);
    expect_number(function, row.allocations, blocks);
}

/* All rows, `(others)` and what is left out too, make up the totals. */
static void expect_rows_make_up_the_total(const struct told *of)
{
    uint64_t live = 0, allocations = 0;
    for (unsigned i = 0; i < of->sites.count; i++) {
        live += of->sites.row[i].live_blocks;
        allocations += of->sites.row[i].allocations;
    }
    expect_number("sum of the sites' live blocks", live, of->report.live_blocks);
    expect_number("sum of the sites' allocations", allocations, of->report.allocations);
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* ---- every site, to the byte ---- */

static void expect_bytes(const char *key, double shown, uint64_t bytes)
{
    if (!size_says(shown, bytes))
        fail_run(&told.run, "%s: shown as %.1f", key, shown);
}

static uint64_t truth_of(const char *function, const char *what)
{
    char key[64];
    snprintf(key, sizeof(key), "%s.%s", function, what);
    return number_told(told.run.out, key);
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
        fail_run(&told.run, "%s: a peak below what is there", function);
    if ((row.age < 0) != (row.live_blocks == 0))
        fail_run(&told.run, "%s: blocks without an age, or an age without blocks", function);
}

static const char *const exact_functions[] = {"site_malloc",         "site_calloc",     "site_realloc", "site_memalign",
                                              "site_posix_memalign", "site_strdup",     "site_strndup", "site_new",
                                              "site_new_array",      "site_new_aligned"};

static void expect_exact_sites(const char *options)
{
    static const char *const amounts[] = {"few", "many"}; /* few: bytes are shown whole */
    for (unsigned i = 0; i < LENGTH(amounts); i++) {
        uint64_t live = 0;
        tell(&told, &(struct run_spec){.options = options}, ARGV("sites_exact", amounts[i]));
        read_sites(&told);
        expect_rows_make_up_the_total(&told);
        for (unsigned f = 0; f < LENGTH(exact_functions); f++) {
            expect_true_site(exact_functions[f]);
            live += truth_of(exact_functions[f], "live_bytes");
        }
        expect_bytes("all", report_tag(&told.report, "sites_exact")->live_size, live);
        run_free(&told.run);
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
    tell(&told, &(struct run_spec){.options = "top=3"}, ARGV("sites_exact", "few"));
    read_sites(&told);
    expect_rows_make_up_the_total(&told);
    assert_int_equal(told.sites.count, 3 + 1);
    assert_non_null(strstr(told.sites.row[3].name, "-more-sites)"));
    run_free(&told.run);
}

/* The largest have rows, all others one together. */
static void more_sites_than_rows(void **state)
{
    (void)state;
    tell(&told, &(struct run_spec){.options = "top=4096"}, ARGV("many_sites", "few"));
    read_sites(&told);
    expect_rows_make_up_the_total(&told);
    struct report_site *others = &told.sites.row[told.sites.count - 1];
    assert_string_equal(others->name, "(others)");
    assert_true(others->live_blocks > 800 && others->live_blocks <= 1200 + 1200);
    assert_true(others->peak_size >= others->live_size);
    assert_row(&told.report, "many_sites", 3200, 3200);
    assert_true(sites_of(&told.sites, "many_sites!first_calls", &(struct report_site){0}) > 1000);
    expect_no_site("many_sites!more_calls"); /* they hold less */
    run_free(&told.run);
}

static void expect_told_once(const char *table)
{
    if (lines_told(told.run.err, table) != 1)
        fail_run(&told.run, "%s: %u lines", table, lines_told(told.run.err, table));
}

static void expect_more_than_numbers(const char *options)
{
    bool pairs = strcmp(options, "top=4096") == 0; /* else some sites have no contexts */
    tell_with(pairs ? 2 : 1, &told, &(struct run_spec){.options = options}, ARGV("many_sites", "many"));
    assert_row(&told.report, "many_sites", 71200, 71200);
    assert_true(report_tag(&told.report, "many_sites")->live_size >= 71200 * 24 * 0.95);
    if (report_sites(&told.report, &told.sites))
        expect_rows_make_up_the_total(&told);
    expect_told_once("full: call sites: ");
    if (pairs)
        expect_told_once("full: call sites by tag and size: ");
    run_free(&told.run);
}

static void more_stacks_than_numbers(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "ulimit -v 100000; exec %s many", built("many_sites"));
    tell_with(3, &told, &(struct run_spec){.options = "only=many_sites,stacks=all"}, ARGV("/bin/sh", "-c", command));
    assert_row(&told.report, "many_sites", 71200, 71200);
    expect_told_once("full: stacks: ");
    run_free(&told.run);
}

static void more_objects_than_numbers(void **state)
{
    (void)state;
    tell_with(1, &told, NULL, ARGV("many_objects", built("twin_a.so"), scratch()));
    assert_string_equal(told.run.out, "fine\n");
    expect_told_once("full: loaded objects: ");
    run_free(&told.run);
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
    tell(&other, NULL, ARGV("module_tags", "500"));
    tell(&told, &(struct run_spec){.options = "callers=off"}, ARGV("module_tags", "500"));
    if (report_sites(&told.report, &told.sites))
        fail_run(&told.run, "a table of call sites, with callers=off");
    for (unsigned i = 0; i < other.report.tags; i++) {
        const struct report_tag *with = &other.report.tag[i];
        assert_row(&told.report, with->name, with->live_blocks, with->allocations);
        assert_true(report_tag(&told.report, with->name)->live_size == with->live_size);
    }
    expect_number("tags", told.report.tags, other.report.tags);
    expect_number("live bytes", told.report.live_bytes, other.report.live_bytes);
    run_free(&told.run);
    run_free(&other.run);
}

/* What goes from hand to hand, and is resized, under the tag alone. */
static void threads_without_callers(void **state)
{
    (void)state;
    static const char *const options[] = {"callers=off", "callers=off,interval=0.1", "callers=off,stacks=all,leaks=on"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        uint64_t live = 0, live_bytes = 0, allocations = 0;
        tell(&told, &(struct run_spec){.options = options[i]}, ARGV("sites_exact", "many"));
        for (unsigned f = 0; f < LENGTH(exact_functions); f++) {
            live += truth_of(exact_functions[f], "live_blocks");
            live_bytes += truth_of(exact_functions[f], "live_bytes");
            allocations += truth_of(exact_functions[f], "allocations");
        }
        assert_row(&told.report, "sites_exact", live, allocations);
        expect_bytes("all", report_tag(&told.report, "sites_exact")->live_size, live_bytes);
        run_free(&told.run);
    }
}

/* ---- wrappers ---- */

enum { BY_NONE = 2, BY_PLAIN = 3, BY_TAIL = 13, BY_THREAD = 53, BY_ROUTINE = 59 };

static const char *program;

/* Of a function of the program. */
static const char *in_program(const char *function)
{
    static char names[4][64];
    static unsigned next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof(names[0]), "%s!%s", program, function);
    return name;
}

static void run_wrappers(struct told *of, const char *skip)
{
    char options[256];
    snprintf(options, sizeof(options), "top=4096,interval=86400%s", skip);
    tell(of, &(struct run_spec){.options = options}, ARGV(program));
    read_sites(of);
    expect_rows_make_up_the_total(of);
}

/* The same program made the same blocks, whoever they are counted under. */
static void expect_same_totals(void)
{
    expect_number("allocations", told.report.allocations, other.report.allocations);
    expect_number("live blocks", told.report.live_blocks, other.report.live_blocks);
    expect_number("live bytes", told.report.live_bytes, other.report.live_bytes);
}

static void expect_wrappers_seen_through(void)
{
    run_wrappers(&other, "");
    run_wrappers(&told, ",skip=xmalloc:xzero:xarray:xdeep:xtail*:xrealloc:xaligned,skip=xstrdup:xquiet,"
                        "skip=wrapping*!lib_x*:xthread:xroutine");
    static const struct {
        const char *caller;
        uint64_t blocks;
    } callers[] = {{"by_none", BY_NONE}, {"by_plain", BY_PLAIN}, {"by_nested", 5},   {"by_recursive", 7},
                   {"by_tail", BY_TAIL}, {"by_tail_twice", 17},  {"by_realloc", 19}, {"by_aligned", 23},
                   {"by_strdup", 29},    {"by_static", 31},      {"by_library", 37}, {"by_quiet_library", 41},
                   {"by_first", 43},     {"by_second", 47}};
    for (unsigned i = 0; i < LENGTH(callers); i++)
        expect_kept(in_program(callers[i].caller), callers[i].blocks);
    expect_kept(in_program("xdeep"), 11); /* of by_too_deep: more than eight */
    expect_no_site(in_program("by_too_deep"));
    expect_no_site(in_program("xmalloc"));
    expect_no_site(in_program("xtail"));
    expect_no_site(in_program("xzero"));
    expect_no_site(in_program("xrealloc"));
    assert_null(strstr(told.report.text, "lib_x"));
    assert_null(report_tag(&told.report, strcmp(program, "wrappers") == 0 ? "wrapping.so" : "wrapping_rbp.so"));
    expect_same_totals();
}

/* Without skip the wrappers themselves are counted, but for those that jump. */
static void expect_wrappers_counted(void)
{
    told = other;
    expect_kept(in_program("xmalloc"), BY_PLAIN + 5 + 17 + 43 + 47);
    expect_kept(in_program("xdeep"), 7 + 11);
    expect_kept(in_program("by_tail"), BY_TAIL);
    expect_kept(in_program("xthread"), BY_THREAD);
    expect_kept(in_program("xroutine"), BY_ROUTINE);
    expect_no_site(in_program("by_plain"));
    expect_no_site(in_program("by_first"));
}

static void wrappers_are_seen_through(void **state)
{
    (void)state;
    static const char *const programs[] = {"wrappers", "wrappers_rbp"};
    for (unsigned i = 0; i < LENGTH(programs); i++) {
        program = programs[i];
        expect_wrappers_seen_through();
        run_free(&told.run);
        expect_wrappers_counted();
        run_free(&other.run);
    }
}

static void expect_same_sites(void)
{
    expect_number("rows", told.sites.count, other.sites.count);
    for (unsigned i = 0; i < other.sites.count; i++) {
        struct report_site *row = &other.sites.row[i], sum;
        const char *plus = strchr(row->name, '+');
        if (plus == NULL || strncmp(row->name, program, strlen(program)) != 0)
            continue; /* addresses without names differ from run to run */
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)(plus - row->name), row->name);
        sites_of(&other.sites, name, &sum);
        expect_kept(name, sum.allocations);
    }
}

static void wrappers_that_do_not_exist(void **state)
{
    (void)state;
    program = "wrappers";
    run_wrappers(&other, "");
    run_wrappers(&told, ",skip=no_such_function:xmallo:nowhere!xmalloc:wrapping.so!xmalloc,skip=?");
    expect_same_sites();
    expect_same_totals();
    run_free(&told.run);
    run_free(&other.run);
}

/* Whoever is outermost is counted, as there is nobody else. */
static void all_are_wrappers(void **state)
{
    (void)state;
    program = "wrappers";
    run_wrappers(&other, "");
    run_wrappers(&told, ",skip=*");
    expect_same_totals();
    run_free(&told.run);
    run_wrappers(&told, ",skip=xthread:xroutine");
    expect_same_totals();
    expect_no_site("wrappers!xthread");
    run_free(&told.run);
    run_wrappers(&told, ",skip=*,stacks=all");
    expect_same_totals();
    run_free(&told.run);
    run_free(&other.run);
}

/* What a string takes is its owner's, though the C++ library has the call. */
static void wrappers_of_the_cxx_library(void **state)
{
    (void)state;
    static const char wrapper[] = "libstdc++.so.6!_ZNSt7__cxx11";
    unsigned by_library = 0;
    tell(&other, &(struct run_spec){.options = "top=4096"}, ARGV("forgetful"));
    report_sites(&other.report, &other.sites);
    for (unsigned i = 0; i < other.sites.count; i++)
        by_library += begins(other.sites.row[i].name, wrapper);
    tell(&told, &(struct run_spec){.options = "top=4096,skip=_ZNSt7__cxx11*"}, ARGV("forgetful"));
    read_sites(&told);
    expect_rows_make_up_the_total(&told);
    expect_same_totals();
    for (unsigned i = 0; i < told.sites.count; i++)
        if (begins(told.sites.row[i].name, wrapper))
            fail_run(&told.run, "%s is counted", told.sites.row[i].name);
    if (by_library == 0)
        skip(); /* this C++ library has no such call: nothing was to be seen through */
    run_free(&told.run);
    run_free(&other.run);
}

/* ---- rules ---- */

static void run_ruled(const char *rules, const char *what)
{
    tell(&told, &(struct run_spec){.options = rules}, ARGV("ruled", what));
    read_sites(&told);
    expect_rows_make_up_the_total(&told);
}

static void expect_tag(const char *tag, uint64_t live, uint64_t allocations)
{
    const struct report_tag *row = report_tag(&told.report, tag);
    if (row == NULL)
        fail_run(&told.run, "no tag %s", tag);
    if (row->live_blocks != live || row->allocations != allocations)
        fail_run(&told.run, "%s: %lu live of %lu, not %lu of %lu", tag, row->live_blocks, row->allocations, live,
                 allocations);
}

/* Without a rule for it, a site's tag is its module, and nothing is said of it. */
static void no_rule_no_tags(void **state)
{
    (void)state;
    tell(&told, &(struct run_spec){.options = "top=4096"}, ARGV("ruled", "functions"));
    read_sites(&told);
    for (unsigned i = 0; i < told.sites.count; i++)
        if (told.sites.row[i].tag[0] != 0)
            fail_run(&told.run, "a tag of %s", told.sites.row[i].name);
    run_free(&told.run);
}

static void expect_no_tag(const char *tag)
{
    if (report_tag(&told.report, tag) != NULL)
        fail_run(&told.run, "a tag %s", tag);
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
    assert_true(report_tag(&told.report, "ruled")->live_size >= 9000); /* what was resized there too */
    run_free(&told.run);
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
    run_free(&told.run);
    run_ruled("rule=ruled:third,!exported_maker:first", "functions");
    expect_tag("third", 9 + 19 + 5, 10 + 20 + 5);
    expect_no_tag("first");
    run_free(&told.run);
}

static void expect_thread_tags(void)
{
    expect_tag("network", 7 + 2 + 12, 7 + 2 + 13);
    expect_tag("alpha", 5 + 10 + 17, 5 + 11 + 17);
    expect_no_tag("beta");
    run_free(&told.run);
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
    run_free(&told.run);
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
    expect_number("tags", told.report.tags, 2);
    run_free(&told.run);
}

/* At the latest 0.7 s before they would be of another row. */
static void rules_and_ages(void **state)
{
    (void)state;
    run_ruled("rule=!exported*:alpha", "ages");
    expect_tag("alpha", 29, 30);
    const struct report_tag *row = report_tag(&told.report, "alpha");
    static const uint64_t truth[AGE_ROWS] = {10, 19, 0, 0, 0};
    for (unsigned i = 0; i < AGE_ROWS; i++)
        expect_number("age", row->age[i], truth[i]);
    run_free(&told.run);
}

static void rules_without_tags(void **state)
{
    (void)state;
    run_ruled("tags=none,rule=!exported_maker:alpha", "functions");
    expect_number("tags", told.report.tags, 2);
    expect_tag("alpha", 9, 10);
    const struct report_tag *rest = report_tag(&told.report, "(untagged)");
    assert_non_null(rest);
    expect_number("untagged", rest->live_blocks, told.report.live_blocks - 9);
    run_free(&told.run);
}

static void rules_without_callers(void **state)
{
    (void)state;
    tell(&told, &(struct run_spec){.options = "callers=off,skip=ledger_add,rule=!static_maker:beta"},
         ARGV("ruled", "functions"));
    expect_tag("beta", 19, 20);
    expect_tag("ruled", 9 + 5 + 26, 10 + 5 + 30);
    expect_no_tag("ledger.so");
    run_free(&told.run);
    tell(&told, &(struct run_spec){.options = "callers=off,rule=thread/io-*:network"}, ARGV("ruled", "threads"));
    expect_tag("network", 7 + 2 + 12, 7 + 2 + 13); /* at sites that were met before the thread had its name */
    run_free(&told.run);
}

/* ---- libraries that come and go ---- */

/* The plugins are found by the program's run path. */
static void run_unloading(const char *options, const char *what)
{
    tell(&told, &(struct run_spec){.options = options}, ARGV("unloading", what));
    read_sites(&told);
    expect_rows_make_up_the_total(&told);
}

static void another_library_at_the_same_place(void **state)
{
    (void)state;
    run_unloading("top=4096,interval=86400", "replaced");
    bool same = number_told(told.run.out, "same_place") == 1;
    if (same) {
        expect_kept("twin_a.so!twin_a_make", 200 + 100 + 5);
        expect_kept("twin_b.so!twin_b_make", 30 + 70);
        assert_row(&told.report, "twin_a.so", 305, 305);
        assert_row(&told.report, "twin_b.so", 100, 100);
    }
    run_free(&told.run);
    if (!same)
        skip();
}

/* With rules and wrappers, what was learnt of the first library's functions is not the second's. */
static void rules_for_another_library(void **state)
{
    (void)state;
    run_unloading("top=4096,skip=twin_a_make,rule=!twin_b_make:alpha", "replaced");
    bool same = number_told(told.run.out, "same_place") == 1;
    if (same) {
        expect_kept("twin_b.so!twin_b_make", 30 + 70);
        assert_row(&told.report, "alpha", 100, 100);
        expect_kept("unloading!make_many", 200 + 100 + 5);
        expect_no_site("twin_a.so!twin_a_make");
    }
    run_free(&told.run);
    if (!same)
        skip();
}

static void ten_thousand_rounds(void **state)
{
    (void)state;
    run_unloading("top=4096", "rounds");
    struct report_site row;
    /* One for each place that the loader has put it to: a place may be taken by something else meanwhile. */
    assert_in_range(sites_of(&told.sites, "twin_a.so!twin_a_make", &row), 1, 4);
    expect_number("allocations", row.allocations, 30000);
    expect_number("live blocks", row.live_blocks, 0);
    assert_row(&told.report, "twin_a.so", 0, 30000);
    assert_true(report_figure(&told.report, " Call sites seen") < 200);
    assert_true(number_told(told.run.out, "grown_kib") < 1024);
    run_free(&told.run);
}

/* Also while stacks are followed, and wrappers seen through, into what is about to go. */
static const char *const busy_options[] = {"top=4096,interval=0.1", "top=4096,interval=0.1,stacks=all",
                                           "top=4096,interval=0.1,skip=twin_a_copy:ledger_drop"};

static void unloading_while_others_allocate(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(busy_options); i++) {
        run_unloading(busy_options[i], "busy");
        uint64_t meanwhile = number_told(told.run.out, "meanwhile");
        struct report_site row = site("twin_a.so!twin_a_make");
        expect_number("the plugin's", row.allocations, 300 * 4);
        row = site("ledger.so!ledger_add");
        assert_true(meanwhile > 0);
        expect_number("the other's", row.allocations, meanwhile);
        expect_number("the other's live blocks", row.live_blocks, 0);
        run_free(&told.run);
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
        run_free(&told.run);
    }
}

static void destructor_of_a_library_allocates(void **state)
{
    (void)state;
    run_unloading("top=4096", "destructor");
    assert_row(&told.report, "last_words.so", 5, 5 * 9);
    run_free(&told.run);
}

static void no_handle(void **state)
{
    (void)state;
    static const char *const kinds[] = {"null", "unopened", "twice", "nonsense"};
    for (unsigned i = 0; i < LENGTH(kinds); i++) {
        struct run run = expect_same(NULL, ARGV("unloading", kinds[i]));
        run_free(&run);
    }
    tell(&told, NULL, ARGV("unloading", "twice"));
    assert_true(report_tag(&told.report, "unloading")->allocations == 1);
    run_free(&told.run);
}

/* ---- what is left at exit ---- */

static struct report_sites leaks;

static void expect_leaks_make_up_the_total(void)
{
    uint64_t live = 0;
    if (!report_leaks(&told.report, &leaks))
        fail_run(&told.run, "nothing is said of what is left");
    for (unsigned i = 0; i < leaks.count; i++)
        live += leaks.row[i].live_blocks;
    expect_number("blocks left", leaks.live_blocks, told.report.live_blocks);
    expect_number("bytes left", leaks.live_bytes, told.report.live_bytes);
    expect_number("blocks left by site", live, told.report.live_blocks);
}

static void expect_first_leak(const char *function)
{
    size_t length = strlen(function);
    if (leaks.count == 0 || strncmp(leaks.row[0].name, function, length) != 0 || leaks.row[0].name[length] != '+')
        fail_run(&told.run, "%s is not first", function);
}

static void leak_comes_first(void **state)
{
    (void)state;
    struct report_site pool;
    tell(&told, &(struct run_spec){.options = "leaks=on,top=4096,interval=1"}, ARGV("forgetful"));
    expect_leaks_make_up_the_total();
    expect_first_leak("forgetful!remember_request");
    expect_number("blocks", leaks.row[0].live_blocks, 240);
    expect_number("allocations", leaks.row[0].allocations, 300);
    expect_number("frees", leaks.row[0].frees, 60);
    expect_bytes("size", leaks.row[0].live_size, 240 * 5000);
    assert_int_equal(sites_of(&leaks, "forgetful!start_pool", &pool), 1);
    assert_true(pool.live_size > leaks.row[0].live_size && pool.age > leaks.row[0].age);
    assert_true(report_read(told.run.err, 0, &told.report));
    assert_string_equal(told.report.kind, "periodic");
    if (report_leaks(&told.report, &leaks))
        fail_run(&told.run, "a periodic report says what is left at exit");
    run_free(&told.run);
}

static void leaks_off(void **state)
{
    (void)state;
    tell(&told, NULL, ARGV("unloading", "leak"));
    assert_false(report_leaks(&told.report, &leaks));
    run_free(&told.run);
    const struct run_spec silent = {.options = "leaks=on,final=off,interval=0.2"};
    struct run run = expect_same(&silent, ARGV("unloading", "leak"));
    assert_true(report_count(run.err) > 0);
    assert_null(strstr(run.err, "Still allocated"));
    run_free(&run);
}

static void leak_in_a_library_that_is_gone(void **state)
{
    (void)state;
    tell(&told, &(struct run_spec){.options = "leaks=on,top=4096"}, ARGV("unloading", "leak"));
    expect_leaks_make_up_the_total();
    expect_first_leak("twin_a.so!twin_a_make");
    expect_number("blocks", leaks.row[0].live_blocks, 2000);
    expect_number("frees", leaks.row[0].frees, 0);
    expect_bytes("size", leaks.row[0].live_size, 2000 * 64);
    run_free(&told.run);
}

/* Below each of two libraries' sites that had the same address stand its own calls. */
static void stacks_of_libraries_that_are_gone(void **state)
{
    (void)state;
    tell(&told, &(struct run_spec){.options = "leaks=on,top=4096,stacks=all"}, ARGV("unloading", "replaced"));
    expect_leaks_make_up_the_total();
    const char *left = strstr(told.report.text, "\nStill allocated");
    static const char *const functions[] = {"\ntwin_a.so!twin_a_make+", "\ntwin_b.so!twin_b_make+"};
    for (unsigned i = 0; i < LENGTH(functions); i++) {
        const char *row = strstr(left, functions[i]);
        if (row == NULL)
            fail_run(&told.run, "no row of %s", functions[i] + 1);
        const char *call = strchr(row + 1, '\n') + 1;
        if (!begins(call, "    unloading!make_many+"))
            fail_run(&told.run, "no calls below %s", functions[i] + 1);
    }
    run_free(&told.run);
}

/* A real interpreter at work, and a library of ours that leaks in it. */
static const char *python_script(void)
{
    static char script[2048];
    snprintf(script, sizeof(script),
             "import ctypes, json, time\n"
             "make = ctypes.CDLL('%s').twin_a_make\n"
             "make.argtypes, make.restype = [ctypes.c_size_t], ctypes.c_void_p\n"
             "pool = [str(i) * 20 for i in range(20000)]\n"
             "end = time.monotonic() + 3\n"
             "for i in range(150):\n"
             "    json.loads(json.dumps([{'k%%d' %% n: [n] * 10} for n in range(200)]))\n"
             "    for n in range(4): make(10000)\n"
             "    time.sleep(max(0, end - time.monotonic()) / (150 - i))\n",
             built("twin_a.so"));
    return script;
}

static void leak_in_python(void **state)
{
    (void)state;
    static const char *const allocator[] = {"PYTHONMALLOC=malloc", NULL};
    if (access("/usr/bin/python3", X_OK) != 0)
        skip();
    const struct run_spec spec = {.options = "leaks=on,top=4096,interval=86400", .env = allocator};
    tell(&told, &spec, ARGV("/usr/bin/python3", "-c", python_script()));
    expect_leaks_make_up_the_total();
    expect_first_leak("twin_a.so!twin_a_make");
    expect_number("blocks", leaks.row[0].live_blocks, 600);
    run_free(&told.run);
}

/* ---- growth ---- */

static struct report_suspects suspects;

static void expect_growth_known(const char *tag)
{
    struct report_growth growth;
    if (!report_growth(&told.report, tag, &growth) || !growth.known[0])
        fail_run(&told.run, "growth of %s in a minute is not known", tag);
    if (growth.known[1] || growth.known[2] || growth.known[3])
        fail_run(&told.run, "growth of %s is known from before its start", tag);
}

/* The leak and nobody else, neither its twin nor the noise. */
static void expect_the_suspect(void)
{
    if (!report_suspects(&told.report, &suspects) || suspects.count != 1 ||
        !begins(suspects.name[0], "leaks_slowly!leaking+"))
        fail_run(&told.run, "another suspect than leaking, or none");
    if (suspects.freed[0] >= suspects.made[0] || suspects.freed[0] == 0)
        fail_run(&told.run, "%lu made, %lu freed", suspects.made[0], suspects.freed[0]);
}

/* No report of a minute's knowledge accuses a twin. */
static void expect_nobody_else_accused(unsigned pid)
{
    for (int n = 0; report_next(told.run.err, pid, NULL, &n, &told.report);)
        if (report_suspects(&told.report, &suspects))
            for (unsigned i = 0; i < suspects.count; i++)
                if (!begins(suspects.name[i], "leaks_slowly!leaking+") && !begins(suspects.name[i], "tag "))
                    fail_msg("%s is a suspect, at %.1f s", suspects.name[i], told.report.uptime);
}

/* In the same run: a forked child begins its history anew. */
static void slow_leak_is_a_suspect(void **state)
{
    (void)state;
    struct report_growth growth;
    told.run =
        run_program(&(struct run_spec){.options = "interval=1,top=4096", .seconds = 98}, ARGV("leaks_slowly", "72"));
    assert_exit(told.run.status, 0);
    unsigned child = (unsigned)number_told(told.run.out, "child");
    assert_true(report_read(told.run.err, -1, &told.report));
    unsigned parent = told.report.pid;
    assert_int_not_equal(parent, child);
    expect_the_suspect();
    expect_growth_known("(all)");
    expect_growth_known("leaks_slowly");
    assert_true(report_growth(&told.report, "leaks_slowly", &growth) && growth.by[0] > 100e3);
    read_sites(&told);
    assert_true(site("leaks_slowly!twin").allocations * 10 > site("leaks_slowly!leaking").allocations * 9);
    expect_nobody_else_accused(parent);
    assert_true(report_by_other(told.run.err, parent, "exit", &told.report));
    assert_int_equal(told.report.pid, child);
    assert_false(report_growth(&told.report, "(all)", &growth));
    assert_false(report_suspects(&told.report, &suspects));
    run_free(&told.run);
}

/* ---- processes ---- */

static void expect_sites_after_fork(uint64_t before, const char *own, uint64_t blocks, const char *others)
{
    read_sites(&told);
    expect_rows_make_up_the_total(&told);
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
    tell(&told, &(struct run_spec){.options = "top=4096"}, ARGV("fork_sites", "fork"));
    assert_string_equal(told.run.out, "child: exit 3\n");
    expect_sites_after_fork(80, "fork_sites!by_parent", 9, "fork_sites!by_child");
    unsigned parent = told.report.pid;
    assert_true(report_by_other(told.run.err, parent, "exit", &told.report));
    expect_sites_after_fork(90, "fork_sites!by_child", 7, "fork_sites!by_parent");
    run_free(&told.run);
}

static void exec_begins_anew(void **state)
{
    (void)state;
    tell(&told, &(struct run_spec){.options = "top=4096"}, ARGV("fork_sites", "exec"));
    read_sites(&told);
    expect_kept("fork_sites!after_exec", 8);
    expect_no_site("fork_sites!before");
    assert_int_equal(report_count(told.run.err), 1);
    run_free(&told.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_leak_is_a_suspect), /* the longest first */
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
        cmocka_unit_test(wrappers_are_seen_through),
        cmocka_unit_test(wrappers_that_do_not_exist),
        cmocka_unit_test(all_are_wrappers),
        cmocka_unit_test(wrappers_of_the_cxx_library),
        cmocka_unit_test(rules_by_place),
        cmocka_unit_test(no_rule_no_tags),
        cmocka_unit_test(first_rule_wins),
        cmocka_unit_test(rules_by_thread),
        cmocka_unit_test(rules_and_threads_as_tags),
        cmocka_unit_test(rules_and_ages),
        cmocka_unit_test(rules_without_tags),
        cmocka_unit_test(rules_without_callers),
        cmocka_unit_test(another_library_at_the_same_place),
        cmocka_unit_test(rules_for_another_library),
        cmocka_unit_test(ten_thousand_rounds),
        cmocka_unit_test(unloading_while_others_allocate),
        cmocka_unit_test(libraries_in_a_crowd),
        cmocka_unit_test(destructor_of_a_library_allocates),
        cmocka_unit_test(no_handle),
        cmocka_unit_test(leak_comes_first),
        cmocka_unit_test(leaks_off),
        cmocka_unit_test(leak_in_a_library_that_is_gone),
        cmocka_unit_test(stacks_of_libraries_that_are_gone),
        cmocka_unit_test(leak_in_python),
        cmocka_unit_test(fork_inherits_sites),
        cmocka_unit_test(exec_begins_anew),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
