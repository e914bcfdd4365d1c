/* Who comes before us: somebody else's malloc that comes up, resolvers, threads of a constructor, other preloaded
 * libraries, a thousand of them (hazards 1 to 4, 29, 31, 33). */
#include "fast.h"

enum { SECONDS = 10 }; /* most of these take some milliseconds, or for ever */

static const char *joined(const char *one, const char *other)
{
    static char text[256];
    snprintf(text, sizeof(text), "%s%s", one, other);
    return text;
}

static void skip_unless(bool condition, const char *why)
{
    if (condition)
        return;
    print_message("skipped: %s\n", why);
    skip();
}

/* ---- a malloc that sets itself up under its own lock, with calls that we hear of (31) ---- */

static const char *const under_lock[] = {"munmap", "prctl",   "syscall", "atexit",  "cxa_atexit", "key",
                                         "dlsym",  "sysconf", "open",    "setname", "unshare"};

static const char python_script[] =
    "import ctypes, json, threading, zlib, sqlite3\n"
    "def work(n):\n"
    "    data = [{'key': str(i), 'value': [i] * (i % 50)} for i in range(2000)]\n"
    "    sums[n] = zlib.crc32(zlib.compress(json.dumps(data).encode()))\n"
    "sums = [0] * 4\n"
    "threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n"
    "[t.start() for t in threads]; [t.join() for t in threads]\n"
    "base = sqlite3.connect(':memory:')\n"
    "base.execute('create table t (a, b)')\n"
    "base.executemany('insert into t values (?, ?)', [(i, 'x' * (i % 300)) for i in range(5000)])\n"
    "print(sums, base.execute('select count(*), sum(length(b)) from t').fetchall())\n";

static const char *const python[] = {"/usr/bin/python3", "-S", "-E", "-c", python_script, NULL};

static void in_the_executable(const char *call)
{
    const char *env[] = {call != NULL ? joined("UNDER_LOCK=", call) : NULL, NULL};
    expect_untracked(&(struct run_spec){.seconds = SECONDS, .env = env}, ARGV("locked_malloc"));
}

static void locked_malloc_in_the_executable(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(under_lock); i++)
        in_the_executable(under_lock[i]);
    in_the_executable(NULL);
}

static void locked_malloc_before_us(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(under_lock); i++) {
        const char *env[] = {joined("UNDER_LOCK=", under_lock[i]), NULL};
        expect_untracked(
            &(struct run_spec){.seconds = SECONDS, .preload_before = built("locked_malloc.so"), .env = env},
            ARGV("works", "10", "3"));
    }
    expect_untracked(&(struct run_spec){.seconds = SECONDS, .preload_before = built("locked_malloc.so")}, python);
}

static void locked_malloc_after_us(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(under_lock); i++) {
        const char *env[] = {joined("UNDER_LOCK=", under_lock[i]), NULL};
        struct run run =
            expect_tracked(&(struct run_spec){.seconds = SECONDS, .preload = built("locked_malloc.so"), .env = env},
                           ARGV("works", "10", "3"), &report);
        assert_true(report_tag(&report, "works")->allocations > 0);
        assert_int_equal(report_tag(&report, "works")->live_blocks, 0);
        run_free(&run);
    }
    struct run run =
        expect_tracked(&(struct run_spec){.seconds = SECONDS, .preload = built("locked_malloc.so")}, python, &report);
    run_free(&run);
}

/* ---- the allocators that people preload (29) ---- */

static const char *const allocators[] = {"/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
                                         "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4",
                                         "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2"};

static bool is_installed(const char *library)
{
    if (access(library, R_OK) == 0)
        return true;
    print_message("skipped: there is no %s\n", library);
    return false;
}

static void allocator_before_us(const char *allocator)
{
    skip_unless(access(allocator, R_OK) == 0, allocator);
    expect_untracked(&(struct run_spec){.seconds = SECONDS, .preload_before = allocator}, ARGV("works", "100", "3"));
    expect_untracked(&(struct run_spec){.seconds = SECONDS, .preload_before = allocator}, python);
}

static void jemalloc_before_us(void **state)
{
    (void)state;
    allocator_before_us(allocators[0]);
}

static void tcmalloc_before_us(void **state)
{
    (void)state;
    allocator_before_us(allocators[1]);
}

static void mimalloc_before_us(void **state)
{
    (void)state;
    allocator_before_us(allocators[2]);
}

static void allocators_after_us(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(allocators); i++) {
        if (!is_installed(allocators[i]))
            continue;
        const struct run_spec spec = {.seconds = SECONDS, .preload = allocators[i]};
        struct run run = expect_tracked(&spec, ARGV("works", "100", "3"), &report);
        assert_int_equal(report_tag(&report, "works")->live_blocks, 0);
        assert_true(report_tag(&report, "works")->allocations >= 60);
        run_free(&run);
        run = expect_tracked(&spec, python, &report);
        assert_true(report.allocations > 1000);
        run_free(&run);
    }
}

/* ---- a malloc before us that asks us, by dlsym (33) ---- */

