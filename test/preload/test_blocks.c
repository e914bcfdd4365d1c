/* Blocks: hazards 7 to 13. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "harness.h"

static struct report report;

static const struct report_tag *must_have_tag(const char *name)
{
    const struct report_tag *row = report_tag(&report, name);
    if (row == NULL)
        fail_msg("no row of %s", name);
    return row;
}

/* Runs like bare, to a good end. Every wanted line must be told, and no other. */
static struct run runs_well(const struct run_spec *spec, const char *const *argv, unsigned lines, const char *needle)
{
    struct run run = expect_transparent(spec, argv, &report);
    if (run.status != 0)
        fail_run(&run, "%s %s failed, bare and tracked", argv[0], argv[1] ? argv[1] : "");
    if (lines_told(run.err, "") != lines || lines_told(run.err, needle) != lines)
        fail_run(&run, "%s %s: wanted %u lines of our own, with `%s`", argv[0], argv[1] ? argv[1] : "", lines, needle);
    return run;
}

static void runs_quietly(const struct run_spec *spec, const char *const *argv)
{
    struct run run = runs_well(spec, argv, 0, "");
    run_free(&run);
}

/* The same, and what the program's own code allocated is counted to the block: as many as it told by `made=`. */
static void runs_counted(const char *name, uint64_t live)
{
    struct run run = runs_well(NULL, ARGV(name), 0, "");
    const struct report_tag *row = must_have_tag(name);
    if (row->allocations != number_told(run.out, "made") || row->live_blocks != live)
        fail_run(&run, "%s: %ju allocations, %ju live counted; %ju, %ju are true", name, (uintmax_t)row->allocations,
                 (uintmax_t)row->live_blocks, (uintmax_t)number_told(run.out, "made"), (uintmax_t)live);
    run_free(&run);
}

/* ---- 7 ---- */

/* One note and no other: so many times, of that library. */
static void has_note_of_deepbind(const struct run *run, const char *library, const char *times)
{
    char note[256];
    const char *notes = strstr(report.text, "\nNotes:\n");
    snprintf(note, sizeof(note), "%s is opened without RTLD_DEEPBIND, which would hide our free from it%s\n", library,
             times);
    const char *at = notes != NULL ? strstr(notes, note) : NULL;
    if (at == NULL || at[strlen(note)] != '\n')
        fail_run(run, "no note, or others, of %s", library);
}

static void deepbind_plugin(void **state)
{
    (void)state;
    struct run run = runs_well(NULL, ARGV("deepbind_plugin"), 0, "");
    assert_int_equal(must_have_tag("deepbind_plugin")->live_blocks, 0);
    has_note_of_deepbind(&run, "deepbind.so", "");
    run_free(&run);
}

static void dlopen_runpath(void **state)
{
    (void)state;
    static const char *const ways[][2] = {{"name", "lazy"}, {"origin", "lazy"}, {"name", "deep"}, {"origin", "deep"}};
    for (unsigned i = 0; i < 4; i++) {
        bool deep = strcmp(ways[i][1], "deep") == 0;
        struct run run = runs_well(NULL, ARGV("dlopen_runpath", ways[i][0], ways[i][1]), 0, "");
        if (deep)
            has_note_of_deepbind(&run, "runpath_hidden.so", "");
        else
            assert_null(strstr(report.text, "\nNotes:\n"));
        run_free(&run);
    }
}

static void second_namespace(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("second_namespace"));
    assert_int_equal(must_have_tag("second_namespace")->allocations, 100);
}

static void foreign_pointers(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("foreign_pointers"));
    assert_true(must_have_tag("foreign_pointers")->allocations >= 1);
    assert_int_equal(must_have_tag("foreign_pointers")->live_blocks, 0);
}

static void foreign_page_start(void **state)
{
    (void)state;
    runs_quietly(&(struct run_spec){.preload = built("page_start.so")}, ARGV("foreign_page_start"));
}

/* ---- 8 ---- */

static void every_alignment(void **state)
{
    (void)state;
    runs_counted("every_alignment", 0);
}

/* ---- 9 ---- */

static void odd_sizes(void **state)
{
    (void)state;
    runs_counted("odd_sizes", 0);
}

static void posix_memalign_errors(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("posix_memalign_errors"));
    struct run run = run_program(NULL, ARGV("posix_memalign_errors", "strict"));
    if (run.status != 0)
        fail_run(&run, "posix_memalign changed errno");
    run_free(&run);
}

