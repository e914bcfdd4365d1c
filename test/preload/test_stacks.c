/* Whole stacks: exact when all are taken, honest when they are sampled, and no program is the worse for it. */
#include "stacks.h"

/* No report but at exit, and no stack left out of it. */
#define ALL "stacks=all,top=4096,interval=86400"

/* A finished run, its exit report, and the stacks in it. */
struct told {
    struct run run;
    struct report report;
    struct told_stacks stacks;
};

static struct told told;

static void read_last(const char *name)
{
    if (told.run.status != 0)
        fail_run(&told.run, "%s failed", name);
    if (!report_read(told.run.err, -1, &told.report) || strcmp(told.report.kind, "exit") != 0)
        fail_run(&told.run, "%s: no exit report", name);
    stacks_read(&told.report, &told.stacks);
}

static void tell(const char *options, const char *const *argv)
{
    told.run = run_program(&(struct run_spec){.options = options, .seconds = 60}, argv);
    read_last(argv[0]);
}

static void expect_near(const char *what, double got, double wanted, double error)
{
    if (fabs(got - wanted) > error)
        fail_run(&told.run, "%s: %.1f told, %.1f are true, %.1f may be between", what, got, wanted, error);
}

/* At rest, with stacks=all: all stacks together are the process. */
static void expect_all_in_stacks(void)
{
    double error = rounding((double)told.report.live_bytes);
    struct told_stack sum = stacks_sum(&told.stacks, NULL);
    for (unsigned i = 0; i < told.stacks.count; i++)
        error += rounding(told.stacks.stack[i].live_bytes);
    expect_near("live blocks in stacks", (double)sum.live_blocks, (double)told.report.live_blocks, 0);
    expect_near("allocations in stacks", (double)sum.allocated_blocks, (double)told.report.allocations, 0);
    expect_near("live bytes in stacks", sum.live_bytes, (double)told.report.live_bytes, error);
}

/* All that went this way, `blocks` of `bytes` in all; every such stack is whole, or every one is cut off. */
static void expect_way(const char *const *names, uint64_t blocks, double bytes, bool truncated)
{
    struct told_stack sum = stacks_sum(&told.stacks, names);
    expect_near(names[1], (double)sum.allocated_blocks, (double)blocks, 0);
    expect_near(names[1], sum.allocated_bytes, bytes, rounding(bytes));
    for (unsigned i = 0; i < told.stacks.count; i++)
        if (stack_goes(&told.stacks.stack[i], names) && told.stacks.stack[i].truncated != truncated)
            fail_run(&told.run, "%s: %s", names[1], truncated ? "does not end early" : "ends early");
}

#define EXPECT_WAY(blocks, bytes, ...)  expect_way(ARGV(__VA_ARGS__), blocks, bytes, false)
#define EXPECT_PART(blocks, bytes, ...) expect_way(ARGV(__VA_ARGS__), blocks, bytes, true)

/* What always stands below main. */
#define MAIN "main", ">", "__libc_start_main", "_start"

/* ---- all: exact ---- */

static void random_work_of_threads(void **state)
{
    (void)state;
    tell(ALL, ARGV("ledger_random", "keep"));
    assert_int_equal(report_tag(&told.report, "ledger.so")->live_blocks, number_told(told.run.out, "live_blocks"));
    expect_all_in_stacks();
    run_free(&told.run);
}

/* The exit reports of a process and its forked child. */
static void every_kind_of_block(void **state)
{
    (void)state;
    static const char *const kinds[] = {"by_malloc", "by_calloc",    "by_alignment",   "by_strdup",
                                        "by_new",    "by_new_array", "by_aligned_new", "by_nothrow_new"};
    tell(ALL, ARGV("stack_kinds"));
    assert_int_equal(report_count(told.run.err), 2);
    for (int n = 0; n < 2; n++) {
        assert_true(report_read(told.run.err, n, &told.report));
        stacks_read(&told.report, &told.stacks);
        expect_all_in_stacks();
        for (unsigned i = 0; i < LENGTH(kinds); i++) {
            struct told_stack sum = stacks_sum(&told.stacks, ARGV(kinds[i]));
            assert_true(sum.allocated_blocks > 1000);
            assert_int_equal(sum.live_blocks, 0);
        }
        struct told_stack childs = stacks_sum(&told.stacks, ARGV("keeps", ">", "main"));
        assert_int_equal(childs.live_blocks, n == 0 ? 100 : 0);
    }
    run_free(&told.run);
}

