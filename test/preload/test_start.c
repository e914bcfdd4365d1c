/* Coming up: hazards 1 to 6. */
#include <elf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

static struct report report;

/* Runs like bare, to a good end, and nothing is told. */
static void runs_quietly(const struct run_spec *spec, const char *const *argv)
{
    struct run run = expect_transparent(spec, argv, &report);
    assert_int_equal(run.status, 0);
    if (lines_told(run.err, "") != 0)
        fail_run(&run, "%s: something was told", argv[0]);
    run_free(&run);
}

static const struct report_tag *must_have_tag(const char *name)
{
    const struct report_tag *row = report_tag(&report, name);
    if (row == NULL)
        fail_msg("no row of %s", name);
    return row;
}

/* ---- 1 ---- */

static void calloc_in_dlsym(void **state)
{
    (void)state;
    struct run bare = run_program(&(struct run_spec){.bare = true}, ARGV("calloc_in_dlsym"));
    struct run run = run_program(NULL, ARGV("calloc_in_dlsym"));
    if (run.status != 0)
        fail_run(&run, "calloc_in_dlsym failed");
    assert_string_equal(run.out, bare.out);
    assert_int_equal(number_told(run.err, "early"), 1); /* by main's own call: coming up does without dlsym */
    assert_true(report_read(run.err, -1, &report));
    assert_string_equal(report.kind, "exit");
    assert_true(must_have_tag("calloc_in_dlsym")->allocations > 0);
    assert_int_equal(lines_told(run.err, ""), 0);
    run_free(&bare);
    run_free(&run);
}

/* ---- 2 ---- */

static void malloc_in_constructor(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("malloc_in_constructor"));
    const struct report_tag *library = must_have_tag("constructor.so");
    assert_int_equal(library->allocations, 30 + 1);
    assert_int_equal(library->live_blocks, 10);
    const struct report_tag *program = must_have_tag("malloc_in_constructor");
    assert_int_equal(program->allocations, 2);
    assert_int_equal(program->live_blocks, 0);
}

static void alloc_in_constructor_under_lock(void **state)
{
    (void)state;
    runs_quietly(&(struct run_spec){.seconds = 10}, ARGV("alloc_under_loader_lock", "constructor"));
    const struct report_tag *library = must_have_tag("all_kinds.so");
    assert_int_equal(library->live_blocks, 0);
    assert_int_equal(library->allocations, 19);
}

static void alloc_in_dl_iterate_phdr(void **state)
{
    (void)state;
    runs_quietly(&(struct run_spec){.seconds = 10}, ARGV("alloc_under_loader_lock", "iterate"));
    assert_int_equal(must_have_tag("all_kinds.so")->live_blocks, 0);
    assert_int_equal(must_have_tag("all_kinds.so")->allocations, 19);
}

static void no_pie(void **state)
{
    (void)state;
    struct run run = expect_transparent(NULL, ARGV("no_pie"), &report);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "malloc stands in no_pie")); /* or it proved nothing */
    assert_int_equal(lines_told(run.err, ""), 0);
    assert_int_equal(must_have_tag("no_pie")->allocations, 11);
    assert_int_equal(must_have_tag("no_pie")->live_blocks, 1);
    run_free(&run);
}

/* ---- 3 ---- */

static void dynamic_tls(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("dynamic_tls"));
    assert_int_equal(must_have_tag("dynamic_tls")->allocations, 100);
    assert_int_equal(must_have_tag("dynamic_tls")->live_blocks, 0);
}

static void static_tls_exhausted(void **state)
{
    (void)state;
    runs_quietly(NULL, ARGV("static_tls_exhausted"));
}

/* A segment of the library's file that readelf would call NAME, or NULL. */
static const Elf64_Phdr *segment_of(const char *image, uint32_t type)
{
    const Elf64_Ehdr *head = (const void *)image;
    const Elf64_Phdr *segment = (const void *)(image + head->e_phoff);
    for (unsigned i = 0; i < head->e_phnum; i++)
        if (segment[i].p_type == type)
            return &segment[i];
    return NULL;
}