static void huge_blocks(void **state)
{
    (void)state;
    struct run run = runs_well(&(struct run_spec){.seconds = 10}, ARGV("huge_blocks"), 0, "");
    uint64_t kept = number_told(run.out, "kept");
    const struct report_tag *row = must_have_tag("huge_blocks");
    assert_int_equal(row->live_blocks, kept != 0);
    assert_true(row->live_size >= (double)kept - (50 << 20) && row->live_size <= (double)kept + (60 << 20));
    assert_true(report.live_bytes >= kept && report.live_bytes < kept + 10000); /* stdout's buffer beside it */
    run_free(&run);
}

/* ---- 10 ---- */

static void free_keeps_errno(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("free_keeps_errno"));
}

static void calloc_zero(void **state)
{
    (void)state;
    runs_counted("calloc_zero", 0);
}

static void calloc_lazy(void **state)
{
    (void)state;
    struct run run = runs_well(NULL, ARGV("calloc_lazy"), 0, "");
    assert_string_equal(run.out, "lazy when made: 1\nlazy when used: 1\n");
    run_free(&run);
}

/* ---- 11 ---- */

static void new_delete_forms(void **state)
{
    (void)state;
    runs_counted("new_delete_forms", 2);
    /* No block was counted a second time, on its way through the C++ library: that and libc have a handful. */
    assert_true(report.allocations - must_have_tag("new_delete_forms")->allocations < 20);
    assert_true(report.live_blocks < 2 + 20);
    assert_true(must_have_tag("new_delete_forms")->live_size >= 4001 - 52);
    assert_true(must_have_tag("new_delete_forms")->live_size <= 4001 + 52);
}

static void new_handler(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("new_handler"));
}

static void new_handler_relieves(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("new_handler_relieves"));
    assert_int_equal(must_have_tag("new_handler_relieves")->allocations, 2 + 2 + 1);
    assert_int_equal(must_have_tag("new_handler_relieves")->live_blocks, 1);
}

static void own_new(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("own_new"));
}

/* Its program's deletes are the library's; and so are its news, so that both know the blocks. */
static void foreign_new(void **state)
{
    (void)state;
    static const char *const options[] = {"interval=60", "stacks=all", "stacks=1KiB", "skip=nothing", "interval=0.1"};
    for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
        struct run run = runs_well(&(struct run_spec){.options = options[i]}, ARGV("foreign_new"), 0, "");
        if (strstr(run.out, " 0 strangers\n") == NULL)
            fail_run(&run, "it proves nothing");
        assert_int_equal(must_have_tag("foreign_new")->live_blocks, 5);
        run_free(&run);
    }
    runs_quietly(&(struct run_spec){.options = "tags=none"}, ARGV("foreign_new"));
}

static void own_array_new(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("own_array_new"));
}

static void own_realloc(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("own_realloc"));
    assert_int_equal(must_have_tag("own_realloc")->allocations, 1);
    assert_int_equal(must_have_tag("own_realloc")->live_blocks, 0);
}

static void mismatched_delete(void **state)
{
    (void)state;
    static const char *const kinds[] = {"new[]/delete", "new/delete[]", "malloc/delete",   "malloc/delete[]",
                                        "new/free",     "new[]/free",   "aligned new/free"};
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct run run = runs_well(NULL, ARGV("mismatched_delete", kinds[i]), 1, "mismatched_delete");
        assert_string_equal(run.out, "ran on\n");
        assert_int_equal(must_have_tag("mismatched_delete")->allocations, 2);
        assert_int_equal(must_have_tag("mismatched_delete")->live_blocks, 0);
        run_free(&run);
    }
}

/* ---- 12 ---- */

/* Told in one line, and the same fate as without us. */
static void wild_free(const char *kind, const char *needle)
{
    struct run bare = run_program(&(struct run_spec){.bare = true}, ARGV("wild_free", kind));
    struct run run = run_program(NULL, ARGV("wild_free", kind));
    if (!WIFSIGNALED(bare.status) || WTERMSIG(bare.status) != SIGABRT)
        fail_msg("wild_free %s: status %#x bare", kind, bare.status);
    if (run.status != bare.status)
        fail_run(&run, "wild_free %s: status %#x bare", kind, bare.status);
    assert_string_equal(run.out, bare.out);
    if (lines_told(run.err, "") != 1 || lines_told(run.err, needle) != 1)
        fail_run(&run, "wild_free %s: wanted one line, with `%s`", kind, needle);
    run_free(&bare);
    run_free(&run);
}

/* What glibc leaves in a freed block is random: so is the fate of who reads it. */
enum { ROUNDS = 10 };