/* More stacks than there is room for. */
static void full_table(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_frames", "many"));
    expect_all_in_stacks();
    assert_int_equal(told.report.live_blocks, (1 << 20) + 2);
    const struct told_stack *largest = &told.stacks.stack[0];
    assert_true(largest->truncated && largest->frames == 0);
    assert_true(largest->live_blocks > 1 << 19 && largest->live_blocks < 1 << 20);
    run_free(&told.run);
}

/* ---- sampled: honest ---- */

/* A site's estimate, by the program's own account of the truth and of the variance. */
static void expect_estimate(const char *site, const char *what, double estimate, double text_error)
{
    char key[64];
    snprintf(key, sizeof key, "%s_%s", site, what);
    double truth = (double)number_told(told.run.out, key);
    snprintf(key, sizeof key, "%s_%s_variance", site, what);
    double error = 5 * sqrt((double)number_told(told.run.out, key)) + text_error;
    if (fabs(estimate - truth) > error)
        fail_run(&told.run, "%s %s: %.0f estimated, %.0f are true, more than %.0f between", site, what, estimate, truth,
                 error);
}

static void expect_site(const char *site)
{
    char function[64], made[64];
    snprintf(function, sizeof function, strcmp(site, "grown") == 0 ? "grows" : "makes_%s", site);
    snprintf(made, sizeof made, "%s_made", site);
    struct told_stack sum = stacks_sum(&told.stacks, ARGV(function));
    expect_estimate(site, "blocks", (double)sum.live_blocks, 3);
    expect_estimate(site, "bytes", sum.live_bytes, 3 * rounding(sum.live_bytes));
    expect_estimate(made, "blocks", (double)sum.allocated_blocks, 3);
    expect_estimate(made, "bytes", sum.allocated_bytes, 3 * rounding(sum.allocated_bytes));
}

static void sample(unsigned period, const char *mode)
{
    char options[64], bytes[16];
    snprintf(options, sizeof options, "stacks=%uKiB,top=4096,interval=86400", period);
    snprintf(bytes, sizeof bytes, "%u", period * 1024);
    tell(options, ARGV("stack_sampled", bytes, mode));
    assert_true(told.stacks.estimated);
}

static void expect_all_sites(void)
{
    static const char *const sites[] = {"small", "medium", "large", "mixed"};
    for (unsigned i = 0; i < LENGTH(sites); i++)
        expect_site(sites[i]);
}

static void estimates(void **state)
{
    (void)state;
    static const unsigned periods[] = {4, 64, 512};
    for (unsigned i = 0; i < LENGTH(periods); i++) {
        sample(periods[i], "keep");
        expect_all_sites();
        run_free(&told.run);
    }
}

static void estimates_of_threads(void **state)
{
    (void)state;
    sample(64, "threads");
    expect_all_sites();
    run_free(&told.run);
}

static void estimates_of_a_steady_program(void **state)
{
    (void)state;
    sample(4, "steady");
    expect_site("small");
    run_free(&told.run);
    sample(64, "steady");
    expect_site("small");
    run_free(&told.run);
}

/* By realloc, from small to large: where they end counts, not where they began. */
static void estimates_of_blocks_that_grow(void **state)
{
    (void)state;
    static const unsigned periods[] = {4, 64, 512, 4096};
    for (unsigned i = 0; i < LENGTH(periods); i++) {
        sample(periods[i], "resize");
        expect_site("grown");
        run_free(&told.run);
    }
}

/* What was sampled is taken out of the estimate to the last byte. */
static void nothing_is_left_of_what_is_freed(void **state)
{
    (void)state;
    static const char *const functions[] = {"makes_small", "makes_medium", "makes_large", "makes_mixed"};
    sample(4, "drop");
    for (unsigned i = 0; i < LENGTH(functions); i++) {
        struct told_stack sum = stacks_sum(&told.stacks, ARGV(functions[i]));
        assert_true(sum.allocated_blocks > 0);
        assert_int_equal(sum.live_blocks, 0);
        assert_true(sum.live_bytes == 0);
    }
    run_free(&told.run);

    tell("stacks=4KiB,top=4096,interval=86400", ARGV("ledger_random", "drop"));
    struct told_stack sum = stacks_sum(&told.stacks, ARGV("ledger.so"));
    assert_true(sum.allocated_blocks > 10000);
    assert_int_equal(sum.live_blocks, 0);
    assert_true(sum.live_bytes == 0);
    run_free(&told.run);
}