static char *read_image(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    struct stat stat;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &stat), 0);
    *length = (size_t)stat.st_size;
    char *image = malloc(*length);
    assert_int_equal(fread(image, 1, *length, file), *length);
    fclose(file);
    return image;
}

/* Initial-exec and tiny: no relocation asks the loader for a module's number, or for a descriptor. */
static void tls_is_tiny_and_static(void **state)
{
    (void)state;
    size_t length;
    char *image = read_image(library(), &length);
    const Elf64_Phdr *tls = segment_of(image, PT_TLS);
    const Elf64_Ehdr *head = (const void *)image;
    const Elf64_Shdr *section = (const void *)(image + head->e_shoff);
    unsigned relocations = 0;
    assert_true(tls == NULL || tls->p_memsz <= 128);
    for (unsigned i = 0; i < head->e_shnum; i++) {
        if (section[i].sh_type != SHT_RELA)
            continue;
        const Elf64_Rela *rela = (const void *)(image + section[i].sh_offset);
        for (size_t r = 0; r < section[i].sh_size / sizeof(*rela); r++, relocations++) {
            uint64_t type = ELF64_R_TYPE(rela[r].r_info);
            assert_true(type != R_X86_64_DTPMOD64 && type != R_X86_64_DTPOFF64 && type != R_X86_64_TLSDESC);
        }
    }
    assert_true(relocations > 0);
    free(image);
}

/* ---- 4 ---- */

/* Runs like bare; one line says that it is not tracked, and why. */
static void runs_untracked_behind(const char *before, const char *name)
{
    struct run bare = run_program(&(struct run_spec){.bare = true, .preload_before = before}, ARGV(name));
    struct run run = run_program(&(struct run_spec){.preload_before = before}, ARGV(name));
    char *own = stream_without_reports(run.err);
    assert_int_equal(bare.status, 0);
    if (run.status != bare.status)
        fail_run(&run, "%s failed", name);
    assert_string_equal(run.out, bare.out);
    assert_null(strstr(bare.out, "not own"));
    assert_string_equal(own, bare.err);
    if (lines_told(run.err, "not tracked") != 1)
        fail_run(&run, "%s: wanted one line `trackmalloc: …not tracked…`", name);
    free(own);
    run_free(&bare);
    run_free(&run);
}

static void runs_untracked(const char *name)
{
    runs_untracked_behind(NULL, name);
}

static void own_malloc(void **state)
{
    (void)state;
    runs_untracked("own_malloc");
}

static void own_malloc_new(void **state)
{
    (void)state;
    runs_untracked("own_malloc_new");
}

/* What stands before a block is nobody's business then: it is looked at by no call, and nothing is told of it. */
static void untracked_over_any_data(void **state)
{
    (void)state;
    const struct run_spec spec = {.options = "only=somebody-else", .preload = built("data_before.so")};
    struct run run = run_program(&spec, ARGV("resizes_foreign"));
    if (run.status != 0 || strcmp(run.out, "fine\n") != 0 || run.err[0] != '\0')
        fail_run(&run, "not as without the library");
    run_free(&run);
}

static void own_malloc_sets_itself_up(void **state)
{
    (void)state;
    runs_untracked_behind(built("sets_itself_up.so"), "string_copies");
}

/* Its first malloc, which a look-up of ours may ask for, registers an exit handler. */
static void heaptrack_before(void **state)
{
    (void)state;
    static const char heaptrack[] = "/usr/lib/heaptrack/libheaptrack_preload.so";
    if (access(heaptrack, R_OK) != 0)
        skip();
    setenv("DUMP_HEAPTRACK_OUTPUT", "/dev/null", 1);
    runs_untracked_behind(heaptrack, "string_copies");
    unsetenv("DUMP_HEAPTRACK_OUTPUT");
}

