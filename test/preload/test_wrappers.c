/* Option skip: functions that only hand out what they allocate are seen through, and their callers counted. */
#include "observed.h"

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

static void run_wrappers(struct observed *of, const char *skip)
{
    char options[256];
    snprintf(options, sizeof(options), "top=4096,interval=86400%s", skip);
    observe(of, &(struct run_spec){.options = options}, ARGV(program));
    read_sites(of);
    expect_rows_make_up_the_total(of);
}

/* The same program made the same blocks, whoever they are counted under. */
static void expect_same_totals(void)
{
    expect_number("allocations", observed.report.allocations, other.report.allocations);
    expect_number("live blocks", observed.report.live_blocks, other.report.live_blocks);
    expect_number("live bytes", observed.report.live_bytes, other.report.live_bytes);
}

static void expect_wrappers_seen_through(void)
{
    run_wrappers(&other, "");
    run_wrappers(&observed, ",skip=xmalloc:xzero:xarray:xdeep:xtail*:xrealloc:xaligned,skip=xstrdup:xquiet,"
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
    assert_null(strstr(observed.report.text, "lib_x"));
    assert_null(report_tag(&observed.report, strcmp(program, "wrappers") == 0 ? "wrapping.so" : "wrapping_rbp.so"));
    expect_same_totals();
}

/* Without skip the wrappers themselves are counted, but for those that jump. */
static void expect_wrappers_counted(void)
{
    observed = other;
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
        run_free(&observed.run);
        expect_wrappers_counted();
        run_free(&other.run);
    }
}

static void expect_same_sites(void)
{
    expect_number("rows", observed.sites.count, other.sites.count);
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
    run_wrappers(&observed, ",skip=no_such_function:xmallo:nowhere!xmalloc:wrapping.so!xmalloc,skip=?");
    expect_same_sites();
    expect_same_totals();
    run_free(&observed.run);
    run_free(&other.run);
}

/* Whoever is outermost is counted, as there is nobody else. */
static void all_are_wrappers(void **state)
{
    (void)state;
    program = "wrappers";
    run_wrappers(&other, "");
    run_wrappers(&observed, ",skip=*");
    expect_same_totals();
    run_free(&observed.run);
    run_wrappers(&observed, ",skip=xthread:xroutine");
    expect_same_totals();
    expect_no_site("wrappers!xthread");
    run_free(&observed.run);
    run_wrappers(&observed, ",skip=*,stacks=all");
    expect_same_totals();
    run_free(&observed.run);
    run_free(&other.run);
}

/* What a string takes is its owner's, though the C++ library has the call. */
static void wrappers_of_the_cxx_library(void **state)
{
    (void)state;
    static const char wrapper[] = "libstdc++.so.6!_ZNSt7__cxx11";
    unsigned by_library = 0;
    observe(&other, &(struct run_spec){.options = "top=4096"}, ARGV("forgetful"));
    report_sites(&other.report, &other.sites);
    for (unsigned i = 0; i < other.sites.count; i++)
        by_library += begins(other.sites.row[i].name, wrapper);
    observe(&observed, &(struct run_spec){.options = "top=4096,skip=_ZNSt7__cxx11*"}, ARGV("forgetful"));
    read_sites(&observed);
    expect_rows_make_up_the_total(&observed);
    expect_same_totals();
    for (unsigned i = 0; i < observed.sites.count; i++)
        if (begins(observed.sites.row[i].name, wrapper))
            fail_run(&observed.run, "%s is counted", observed.sites.row[i].name);
    if (by_library == 0)
        skip(); /* this C++ library has no such call: nothing was to be seen through */
    run_free(&observed.run);
    run_free(&other.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrappers_are_seen_through),
        cmocka_unit_test(wrappers_that_do_not_exist),
        cmocka_unit_test(all_are_wrappers),
        cmocka_unit_test(wrappers_of_the_cxx_library),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