/* ---- frames ---- */

#define TEN_TIMES(name) name, name, name, name, name, name, name, name, name, name

/* Without frame pointers and with them: `name` is stack_frames or stack_frames_rbp. */
static void frames_of(const char *name)
{
    tell(ALL, ARGV(name, "deep"));
    expect_all_in_stacks();
    EXPECT_PART(3, 30, "keeps", TEN_TIMES("recurses"), TEN_TIMES("recurses"));
    assert_int_equal(stacks_sum(&told.stacks, ARGV("keeps", TEN_TIMES("recurses"), "recurses")).frames, FRAMES_MOST);
    EXPECT_WAY(3, 30, "keeps", TEN_TIMES("recurses"), "comes_from_less", ">", MAIN);
    run_free(&told.run);

    tell(ALL, ARGV(name, "callbacks"));
    struct told_stack by_qsort = stacks_sum(&told.stacks, ARGV("keeps", "compares", ">", "sorts", ">", MAIN));
    assert_in_range(by_qsort.live_blocks, 4, 10);
    assert_int_equal(by_qsort.live_bytes, 20 * by_qsort.live_blocks);
    struct told_stack by_bsearch = stacks_sum(&told.stacks, ARGV("keeps", "compares", ">", "searches", ">", MAIN));
    assert_in_range(by_bsearch.live_blocks, 1, 3);
    run_free(&told.run);

    tell(ALL, ARGV(name, "alloca"));
    EXPECT_WAY(1, 30, "keeps", "takes_room", "takes_array", "takes_aligned", ">", MAIN);
    EXPECT_WAY(12, 360, "keeps", "takes_room", "takes_array", ">", MAIN);
    run_free(&told.run);

    tell(ALL, ARGV(name, "longjmp"));
    EXPECT_WAY(40, 1600, "keeps", "jumps_out", ">", MAIN);
    EXPECT_WAY(40, 1600, "keeps", "goes_on", ">", MAIN);
    run_free(&told.run);

    tell(ALL, ARGV(name, "vfork"));
    EXPECT_WAY(20, 1000, "keeps", "child_allocates", ">", MAIN);
    EXPECT_WAY(20, 1000, "keeps", "parent_goes_on", ">", MAIN);
    run_free(&told.run);
}

static void without_frame_pointers(void **state)
{
    (void)state;
    frames_of("stack_frames");
}

static void with_frame_pointers(void **state)
{
    (void)state;
    frames_of("stack_frames_rbp");
}

static void exceptions(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_exceptions"));
    expect_all_in_stacks();
    EXPECT_WAY(40, 2400, "keeps", "destructor_allocates", ">", MAIN);
    struct told_stack deepest =
        stacks_sum(&told.stacks, ARGV("keeps", "destructor_allocates", ">", "thrower", "cleans_up", "thrower",
                                      "cleans_up", "thrower", "cleans_up", "catcher", MAIN));
    assert_int_equal(deepest.live_blocks, 10);
    EXPECT_WAY(10, 600, "keeps", "catch_allocates", ">", MAIN);
    struct told_stack own =
        stacks_sum(&told.stacks, ARGV("__cxa_allocate_exception", ">", "cleans_up", "thrower", ">", "catcher", MAIN));
    assert_int_equal(own.allocated_blocks, 10);
    assert_int_equal(own.live_blocks, 0);
    run_free(&told.run);
}

static void signal_handlers(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_signals"));
    expect_all_in_stacks();
    EXPECT_WAY(120, 1200, "keeps", "handles", ">", "sends", "goes_down", "goes_down", "goes_down", "goes_down", MAIN);
    EXPECT_WAY(40, 400, "keeps", "handles", ">", "handles", ">", "sends", "goes_down", "goes_down", "goes_down",
               "goes_down", MAIN);
    run_free(&told.run);
}

static void step_through(const char *options)
{
    const struct run_spec spec = {.options = options, .preload = built("bump.so"), .seconds = 60};
    told.run = run_program(&spec, ARGV("stack_steps"));
    read_last("stack_steps");
    uint64_t steps = number_told(told.run.out, "steps");
    assert_true(steps > 2000);
    assert_true(told.report.live_blocks >= steps && told.report.live_blocks < steps + 100);
    expect_near("stack of a handler", (double)number_told(told.run.out, "bytes"), 0, 6 * 1024);
}