/* Where the loader never loads us: as bare, and not a word. */
static void runs_unseen(const char *const *argv, int status)
{
    struct run bare = run_program(&(struct run_spec){.bare = true}, argv);
    struct run run = run_program(NULL, argv);
    assert_true(WIFEXITED(bare.status));
    assert_int_equal(WEXITSTATUS(bare.status), status);
    assert_int_equal(run.status, bare.status);
    assert_string_equal(run.out, bare.out);
    assert_string_equal(run.err, bare.err);
    run_free(&bare);
    run_free(&run);
}

static void static_program(void **state)
{
    (void)state;
    runs_unseen(ARGV("static_program"), 3);
}

static void setuid_program(void **state)
{
    (void)state;
    char directory[] = "/tmp/trackmalloc-setuid-XXXXXX";
    char command[1024], copy[64];
    if (getuid() != 0)
        skip();
    assert_non_null(mkdtemp(directory));
    snprintf(copy, sizeof(copy), "%s/copy", directory);
    snprintf(command, sizeof(command), "cp '%s' %s && chmod 4755 %s && chmod 755 %s", built("setuid_program"), copy,
             copy, directory);
    assert_int_equal(system(command), 0);
    /* setuid_program itself gives up root, then runs the copy: that one is set-user-id, and unseen. */
    struct run bare = run_program(&(struct run_spec){.bare = true}, ARGV("setuid_program", copy));
    struct run run = run_program(NULL, ARGV("setuid_program", copy));
    unlink(copy);
    rmdir(directory);
    bool suid_works = strstr(bare.out, "uid 65534, euid 0") != NULL;
    assert_int_equal(run.status, bare.status);
    assert_string_equal(run.out, bare.out);
    if (suid_works) /* not on a file system mounted nosuid */
        assert_int_equal(report_count(run.err), 0);
    run_free(&bare);
    run_free(&run);
}

/* ---- 5 ---- */

static void thread_refused(const char *how)
{
    struct run run =
        expect_transparent(&(struct run_spec){.options = "interval=0.5"}, ARGV("thread_refused", how), &report);
    assert_int_equal(run.status, 0);
    assert_true(must_have_tag("thread_refused")->allocations > 1000);
    assert_int_equal(must_have_tag("thread_refused")->live_blocks, 1);
    assert_true(must_have_tag("thread_refused")->live_size >= 12345 - 103);
    if (report_count(run.err) != 1 || lines_told(run.err, "") != 1 ||
        lines_told(run.err, "periodic reports are off") != 1)
        fail_run(&run, "wanted one report, and one line that says `periodic reports are off`");
    run_free(&run);
}

static void thread_refused_by_seccomp(void **state)
{
    (void)state;
    thread_refused("seccomp");
}

static void thread_refused_by_nproc(void **state)
{
    (void)state;
    struct run run = run_program(&(struct run_spec){.bare = true}, ARGV("thread_refused", "nproc"));
    bool cannot = WIFEXITED(run.status) && WEXITSTATUS(run.status) == 77;
    run_free(&run);
    if (cannot) /* this folder is closed to the user nobody */
        skip();
    thread_refused("nproc");
}

/* Nobody wanted a thread: nobody is told that there is none. */
static void no_thread_wanted(void **state)
{
    (void)state;
    runs_quietly(&(struct run_spec){.options = "interval=60"}, ARGV("thread_refused", "seccomp", "short"));
}

/* ---- 6 ---- */

static uint64_t mapped(bool bare, const char *threads)
{
    struct run run = run_program(&(struct run_spec){.bare = bare}, ARGV("small_address_space", threads));
    if (run.status != 0)
        fail_run(&run, "small_address_space %s failed", threads);
    if (!bare) {
        assert_true(report_read(run.err, -1, &report));
        assert_true(must_have_tag("small_address_space")->allocations > 0);
        assert_int_equal(must_have_tag("small_address_space")->live_blocks, 0);
    }
    uint64_t bytes = number_told(run.out, "mapped");
    run_free(&run);
    return bytes;
}

