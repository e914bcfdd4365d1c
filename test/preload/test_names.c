/* Who somebody is: the program, however it was started; a library, a thread, a wrapper, whatever they are called by. */
#include "suite.h"

#include "sections.h"

enum { REFUSED = 77 }; /* a scenario's status: not allowed here */

static struct report report;
static struct report_sites sites;

/* ---- the program ---- */

static const char *loader(void)
{
    return "/lib64/ld-linux-x86-64.so.2";
}

/* The same as bare, and the last report is of that name. */
static struct run told_as(const char *name, const char *options, const char *const *argv)
{
    struct run run = expect_same(&(struct run_spec){.options = options}, argv);
    if (WIFEXITED(run.status) && WEXITSTATUS(run.status) == REFUSED)
        skip();
    assert_exit(run.status, 0);
    if (strstr(run.out, "it worked\n") == NULL)
        fail_run(&run, "it did not work");
    for (int n = -1; report_read(run.err, n, &report); n--)
        if (strcmp(reporter_name(&report), name) == 0)
            return run;
    fail_run(&run, "nobody is called %s", name);
}

/* Its tag and its static function are called so too. */
static void is_called(const char *name, const char *options, const char *const *argv)
{
    char function[128];
    struct report_site row;
    struct run run = told_as(name, options, argv);
    snprintf(function, sizeof(function), "%s!make", name);
    if (report_tag(&report, name) == NULL || !report_sites(&report, &sites) || sites_of(&sites, function, &row) != 1 ||
        row.live_blocks != 10)
        fail_run(&run, "no ten blocks of %s", function);
    run_free(&run);
}

static void started_as_usual(void **state)
{
    (void)state;
    is_called("odd_start", "top=4096", ARGV("odd_start", "work"));
}

static void started_by_the_loader(void **state)
{
    (void)state;
    if (access(loader(), X_OK) != 0)
        skip();
    is_called("odd_start", "top=4096", ARGV(loader(), built("odd_start"), "work"));
    is_called("odd_start", "top=4096", ARGV(loader(), "--argv0", "another", built("odd_start"), "work"));
    is_called("odd_start", "only=odd_start", ARGV(loader(), built("odd_start"), "work"));
}

static void the_loader_is_not_meant(void **state)
{
    (void)state;
    const struct run_spec only_loader = {.options = "only=ld-linux*"};
    struct run run = expect_same(&only_loader, ARGV(loader(), built("odd_start"), "work"));
    assert_int_equal(report_count(run.err), 0);
    run_free(&run);
}

static void deleted_before_it_began(void **state)
{
    (void)state;
    is_called("odd_copy", "top=4096", ARGV("odd_start", "deleted"));
}

static void called_deleted(void **state)
{
    (void)state;
    struct run run = told_as("odd?(deleted)", "top=4096", ARGV("odd_start", "marked"));
    run_free(&run);
}

static void from_memory(void **state)
{
    (void)state;
    is_called("memfd:odd:", "top=4096", ARGV("odd_start", "memfd"));
}

static void without_proc(void **state)
{
    (void)state;
    is_called("odd_start", "top=4096", ARGV("odd_start", "noproc"));
}

static void script_without_proc(void **state)
{
    (void)state;
    struct run run = told_as("(unknown)", "top=4096", ARGV("odd_start", "script"));
    run_free(&run);
}

/* ---- threads ---- */

/* A line of the table of threads in some report of the stream. */
static bool some_report_has_thread(const char *stream, const char *name)
{
    char line[64];
    snprintf(line, sizeof(line), "\n%s ", name);
    for (int n = 0; report_next(stream, ANYBODY, NULL, &n, &report);) {
        const char *table = strstr(report.text, "\nAllocations by thread:\n");
        const char *end = table != NULL ? strstr(table, "\n\n") : NULL;
        const char *row = table != NULL ? strstr(table, line) : NULL;
        if (row != NULL && (end == NULL || row < end))
            return true;
    }
    return false;
}

static void renamed_unheard(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "interval=0.2,top=4096,rule=thread/io-*:network"};
    struct run run = expect_same(&spec, ARGV("renamed_unheard"));
    static const char *const names[] = {"by?syscall", "by?file", "io-raw"};
    for (unsigned i = 0; i < LENGTH(names); i++)
        if (!some_report_has_thread(run.err, names[i]))
            fail_run(&run, "no thread %s", names[i]);
    assert_true(report_read(run.err, -1, &report));
    assert_row(&report, "network", 10, 10);
    run_free(&run);
}

/* What nobody heard of is read by whoever reports: here by the program's own thread, as it exits. */
static void renamed_before_the_last_word(void **state)
{
    (void)state;
    struct run run = expect_same(&(struct run_spec){.options = "interval=60"}, ARGV("renamed_unheard"));
    assert_true(report_read(run.err, -1, &report));
    assert_true(some_report_has_thread(run.err, "by?syscall"));
    run_free(&run);
}