/* After each instruction of our own comes a signal whose handler allocates. */
static void signals_at_every_instruction(void **state)
{
    (void)state;
    step_through("stacks=1KiB,skip=keeps,top=4096,interval=86400");
    run_free(&told.run);
    step_through(ALL);
    expect_all_in_stacks();
    unsigned shown = 0;
    for (unsigned i = 0; i < told.stacks.count; i++) {
        const struct told_stack *stack = &told.stacks.stack[i];
        if (stack->others || !stack_goes(stack, ARGV("keeps", "handles")) || !stack_is_named(stack))
            continue;
        shown++;
        if (stack->truncated || !stack_goes(stack, ARGV("keeps", "handles", ">", "stepped", ">", "in_thread")))
            fail_run(&told.run, "a stack ends early");
    }
    assert_true(shown > 50);
    run_free(&told.run);
}

static void smallest_stacks(void **state)
{
    (void)state;
    static const char *const options[] = {ALL, "stacks=4KiB", "stacks=all,skip=no*thing:runs"};
    for (unsigned i = 0; i < LENGTH(options); i++) {
        struct run run = expect_same(&(struct run_spec){.options = options[i]}, ARGV("small_stacks", "threads"));
        assert_exit(run.status, 0);
        run_free(&run);
        tell(options[i], ARGV("stack_small"));
        expect_near("stack of an allocation", (double)number_told(told.run.out, "bytes"), 0, 6 * 1024);
        run_free(&told.run);
    }
}

/* Of all coroutines, whose stacks come and go. */
static void coroutines(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_coroutines", "many"));
    expect_all_in_stacks();
    EXPECT_WAY(1, 5000, "keeps", MAIN);
    assert_int_equal(report_tag(&told.report, "stack_coroutines")->live_blocks, 1 + 3 * 6 * (1000 / 6 + 1));
    for (unsigned i = 0; i < told.stacks.count; i++)
        if (stack_goes(&told.stacks.stack[i], ARGV("keeps", "digs")) && !told.stacks.stack[i].truncated &&
            stack_is_named(&told.stacks.stack[i]))
            assert_true(stack_goes(&told.stacks.stack[i], ARGV("keeps", "digs", ">", "runs_coroutine")));
    run_free(&told.run);
}

static void a_smaller_stack_where_a_larger_one_was(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_coroutines", "again"));
    expect_all_in_stacks();
    EXPECT_PART(8, 80, "keeps", "digs", ">", "runs_coroutine");
    run_free(&told.run);
}

static void garbage_above_the_first_frame(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_coroutines", "garbage"));
    expect_all_in_stacks();
    EXPECT_PART(6, 60, "keeps", "digs", "digs", "digs", "digs", "digs", "digs", "runs_coroutine");
    run_free(&told.run);
}

/* The frames up to the generated code, its own, and that is all. */
static void generated_code(void **state)
{
    (void)state;
    static const struct {
        const char *function;
        unsigned blocks, size;
    } ways[] = {{"called_back", 50, 10}, {"code_is_gone", 20, 20}, {"code_is_overwritten", 10, 30}};
    tell(ALL, ARGV("stack_generated"));
    expect_all_in_stacks();
    EXPECT_WAY(1, 10, "keeps", MAIN);
    for (unsigned i = 0; i < LENGTH(ways); i++)
        EXPECT_PART(ways[i].blocks, ways[i].blocks * ways[i].size, "keeps", ways[i].function);
    for (unsigned i = 0; i < told.stacks.count; i++)
        if (stack_goes(&told.stacks.stack[i], ARGV("keeps", "called_back"))) {
            assert_int_equal(told.stacks.stack[i].frames, 3);
            assert_null(strchr(stack_frame(&told.stacks.stack[i], 2), '!'));
        }
    run_free(&told.run);
}

static void plugins(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_plugins", "turns"));
    assert_int_equal(number_told(told.run.out, "elsewhere"), 0);
    expect_all_in_stacks();
    EXPECT_WAY(10, 100, "stack_one.so!in_one", "stack_one.so", "opens_and_makes", ">", MAIN);
    EXPECT_WAY(10, 200, "stack_two.so!in_two", "stack_two.so", "opens_and_makes", ">", MAIN);
    run_free(&told.run);
}

