/* What is left at exit, who looks like a leak, and what grew. */
#include "observed.h"

/* ---- what is left at exit ---- */

static struct report_sites leaks;

static void expect_leaks_make_up_the_total(void)
{
    uint64_t live = 0;
    if (!report_leaks(&observed.report, &leaks))
        fail_run(&observed.run, "nothing is said of what is left");
    for (unsigned i = 0; i < leaks.count; i++)
        live += leaks.row[i].live_blocks;
    expect_number("blocks left", leaks.live_blocks, observed.report.live_blocks);
    expect_number("bytes left", leaks.live_bytes, observed.report.live_bytes);
    expect_number("blocks left by site", live, observed.report.live_blocks);
}

static void expect_first_leak(const char *function)
{
    size_t length = strlen(function);
    if (leaks.count == 0 || strncmp(leaks.row[0].name, function, length) != 0 || leaks.row[0].name[length] != '+')
        fail_run(&observed.run, "%s is not first", function);
}

static void leak_comes_first(void **state)
{
    (void)state;
    struct report_site pool;
    observe(&observed, &(struct run_spec){.options = "leaks=on,top=4096,interval=1"}, ARGV("forgetful"));
    expect_leaks_make_up_the_total();
    expect_first_leak("forgetful!remember_request");
    expect_number("blocks", leaks.row[0].live_blocks, 240);
    expect_number("allocations", leaks.row[0].allocations, 300);
    expect_number("frees", leaks.row[0].frees, 60);
    expect_bytes("size", leaks.row[0].live_size, 240 * 5000);
    assert_int_equal(sites_of(&leaks, "forgetful!start_pool", &pool), 1);
    assert_true(pool.live_size > leaks.row[0].live_size && pool.age > leaks.row[0].age);
    assert_true(report_read(observed.run.err, 0, &observed.report));
    assert_string_equal(observed.report.kind, "periodic");
    if (report_leaks(&observed.report, &leaks))
        fail_run(&observed.run, "a periodic report says what is left at exit");
    run_free(&observed.run);
}

static void leaks_off(void **state)
{
    (void)state;
    observe(&observed, NULL, ARGV("unloading", "leak"));
    assert_false(report_leaks(&observed.report, &leaks));
    run_free(&observed.run);
    const struct run_spec silent = {.options = "leaks=on,final=off,interval=0.2"};
    struct run run = expect_same(&silent, ARGV("unloading", "leak"));
    assert_true(report_count(run.err) > 0);
    assert_null(strstr(run.err, "Still allocated"));
    run_free(&run);
}

static void leak_in_a_library_that_is_gone(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "leaks=on,top=4096"}, ARGV("unloading", "leak"));
    expect_leaks_make_up_the_total();
    expect_first_leak("twin_a.so!twin_a_make");
    expect_number("blocks", leaks.row[0].live_blocks, 2000);
    expect_number("frees", leaks.row[0].frees, 0);
    expect_bytes("size", leaks.row[0].live_size, 2000 * 64);
    run_free(&observed.run);
}

/* Below each of two libraries' sites that had the same address stand its own calls. */
static void stacks_of_libraries_that_are_gone(void **state)
{
    (void)state;
    observe(&observed, &(struct run_spec){.options = "leaks=on,top=4096,stacks=all"}, ARGV("unloading", "replaced"));
    expect_leaks_make_up_the_total();
    const char *left = strstr(observed.report.text, "\nStill allocated");
    static const char *const functions[] = {"\ntwin_a.so!twin_a_make+", "\ntwin_b.so!twin_b_make+"};
    for (unsigned i = 0; i < LENGTH(functions); i++) {
        const char *row = strstr(left, functions[i]);
        if (row == NULL)
            fail_run(&observed.run, "no row of %s", functions[i] + 1);
        const char *call = strchr(row + 1, '\n') + 1;
        if (!begins(call, "    unloading!make_many+"))
            fail_run(&observed.run, "no calls below %s", functions[i] + 1);
    }
    run_free(&observed.run);
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
    observe(&observed, &spec, ARGV("/usr/bin/python3", "-c", python_script()));
    expect_leaks_make_up_the_total();
    expect_first_leak("twin_a.so!twin_a_make");
    expect_number("blocks", leaks.row[0].live_blocks, 600);
    run_free(&observed.run);
}