/* It may be tracked, or not for a reason that one line tells; it runs in any case. */
static void forwarded(const struct run_spec *spec, const char *const *argv)
{
    struct run run = expect_same(spec, argv);
    bool tracked = report_read(run.err, -1, &report) && strcmp(report.kind, "exit") == 0;
    bool told = lines_told(run.err, "not tracked") == 1;
    if (tracked == told || (tracked && report.allocations < 60))
        fail_run(&run, "%s: wanted an exit report with allocations, or one line `not tracked`", argv[0]);
    run_free(&run);
}

static void forwarding_malloc_before_us(void **state)
{
    (void)state;
    const struct run_spec spec = {.seconds = SECONDS, .preload_before = built("forwards.so")};
    forwarded(&spec, ARGV("works", "100", "3"));
    forwarded(&spec, python);
    forwarded(&spec, ARGV("new_delete_forms"));
}

static void forwarding_malloc_after_us(void **state)
{
    (void)state;
    const struct run_spec spec = {.seconds = SECONDS, .preload = built("forwards.so")};
    struct run run = expect_tracked(&spec, ARGV("works", "100", "3"), &report);
    assert_int_equal(report_tag(&report, "works")->live_blocks, 0);
    run_free(&run);
    run = expect_tracked(&spec, python, &report);
    run_free(&run);
}

/* ---- threads that call us while we come up ---- */

static void early_threads(void **state)
{
    (void)state;
    unsigned rounds = is_torture() ? 20 : 3;
    for (unsigned round = 0; round < rounds; round++) {
        struct run run = expect_tracked(&(struct run_spec){.seconds = SECONDS}, ARGV("early_threads_user"), &report);
        assert_non_null(strstr(run.out, "early threads: 0 bad\n"));
        run_free(&run);
        run = expect_tracked(&(struct run_spec){.seconds = SECONDS, .preload = built("early_threads.so")},
                             ARGV("works", "100", "3"), &report);
        run_free(&run);
        /* Our constructor comes after its: it is up before us. */
        run = expect_tracked(&(struct run_spec){.seconds = SECONDS, .preload_before = built("early_threads.so")},
                             ARGV("works", "100", "3"), &report);
        run_free(&run);
    }
}

/* ---- sanitizers that bring their own malloc ---- */