static void a_frame_whose_code_is_unloaded(void **state)
{
    (void)state;
    tell(ALL, ARGV("stack_plugins", "standing"));
    expect_all_in_stacks();
    EXPECT_PART(20, 600, "keeps", "closes_below");
    EXPECT_WAY(1, 40, "keeps", MAIN);
    run_free(&told.run);
}

/* ---- no deadlock ---- */

static void loading_while_others_allocate(void **state)
{
    (void)state;
    static const char *const modes[] = {"second", "fork", "exit", "exit", "exit"};
    static const char *const options[] = {"stacks=all,skip=wrap*:plugin_makes,interval=0.1",
                                          "stacks=4KiB,skip=wrapper"};
    for (unsigned o = 0; o < LENGTH(options); o++)
        for (unsigned i = 0; i < LENGTH(modes); i++) {
            struct run run = run_program(&(struct run_spec){.options = options[o]}, ARGV("stack_churn", modes[i]));
            if (run.status != 0 || run.timed_out)
                fail_run(&run, "stack_churn %s failed", modes[i]);
            if (!report_read(run.err, -1, &told.report) || strcmp(told.report.kind, "exit") != 0)
                fail_run(&run, "stack_churn %s: no exit report", modes[i]);
            run_free(&run);
        }
}

/* ---- other suites' programs ---- */

/* They must not notice. */
static void as_bare(const char *options)
{
    static const char *const names[][2] = {
        {"every_alignment"}, {"odd_sizes"},        {"posix_memalign_errors"}, {"foreign_pointers"},
        {"calloc_zero"},     {"calloc_lazy"},      {"free_keeps_errno"},      {"huge_blocks"},
        {"new_handler"},     {"own_new"},          {"new_delete_forms"},      {"new_handler_relieves"},
        {"own_array_new"},   {"own_realloc"},      {"string_copies"},         {"malloc_tools"},
        {"deepbind_plugin"}, {"second_namespace"}, {"handed_blocks"},         {"malloc_in_constructor"},
        {"dynamic_tls"},     {"no_pie"},           {"late_destructors"},      {"alloc_under_loader_lock"},
    };
    for (unsigned i = 0; i < LENGTH(names); i++) {
        struct run bare = run_program(&(struct run_spec){.bare = true}, ARGV(names[i][0], names[i][1]));
        struct run run = run_program(&(struct run_spec){.options = options}, ARGV(names[i][0], names[i][1]));
        if (run.status != bare.status || strcmp(run.out, bare.out) != 0)
            fail_run(&run, "%s does not run as bare under %s", names[i][0], options);
        if (!report_read(run.err, -1, &told.report))
            fail_run(&run, "%s: no report", names[i][0]);
        run_free(&bare);
        run_free(&run);
    }
}

static void programs_under_all(void **state)
{
    (void)state;
    as_bare("stacks=all");
}

static void programs_under_samples(void **state)
{
    (void)state;
    as_bare("stacks=4KiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_work_of_threads),
        cmocka_unit_test(every_kind_of_block),
        cmocka_unit_test(full_table),
        cmocka_unit_test(estimates),
        cmocka_unit_test(estimates_of_threads),
        cmocka_unit_test(estimates_of_a_steady_program),
        cmocka_unit_test(estimates_of_blocks_that_grow),
        cmocka_unit_test(nothing_is_left_of_what_is_freed),
        cmocka_unit_test(without_frame_pointers),
        cmocka_unit_test(with_frame_pointers),
        cmocka_unit_test(exceptions),
        cmocka_unit_test(signal_handlers),
        cmocka_unit_test(signals_at_every_instruction),
        cmocka_unit_test(smallest_stacks),
        cmocka_unit_test(coroutines),
        cmocka_unit_test(a_smaller_stack_where_a_larger_one_was),
        cmocka_unit_test(garbage_above_the_first_frame),
        cmocka_unit_test(generated_code),
        cmocka_unit_test(plugins),
        cmocka_unit_test(a_frame_whose_code_is_unloaded),
        cmocka_unit_test(loading_while_others_allocate),
        cmocka_unit_test(programs_under_all),
        cmocka_unit_test(programs_under_samples),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
