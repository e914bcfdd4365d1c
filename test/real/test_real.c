/* Programs that nobody here wrote, bare and tracked: the same output, the same exit status, and an exit report
 * that books their blocks under the modules that hold them. Some of them again with a second library preloaded, or
 * with stacks taken. */
#define _GNU_SOURCE
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../preload/harness.h"

enum { ARGUMENTS = 8, TAGS = 3, SECONDS = 60 };

/* Where programs share a pipe, short reports keep each in one piece: the kernel promises it for 4,096 bytes. */
#define OPTIONS_ALONE    "interval=0.5"
#define OPTIONS_TOGETHER "interval=0.5,top=3"

struct work {
    const char *name;
    const char *command[ARGUMENTS]; /* of /usr/bin; @NAME is programs/NAME, %NAME is build/test/real/NAME */
    const char *tags[TAGS];         /* each begins the name of a row of the exit report that is looked at */
    uint64_t allocations;           /* that the first of these rows has at least */
    const char *program;            /* whose report is looked at: its name begins so; NULL: the command's */
    const char *env;
    const char *behind, *before; /* one more preloaded library, behind or in front of ours */
    bool threads;                /* others still run at its exit, so sizes, ages and tags may differ a little */
    bool mute;                   /* closes stderr before its exit begins: nothing can be told */
    bool over_others;            /* once more over each of the other allocators */
    bool with_stacks;            /* once more with all stacks, and with sampled ones */
    const char *more;            /* options behind the usual ones; NULL: none */
};

/* clang-format off */
static const struct work works[] = {
    {"python3", {"python3", "@orders.py", "40", "0"}, .tags = {"python3", "libsqlite3.so", "libexpat.so"},
     .allocations = 100000, .env = "PYTHONMALLOC=malloc", .over_others = true, .with_stacks = true},
    {"python3 with its own allocator", {"python3", "@orders.py", "20", "1"}, .tags = {"libsqlite3.so", "python3"},
     .allocations = 100},
    {"perl", {"perl", "@words.pl"}, .tags = {""}, .allocations = 1000, .with_stacks = true},
    {"node", {"node", "@app.js"}, .tags = {""}, .allocations = 1000, .threads = true},
    {"git", {"bash", "@history.sh"}, .tags = {"git"}, .allocations = 100, .program = "git", .over_others = true,
     .with_stacks = true},
    {"gcc", {"bash", "@units.sh"}, .tags = {"cc1"}, .allocations = 1000, .program = "cc1[", .with_stacks = true},
    {"g++", {"bash", "@units.sh"}, .tags = {"cc1plus"}, .allocations = 1000, .program = "cc1plus"},
    {"sqlite3", {"sqlite3", ":memory:", ".read @shop.sql"}, .tags = {"libsqlite3.so"}, .allocations = 1000,
     .over_others = true, .with_stacks = true},
    {"redis-server", {"bash", "@store.sh"}, .tags = {"redis-"}, .allocations = 10000, .program = "redis-",
     .threads = true, .with_stacks = true},
    {"bash", {"bash", "@pipeline.sh"}, .tags = {"bash"}, .allocations = 100, .over_others = true, .with_stacks = true},
    {"C++ program", {"%library"}, .tags = {"libstdc++", "library"}, .allocations = 10000, .program = "library",
     .over_others = true, .with_stacks = true},

    {"sort", {"sort", "-R", "--random-source=/dev/zero", "@shop.sql"}, .tags = {"sort"}},
    {"ls", {"ls", "-lR", "--time-style=+", "@."}, .tags = {"ls"}},
    {"cat", {"cat", "@shop.sql", "/nowhere"}, .tags = {""}},
    {"wc", {"wc", "@shop.sql", "@orders.py"}, .tags = {"wc"}},
    {"sha256sum", {"sha256sum", "@shop.sql"}, .tags = {""}},
    {"join", {"join", "-a1", "@words.pl", "@words.pl"}, .tags = {"join"}},
    {"seq", {"seq", "-w", "0.5", "2000"}, .tags = {""}},
    {"tac", {"tac", "@shop.sql"}, .tags = {"tac"}},
    {"od", {"od", "-c", "@shop.sql"}, .tags = {""}},
    {"expr", {"expr", "99999999999999999999", "*", "99999999999999999999"}, .tags = {"expr"}},
    {"date", {"date", "-u", "-d", "2001-02-03 04:05:06 + 9 days"}, .tags = {"date"}},
    {"env", {"env", "-i", "A=b"}, .tags = {""}},
    {"logger", {"logger", "--version"}, .tags = {""}}, /* its first malloc is under a lock of the locale's */
    {"false", {"false"}, .tags = {NULL}},
    {"find", {"find", "@.", "-name", "*.sh"}, .tags = {"find"}},
    {"grep", {"grep", "-nE", "(se|in)+(le|to)", "@shop.sql"}, .tags = {"grep"}},
    {"sed", {"sed", "-E", "s/(a|b)+/<&>/g;$!N;P;D", "@shop.sql"}, .tags = {"sed"}},
    {"tar", {"tar", "-cf", "/dev/stdout", "--sort=name", "-C", "@.", "."}, .tags = {"tar"}, .mute = true},
    {"dd", {"dd", "if=/dev/zero", "of=/dev/stdout", "bs=1000", "count=90", "status=none"}, .tags = {""}},

    {"libfaketime behind us", {"date", "+%F"}, .tags = {""}, .behind = "libfaketime.so.1",
     .env = "FAKETIME=2001-02-03 04:05:06"},
    {"libfaketime in front of us", {"date", "+%F"}, .tags = {""}, .before = "libfaketime.so.1",
     .env = "FAKETIME=2001-02-03 04:05:06"},
    {"stdbuf", {"stdbuf", "-o0", "sed", "s/e/E/", "@shop.sql"}, .tags = {"sed"}, .program = "sed"},
};