/* ---- operator new ---- */

enum { CXX_THREADS = 4 };

static const struct {
    const char *function;
    unsigned blocks, bytes; /* of each thread, of each block */
} forms[] = {{"_Z8by_plainv", 50, 100},
             {"_Z8by_arrayv", 70, 200},
             {"_Z10by_nothrowv", 30, 300},
             {"_Z10by_alignedv", 20, 448},
             {"_Z9by_mallocv", 40, 500}};

static struct run run_cxx(const char *program, const char *options)
{
    struct run run = expect_same(&(struct run_spec){.options = options}, ARGV(program));
    assert_exit(run.status, 0);
    assert_string_equal(run.out, "caught\n");
    if (!report_read(run.err, -1, &report) || !report_sites(&report, &sites))
        fail_run(&run, "no sites");
    assert_sums(&report);
    return run;
}

/* What operator new allocates, where it is the program's own, is its caller's. */
static void new_in_the_program(void **state)
{
    (void)state;
    static const char *const options[] = {"top=4096", "top=4096,stacks=all", "top=4096,tags=thread,interval=0.1",
                                          "top=4096,stacks=1KiB", "top=4096,skip=nothing"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        struct run run = run_cxx("static_cxx", options[i]);
        for (unsigned f = 0; f < LENGTH(forms); f++) {
            char name[64];
            struct report_site row;
            snprintf(name, sizeof(name), "static_cxx!%s", forms[f].function);
            if (sites_of(&sites, name, &row) == 0 || row.live_blocks != CXX_THREADS * forms[f].blocks ||
                !size_says(row.live_size, CXX_THREADS * forms[f].blocks * forms[f].bytes))
                fail_run(&run, "%s: %lu live blocks (%s)", name, row.live_blocks, options[i]);
        }
        if (sites_of(&sites, "static_cxx!_Znwm", &(struct report_site){0}) != 0)
            fail_run(&run, "operator new itself is counted");
        run_free(&run);
    }
}

static bool row_of(unsigned blocks, unsigned bytes)
{
    for (unsigned i = 0; i < sites.count; i++)
        if (sites.row[i].live_blocks == blocks && size_says(sites.row[i].live_size, (uint64_t)blocks * bytes))
            return true;
    return false;
}

/* Nobody knows a name: but each form has its own row. */
static void new_in_a_stripped_program(void **state)
{
    (void)state;
    struct run run = run_cxx("static_cxx_stripped", "top=4096");
    for (unsigned f = 0; f < LENGTH(forms); f++)
        if (!row_of(CXX_THREADS * forms[f].blocks, forms[f].bytes))
            fail_run(&run, "no row of %s", forms[f].function);
    run_free(&run);
}

/* Exported, and without a loop: the program's own, which the C++ library's other forms call. */
static void new_that_the_program_replaces(void **state)
{
    (void)state;
    static const char *const programs[] = {"own_new", "own_array_new"};
    for (unsigned i = 0; i < LENGTH(programs); i++) {
        char wrapper[64];
        struct run run = expect_same(&(struct run_spec){.options = "top=4096"}, ARGV(programs[i]));
        snprintf(wrapper, sizeof(wrapper), "%s!_Zn", programs[i]);
        assert_true(report_read(run.err, -1, &report) && report_sites(&report, &sites));
        for (unsigned row = 0; row < sites.count; row++)
            if (strncmp(sites.row[row].name, wrapper, strlen(wrapper)) == 0)
                fail_run(&run, "%s is counted", sites.row[row].name);
        run_free(&run);
    }
}

/* A library's own, which the program's new is passed on to: what it allocates is the program's. */
static void new_of_a_library(void **state)
{
    (void)state;
    struct report_site row;
    struct run run = expect_same(&(struct run_spec){.options = "top=4096"}, ARGV("foreign_new"));
    if (!report_read(run.err, -1, &report) || !report_sites(&report, &sites) ||
        sites_of(&sites, "foreign_new!_ZL11make_by_newv", &row) != 1 || row.live_blocks != 5)
        fail_run(&run, "no five blocks of make_by_new");
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(started_as_usual),
        cmocka_unit_test(started_by_the_loader),
        cmocka_unit_test(the_loader_is_not_meant),
        cmocka_unit_test(deleted_before_it_began),
        cmocka_unit_test(called_deleted),
        cmocka_unit_test(from_memory),
        cmocka_unit_test(without_proc),
        cmocka_unit_test(script_without_proc),
        cmocka_unit_test(renamed_unheard),
        cmocka_unit_test(renamed_before_the_last_word),
        cmocka_unit_test(new_in_the_program),
        cmocka_unit_test(new_in_a_stripped_program),
        cmocka_unit_test(new_that_the_program_replaces),
        cmocka_unit_test(new_of_a_library),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