static void double_free(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++)
        wild_free("twice small", "free");
    wild_free("twice large", "free");
    wild_free("twice aligned", "free");
}

static void realloc_of_a_freed_block(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++)
        wild_free("realloc freed", "realloc");
}

static void middle_pointer(void **state)
{
    (void)state;
    wild_free("middle of small", "free");
    wild_free("middle of large", "free");
    wild_free("middle, odd", "free");
    wild_free("middle of page", "free");
}

static void sized_frees(void **state)
{
    (void)state;
    struct run bare = run_program(&(struct run_spec){.bare = true}, ARGV("sized_frees"));
    struct run run = run_program(NULL, ARGV("sized_frees"));
    assert_int_equal(bare.status, 0);
    if (run.status != 0)
        fail_run(&run, "sized_frees failed");
    assert_string_equal(run.out, bare.out);
    assert_int_equal(number_told(run.err, "sized"), 1);
    assert_int_equal(number_told(run.err, "aligned"), 1);
    assert_int_equal(number_told(run.err, "cfree"), 1);
    assert_int_equal(lines_told(run.err, ""), 0);
    assert_true(report_read(run.err, -1, &report));
    assert_true(must_have_tag("sized_frees")->allocations > 100);
    assert_int_equal(must_have_tag("sized_frees")->live_blocks, 0);
    run_free(&bare);
    run_free(&run);
}

static void string_copies(void **state)
{
    (void)state;
    runs_counted("string_copies", 1);
    assert_true(must_have_tag("string_copies")->live_size == 15);
}

/* ---- 13 ---- */

static void malloc_tools(void **state)
{
    (void)state;
    struct run run = runs_well(NULL, ARGV("malloc_tools"), 0, "");
    assert_non_null(strstr(run.out, "mallinfo2 sees a million bytes: 1\n1 block mapped\nmallopt: 1\n"));
    assert_non_null(strstr(run.out, "mallopt was heard: 0 block mapped\n"));
    assert_non_null(strstr(run.out, "malloc_trim gave something back: 1\n"));
    assert_non_null(strstr(run.out, "malloc_stats tells: 1\n"));
    run_free(&run);
}

/* ---- the same, passed on ---- */

/* A program that `only=` leaves out is served by the real allocator itself, through all our entry points. */
static void passed_on(void **state)
{
    (void)state;
    static const char *const names[] = {
        "every_alignment",  "odd_sizes",        "posix_memalign_errors",
        "foreign_pointers", "free_keeps_errno", "calloc_zero",
        "calloc_lazy",      "huge_blocks",      "new_delete_forms",
        "new_handler",      "own_new",          "new_handler_relieves",
        "own_array_new",    "own_realloc",      "string_copies",
        "malloc_tools",     "deepbind_plugin",  "second_namespace",
        "sized_frees",
    };
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct run bare = run_program(&(struct run_spec){.bare = true}, ARGV(names[i]));
        struct run run = run_program(&(struct run_spec){.options = "only=nobody", .seconds = 10}, ARGV(names[i]));
        if (run.status != bare.status || strcmp(run.out, bare.out) != 0)
            fail_run(&run, "%s, not tracked, does not run as bare", names[i]);
        if (report_count(run.err) != 0 || lines_told(run.err, "") != 0)
            fail_run(&run, "%s, not tracked, is told of", names[i]);
        run_free(&bare);
        run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deepbind_plugin),
        cmocka_unit_test(dlopen_runpath),
        cmocka_unit_test(second_namespace),
        cmocka_unit_test(foreign_pointers),
        cmocka_unit_test(foreign_page_start),
        cmocka_unit_test(every_alignment),
        cmocka_unit_test(odd_sizes),
        cmocka_unit_test(posix_memalign_errors),
        cmocka_unit_test(huge_blocks),
        cmocka_unit_test(free_keeps_errno),
        cmocka_unit_test(calloc_zero),
        cmocka_unit_test(calloc_lazy),
        cmocka_unit_test(new_delete_forms),
        cmocka_unit_test(new_handler),
        cmocka_unit_test(new_handler_relieves),
        cmocka_unit_test(own_new),
        cmocka_unit_test(own_array_new),
        cmocka_unit_test(foreign_new),
        cmocka_unit_test(own_realloc),
        cmocka_unit_test(mismatched_delete),
        cmocka_unit_test(double_free),
        cmocka_unit_test(realloc_of_a_freed_block),
        cmocka_unit_test(middle_pointer),
        cmocka_unit_test(sized_frees),
        cmocka_unit_test(string_copies),
        cmocka_unit_test(malloc_tools),
        cmocka_unit_test(passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