static const struct {
    const char *name, *file;
} others[] = {
    {"jemalloc", "libjemalloc.so.2"},
    {"tcmalloc", "libtcmalloc_minimal.so.4"},
    {"mimalloc", "libmimalloc.so.2"},
};
static const char *const stacks[] = {"stacks=all", "stacks=4KiB"};
/* clang-format on */

enum {
    WORKS = sizeof(works) / sizeof(works[0]),
    OTHERS = sizeof(others) / sizeof(others[0]),
    STACKS = sizeof(stacks) / sizeof(stacks[0]),
    TESTS = WORKS * (1 + OTHERS + STACKS)
};

/* ---- finding things ---- */

#define REAL_OUT      REAL_BUILD "/test/real"
#define REAL_PROGRAMS REAL_TOP "/test/real/programs"

static const char *find(const char *const *folders, const char *name, char *path)
{
    for (; *folders != NULL; folders++) {
        snprintf(path, PATH_MAX, "%s/%s", *folders, name);
        if (access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

static const char *find_program(const char *name, char *path)
{
    static const char *const folders[] = {"/usr/bin", "/bin", "/usr/local/bin", NULL};
    return find(folders, name, path);
}

static const char *find_library(const char *name, char *path)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu/faketime",
                                          "/usr/lib64", "/usr/lib", NULL};
    if (name == NULL)
        return NULL;
    if (find(folders, name, path) == NULL) {
        print_message("%s is not installed\n", name);
        skip();
    }
    return path;
}

/* An argument as the program gets it; the places of @NAME and %NAME are filled in, also behind a blank. */
static char *argument(const char *text)
{
    char *filled = NULL;
    const char *at = strchr(text, '@');
    int length;
    if (text[0] == '%')
        length = asprintf(&filled, "%s/%s", REAL_OUT, text + 1);
    else if (at != NULL && (at == text || at[-1] == ' '))
        length = asprintf(&filled, "%.*s%s/%s", (int)(at - text), text, REAL_PROGRAMS, at + 1);
    else
        length = asprintf(&filled, "%s", text);
    assert_true(length >= 0);
    return filled;
}

/* ---- an empty folder to work in, the same for both runs ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void enter_empty_folder(void)
{
    static const char folder[] = REAL_OUT "/work";
    assert_int_equal(chdir("/"), 0);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(chdir(folder), 0);
}

/* ---- the test ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Of several, the one with most allocations: which of them holds most at the end may be anybody. */
static const struct report_tag *find_tag(const struct report *report, const char *beginning)
{
    const struct report_tag *found = NULL;
    for (unsigned i = 0; i < report->tags; i++)
        if (begins(report->tag[i].name, beginning) &&
            (found == NULL || report->tag[i].allocations > found->allocations))
            found = &report->tag[i];
    return found;
}

static const char *program_of(const struct work *work)
{
    return work->program != NULL ? work->program : work->command[0];
}

static bool is_of_program(const struct report *report, const char *program)
{
    static const char lead[] = "\ntrackmalloc: ";
    const char *name = strstr(report->text, lead);
    return name != NULL && begins(name + strlen(lead), program);
}

static bool has_the_tags(const struct report *report, const struct work *work)
{
    for (unsigned i = 0; i < TAGS && work->tags[i] != NULL; i++) {
        const struct report_tag *row = find_tag(report, work->tags[i]);
        if (row == NULL || row->allocations < (i == 0 ? work->allocations : 1))
            return false;
    }
    return true;
}

/* Sizes, ages and tags are three views of the same blocks. */
static void views_agree(const struct report *report)
{
    uint64_t by_size = 0, by_age = 0, by_tag = 0;
    for (unsigned i = 0; i < sizeof(report->sizes) / sizeof(report->sizes[0]); i++)
        by_size += report->sizes[i];
    for (unsigned i = 0; i < sizeof(report->ages) / sizeof(report->ages[0]); i++)
        by_age += report->ages[i];
    for (unsigned i = 0; i < report->tags; i++)
        by_tag += report->tag[i].live_blocks;
    assert_int_equal(by_size, report->live_blocks);
    assert_int_equal(by_age, report->live_blocks);
    assert_int_equal(by_tag, report->live_blocks);
}

/* All reports of the stream keep to the contract; one of them is the awaited one. */
static void look_for_report(const char *stream, const struct work *work)
{
    static struct report report;
    bool found = false;
    unsigned reports = report_count(stream);
    for (unsigned n = 0; n < reports; n++) {
        assert_true(report_read(stream, (int)n, &report));
        if (strcmp(report.kind, "exit") != 0 || !is_of_program(&report, program_of(work)))
            continue;
        found = found || has_the_tags(&report, work);
        if (!work->threads)
            views_agree(&report);
    }
    if (!found)
        fail_msg("%u reports, but no exit report of %s with %s and %ju allocations in\n%s", reports, program_of(work),
                 work->tags[0], (uintmax_t)work->allocations, stream);
}

static struct run run_once(const struct work *work, bool bare, const char *const *argv, const char *const *env)
{
    char behind[PATH_MAX], before[PATH_MAX];
    char options[128];
    snprintf(options, sizeof options, "%s%s%s",
             strcmp(work->command[0], "bash") == 0 ? OPTIONS_TOGETHER : OPTIONS_ALONE, work->more != NULL ? "," : "",
             work->more != NULL ? work->more : "");
    struct run_spec spec = {.options = options,
                            .bare = bare,
                            .seconds = SECONDS,
                            .env = env,
                            .preload = find_library(work->behind, behind),
                            .preload_before = find_library(work->before, before)};
    enter_empty_folder();
    struct run run = run_program(&spec, argv);
    if (run.timed_out)
        fail_msg("%s: timed out %s; it said\n%s%s", work->name, bare ? "bare" : "tracked", run.out, run.err);
    return run;
}

/* Where two texts part, from the beginning of the line. */
static void must_equal(const char *what, const char *bare, const char *tracked)
{
    size_t line = 0, at = 0;
    for (; bare[at] == tracked[at] && bare[at] != 0; at++)
        if (bare[at] == '\n')
            line = at + 1;
    if (bare[at] != tracked[at])
        fail_msg("%s differs\n--- bare\n%.300s\n--- tracked\n%.300s", what, bare + line, tracked + line);
}

static void works_the_same(void **state)
{
    const struct work *work = *state;
    const char *const env[] = {"LC_ALL=C", work->env, NULL};
    char path[PATH_MAX], *argv[ARGUMENTS + 1] = {NULL};
    for (unsigned i = 0; i < ARGUMENTS && work->command[i] != NULL; i++)
        argv[i] = argument(work->command[i]);
    if (argv[0][0] != '/') {
        if (find_program(argv[0], path) == NULL) {
            print_message("%s is not installed\n", argv[0]);
            skip();
        }
        free(argv[0]);
        argv[0] = strdup(path);
    }

    struct run bare = run_once(work, true, (const char *const *)argv, env);
    struct run tracked = run_once(work, false, (const char *const *)argv, env);
    char *own = stream_without_reports(tracked.err);
    if (bare.status != tracked.status)
        fail_msg("status %#x bare, %#x tracked, which said\n%s%s", bare.status, tracked.status, tracked.out,
                 tracked.err);
    must_equal("stdout", bare.out, tracked.out);
    must_equal("stderr", bare.err, own);
    if (!work->mute)
        look_for_report(tracked.err, work);

    free(own);
    run_free(&bare);
    run_free(&tracked);
    for (char **word = argv; *word != NULL; word++)
        free(*word);
}

static struct CMUnitTest test_of(const struct work *work)
{
    return (struct CMUnitTest){work->name, works_the_same, NULL, NULL, (void *)(uintptr_t)work};
}

static const char *longer_name(const char *name, const char *how, const char *what)
{
    char *both = NULL;
    assert_true(asprintf(&both, "%s %s %s", name, how, what) > 0);
    return both;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[TESTS];
    static struct work again[WORKS * (OTHERS + STACKS)];
    size_t n = 0, copies = 0;
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    for (unsigned i = 0; i < WORKS; i++)
        tests[n++] = test_of(&works[i]);
    for (unsigned i = 0; i < WORKS; i++)
        for (unsigned k = 0; k < OTHERS && works[i].over_others; k++) {
            struct work *copy = &again[copies++];
            *copy = works[i];
            copy->name = longer_name(works[i].name, "over", others[k].name);
            copy->behind = others[k].file;
            tests[n++] = test_of(copy);
        }
    for (unsigned i = 0; i < WORKS; i++)
        for (unsigned k = 0; k < STACKS && works[i].with_stacks; k++) {
            struct work *copy = &again[copies++];
            *copy = works[i];
            copy->name = longer_name(works[i].name, "with", stacks[k]);
            copy->more = stacks[k];
            tests[n++] = test_of(copy);
        }
    return _cmocka_run_group_tests("real", tests, n, NULL, NULL);
}
