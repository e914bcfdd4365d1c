#include "observed.h"

struct observed observed, other;

void read_sites(struct observed *of)
{
    if (!report_sites(&of->report, &of->sites))
        fail_run(&of->run, "no table of call sites");
}

void observe_with_lines(unsigned lines, struct observed *of, const struct run_spec *spec, const char *const *argv)
{
    of->run = run_program(spec, argv);
    assert_exit(of->run.status, 0);
    if (!report_read(of->run.err, -1, &of->report) || strcmp(of->report.kind, "exit") != 0)
        fail_run(&of->run, "no exit report");
    if (lines_told(of->run.err, "") != lines)
        fail_run(&of->run, "%u lines are told, not %u", lines_told(of->run.err, ""), lines);
    assert_sums(&of->report);
}

void observe(struct observed *of, const struct run_spec *spec, const char *const *argv)
{
    observe_with_lines(0, of, spec, argv);
}

void expect_number(const char *what, uint64_t counted, uint64_t truth)
{
    if (counted != truth)
        fail_run(&observed.run, "%s: %ju counted, %ju are true", what, (uintmax_t)counted, (uintmax_t)truth);
}

struct report_site site(const char *function)
{
    struct report_site sum;
    if (sites_of(&observed.sites, function, &sum) == 0)
        fail_run(&observed.run, "no row of %s", function);
    return sum;
}

void expect_no_site(const char *function)
{
    struct report_site sum;
    if (sites_of(&observed.sites, function, &sum) != 0)
        fail_run(&observed.run, "a row of %s", function);
}

void expect_kept(const char *function, uint64_t blocks)
{
    struct report_site row = site(function);
    expect_number(function, row.live_blocks, blocks);
    expect_number(function, row.allocations, blocks);
}

void expect_rows_make_up_the_total(const struct observed *of)
{
    uint64_t live = 0, allocations = 0;
    for (unsigned i = 0; i < of->sites.count; i++) {
        live += of->sites.row[i].live_blocks;
        allocations += of->sites.row[i].allocations;
    }
    expect_number("sum of the sites' live blocks", live, of->report.live_blocks);
    expect_number("sum of the sites' allocations", allocations, of->report.allocations);
}

bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

void expect_bytes(const char *key, double shown, uint64_t bytes)
{
    if (!size_says(shown, bytes))
        fail_run(&observed.run, "%s: shown as %.1f", key, shown);
}