/* The program that the compiler makes of this text; false: it cannot. */
static bool compile(const char *compiler, const char *name, const char *text)
{
    char source[600], program[600], line[2048];
    snprintf(source, sizeof(source), "%s", in_scratch(joined(name, strstr(compiler, "++") != NULL ? ".cc" : ".c")));
    snprintf(program, sizeof(program), "%s", in_scratch(name));
    FILE *file = fopen(source, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    snprintf(line, sizeof(line), "%s -g %s -o %s > /dev/null 2>&1", compiler, source, program);
    return system(line) == 0;
}

static void leak_sanitizer(const char *compiler, const char *name, const char *text)
{
    skip_unless(compile(compiler, name, text), compiler);
    const char *const argv[] = {in_scratch(name), NULL};
    struct run bare = run_program(&(struct run_spec){.bare = true, .seconds = SECONDS}, argv);
    bool runs = WIFEXITED(bare.status) && WEXITSTATUS(bare.status) == 3;
    run_free(&bare);
    skip_unless(runs, "the sanitizer does not work here");
    expect_untracked(&(struct run_spec){.seconds = SECONDS}, argv);
}

static void leak_sanitizer_in_c(void **state)
{
    (void)state;
    leak_sanitizer("clang -fsanitize=leak", "sanitized",
                   "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
                   "int main(void)\n{\n"
                   "    char *p = strdup(\"sanitized\");\n"
                   "    p = realloc(p, 500);\n    puts(p);\n    free(p);\n    return 3;\n}\n");
}

static void leak_sanitizer_in_cxx(void **state)
{
    (void)state;
    leak_sanitizer("clang++ -fsanitize=leak", "sanitized_cxx",
                   "#include <iostream>\n#include <map>\n#include <string>\n"
                   "int main()\n{\n"
                   "    std::map<int, std::string> map;\n"
                   "    for (int i = 0; i < 1000; i++)\n        map[i] = std::string(i, 'x');\n"
                   "    std::cout << map.size() << std::endl;\n    return 3;\n}\n");
}

/* ---- before the C library knows the environment ---- */

/* The options are read all the same. */
static void options_in_preinit(void **state)
{
    (void)state;
    struct run run = run_program(&(struct run_spec){.options = "final=off,nonsense=1"}, ARGV("preinit"));
    assert_int_equal(run.status, 0);
    assert_string_equal(run.out, "was early\n");
    assert_int_equal(lines_told(run.err, "nonsense"), 1);
    assert_int_equal(report_count(run.err), 0);
    run_free(&run);
}

/* ---- before our relocations: a resolver allocates ---- */

static void expect_resolved(const struct run_spec *spec, const char *program)
{
    struct run run = expect_tracked(spec, ARGV(program), &report);
    if (report_tag(&report, program) == NULL || report_tag(&report, program)->live_blocks != 0)
        fail_run(&run, "%s: something wrong under its tag", program);
    run_free(&run);
}

static void resolver_allocates(void **state)
{
    (void)state;
    expect_resolved(&(struct run_spec){.seconds = SECONDS}, "ifunc_user");
}

static void resolver_of_the_last_library_allocates(void **state)
{
    (void)state;
    expect_resolved(&(struct run_spec){.seconds = SECONDS}, "ifunc_user_last");
}

static void resolver_of_a_preloaded_library_allocates(void **state)
{
    (void)state;
    expect_resolved(&(struct run_spec){.seconds = SECONDS, .preload = built("ifunc_allocates.so")}, "ifunc_user");
    expect_resolved(&(struct run_spec){.seconds = SECONDS, .preload_before = built("ifunc_allocates.so")},
                    "ifunc_user");
}

static void resolver_allocates_with_stacks(void **state)
{
    (void)state;
    expect_resolved(&(struct run_spec){.seconds = SECONDS, .options = "stacks=all"}, "ifunc_user");
    const char *env[] = {"LD_BIND_NOW=1", NULL};
    expect_resolved(&(struct run_spec){.seconds = SECONDS, .env = env}, "ifunc_user");
}

/* ---- more libraries than a table has rows (A3) ---- */

enum { LIBRARIES = 1100 };

/* Copies of many_0000.so, each with its number wherever the name stands. */
static void copy_library(const char *image, size_t length, unsigned number)
{
    char name[16], *copy = malloc(length), file_name[32];
    snprintf(name, sizeof(name), "many_%04u", number);
    snprintf(file_name, sizeof(file_name), "%s.so", name);
    memcpy(copy, image, length);
    for (char *at = copy; (at = memmem(at, length - (size_t)(at - copy), "many_0000", 9)) != NULL; at += 9)
        memcpy(at, name, 9);
    FILE *file = fopen(in_scratch(file_name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(copy, 1, length, file), length);
    fclose(file);
    free(copy);
}

static void copy_libraries(void)
{
    static char image[1 << 20];
    FILE *file = fopen(built("many_0000.so"), "rb");
    assert_non_null(file);
    size_t length = fread(image, 1, sizeof(image), file);
    fclose(file);
    for (unsigned i = 0; i < LIBRARIES; i++)
        copy_library(image, length, i);
}

static void many_libraries_at_start(void **state)
{
    (void)state;
    static char list[LIBRARIES * 64];
    char *end = list;
    copy_libraries();
    for (unsigned i = 0; i < LIBRARIES; i++)
        end += sprintf(end, "%s%s/many_%04u.so", i == 0 ? "" : ":", scratch(), i);
    /* Each keeps a block, under a tag of its own; the report shows the first of them. */
    struct run run = expect_tracked(&(struct run_spec){.preload = list}, ARGV("many_libraries", "1100"), &report);
    assert_true(report.allocations >= 2 * LIBRARIES + 2000);
    assert_true(report.live_blocks >= LIBRARIES);
    unsigned shown = 0;
    for (unsigned i = 0; i < report.tags; i++)
        shown += strncmp(report.tag[i].name, "many_", 5) == 0 && report.tag[i].allocations == 2;
    assert_true(shown >= 10);
    run_free(&run);
    run = expect_tracked(&(struct run_spec){.preload = list, .options = "stacks=all"}, ARGV("many_libraries", "1100"),
                         &report);
    run_free(&run);
    expect_untracked(&(struct run_spec){.preload = list}, ARGV("locked_malloc"));
}

static void many_libraries_opened(void **state)
{
    (void)state;
    copy_libraries();
    struct run run = expect_tracked(&(struct run_spec){.options = "top=4096,interval=0.1"},
                                    ARGV("many_libraries", "1100", scratch()), &report);
    assert_true(report.allocations >= 2 * LIBRARIES + 2000);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_in_preinit),
        cmocka_unit_test(locked_malloc_in_the_executable),
        cmocka_unit_test(locked_malloc_before_us),
        cmocka_unit_test(locked_malloc_after_us),
        cmocka_unit_test(jemalloc_before_us),
        cmocka_unit_test(tcmalloc_before_us),
        cmocka_unit_test(mimalloc_before_us),
        cmocka_unit_test(allocators_after_us),
        cmocka_unit_test(forwarding_malloc_before_us),
        cmocka_unit_test(forwarding_malloc_after_us),
        cmocka_unit_test(early_threads),
        cmocka_unit_test(leak_sanitizer_in_c),
        cmocka_unit_test(leak_sanitizer_in_cxx),
        cmocka_unit_test(resolver_allocates),
        cmocka_unit_test(resolver_of_the_last_library_allocates),
        cmocka_unit_test(resolver_of_a_preloaded_library_allocates),
        cmocka_unit_test(resolver_allocates_with_stacks),
        cmocka_unit_test(many_libraries_at_start),
        cmocka_unit_test(many_libraries_opened),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