/* ---- growth ---- */

static struct report_suspects suspects;

static void expect_growth_known(const char *tag)
{
    struct report_growth growth;
    if (!report_growth(&observed.report, tag, &growth) || !growth.known[0])
        fail_run(&observed.run, "growth of %s in a minute is not known", tag);
    if (growth.known[1] || growth.known[2] || growth.known[3])
        fail_run(&observed.run, "growth of %s is known from before its start", tag);
}

/* The leak and nobody else, neither its twin nor the noise. */
static void expect_the_suspect(void)
{
    if (!report_suspects(&observed.report, &suspects) || suspects.count != 1 ||
        !begins(suspects.name[0], "leaks_slowly!leaking+"))
        fail_run(&observed.run, "another suspect than leaking, or none");
    if (suspects.freed[0] >= suspects.made[0] || suspects.freed[0] == 0)
        fail_run(&observed.run, "%lu made, %lu freed", suspects.made[0], suspects.freed[0]);
}

/* No report of a minute's knowledge accuses a twin. */
static void expect_nobody_else_accused(unsigned pid)
{
    for (int n = 0; report_next(observed.run.err, pid, NULL, &n, &observed.report);)
        if (report_suspects(&observed.report, &suspects))
            for (unsigned i = 0; i < suspects.count; i++)
                if (!begins(suspects.name[i], "leaks_slowly!leaking+") && !begins(suspects.name[i], "tag "))
                    fail_msg("%s is a suspect, at %.1f s", suspects.name[i], observed.report.uptime);
}

/* In the same run: a forked child begins its history anew. */
static void slow_leak_is_a_suspect(void **state)
{
    (void)state;
    struct report_growth growth;
    observed.run =
        run_program(&(struct run_spec){.options = "interval=1,top=4096", .seconds = 98}, ARGV("leaks_slowly", "72"));
    assert_exit(observed.run.status, 0);
    unsigned child = (unsigned)number_told(observed.run.out, "child");
    assert_true(report_read(observed.run.err, -1, &observed.report));
    unsigned parent = observed.report.pid;
    assert_int_not_equal(parent, child);
    expect_the_suspect();
    expect_growth_known("(all)");
    expect_growth_known("leaks_slowly");
    assert_true(report_growth(&observed.report, "leaks_slowly", &growth));
    read_sites(&observed);
    /* What leaked in the last minute of 72 s, however busy the machine, and five times the deviation of what 22 caches
     * of 200 to 400 blocks hold at its two ends. */
    enum { BLOCK = 500, NOISE = 1900 };
    double leaked = (double)site("leaks_slowly!leaking").live_blocks - (double)site("leaks_slowly!twin").live_blocks;
    assert_true(leaked > 0 && growth.by[0] > (leaked * 60 / 72 - NOISE) * BLOCK);
    assert_true(growth.by[0] < (leaked * 60 / 72 + NOISE) * BLOCK);
    assert_true(site("leaks_slowly!twin").allocations * 10 > site("leaks_slowly!leaking").allocations * 9);
    expect_nobody_else_accused(parent);
    assert_true(report_by_other(observed.run.err, parent, "exit", &observed.report));
    assert_int_equal(observed.report.pid, child);
    assert_false(report_growth(&observed.report, "(all)", &growth));
    assert_false(report_suspects(&observed.report, &suspects));
    run_free(&observed.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_leak_is_a_suspect), /* the longest first */
        cmocka_unit_test(leak_comes_first),
        cmocka_unit_test(leaks_off),
        cmocka_unit_test(leak_in_a_library_that_is_gone),
        cmocka_unit_test(stacks_of_libraries_that_are_gone),
        cmocka_unit_test(leak_in_python),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
