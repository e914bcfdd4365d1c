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
    };
    return run_side_by_side(tests, LENGTH(tests));
}