/* Of 256 MiB, the library takes at most 32 MiB, and 5 MiB for each further thread. */
static void small_address_space(void **state)
{
    (void)state;
    uint64_t bare = mapped(true, "0"), tracked = mapped(false, "0");
    if (bare > tracked + (32 << 20))
        fail_msg("%ju KiB of address space taken by a process of one thread", (uintmax_t)(bare - tracked) >> 10);
    bare = mapped(true, "16"), tracked = mapped(false, "16");
    if (bare > tracked + (32 << 20) + 16 * (5 << 20))
        fail_msg("%ju KiB of address space taken by a process of 17 threads", (uintmax_t)(bare - tracked) >> 10);
}

/* What the program gets under a limit of so many KiB, it gets with the library too; and all is counted. */
static void threads_under_limit(const char *limit, const char *threads, const char *stack_kib, const char *map_mib)
{
    const char *const *argv = ARGV("limited_threads", limit, threads, stack_kib, map_mib, "100");
    struct run bare = run_program(&(struct run_spec){.bare = true}, argv);
    struct run run = run_program(NULL, argv);
    if (bare.status != 0 || run.status != 0 || strcmp(bare.out, run.out) != 0)
        fail_run(&run, "bare: %s", bare.out);
    assert_true(report_read(run.err, -1, &report));
    const struct report_tag *tag = must_have_tag("limited_threads");
    uint64_t count = strtoul(threads, NULL, 10);
    assert_int_equal(tag->allocations, count * 101);
    assert_int_equal(tag->live_blocks, count);
    assert_int_equal(lines_told(run.err, "full: counters of single threads"), 1);
    run_free(&bare);
    run_free(&run);
}

static void many_threads_under_limit(void **state)
{
    (void)state;
    threads_under_limit("3000000", "300", "256", "1800");
    threads_under_limit("2200000", "1000", "1024", "1");
    threads_under_limit("2200000", "1000", "1920", "1");
    threads_under_limit("2200000", "1000", "64", "1900");
}

static void address_space_full(void **state)
{
    (void)state;
    struct run run = expect_transparent(NULL, ARGV("address_space_full"), &report);
    assert_int_equal(run.status, 0);
    if (lines_told(run.err, "") != 1 || lines_told(run.err, "full: counters of single threads") != 1)
        fail_run(&run, "more or less is told than that the thread has no counters of its own");
    run_free(&run);
    assert_int_equal(must_have_tag("address_space_full")->allocations, 2000 + 100 + 1);
    assert_int_equal(must_have_tag("address_space_full")->live_blocks, 500 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calloc_in_dlsym),
        cmocka_unit_test(malloc_in_constructor),
        cmocka_unit_test(alloc_in_constructor_under_lock),
        cmocka_unit_test(alloc_in_dl_iterate_phdr),
        cmocka_unit_test(no_pie),
        cmocka_unit_test(dynamic_tls),
        cmocka_unit_test(static_tls_exhausted),
        cmocka_unit_test(tls_is_tiny_and_static),
        cmocka_unit_test(own_malloc),
        cmocka_unit_test(own_malloc_new),
        cmocka_unit_test(untracked_over_any_data),
        cmocka_unit_test(own_malloc_sets_itself_up),
        cmocka_unit_test(heaptrack_before),
        cmocka_unit_test(static_program),
        cmocka_unit_test(setuid_program),
        cmocka_unit_test(thread_refused_by_seccomp),
        cmocka_unit_test(thread_refused_by_nproc),
        cmocka_unit_test(no_thread_wanted),
        cmocka_unit_test(small_address_space),
        cmocka_unit_test(many_threads_under_limit),
        cmocka_unit_test(address_space_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
