/* What the suites about threads, processes and output share beyond the harness. */
#ifndef TM_TEST_SUITE_H
#define TM_TEST_SUITE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
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

#include "../side.h"
#include "harness.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { ANYBODY = 0 };

/* The next report from *n on that is by this pid (ANYBODY) and of this kind (NULL: any); *n moves behind it. */
static inline bool report_next(const char *stream, unsigned pid, const char *kind, int *n, struct report *report)
{
    int count = (int)report_count(stream);
    while (*n < count) {
        assert_true(report_read(stream, (*n)++, report));
        if ((pid == ANYBODY || report->pid == pid) && (kind == NULL || strcmp(report->kind, kind) == 0))
            return true;
    }
    return false;
}

static inline unsigned reports_by(const char *stream, unsigned pid, const char *kind)
{
    static struct report report;
    unsigned found = 0;
    for (int n = 0; report_next(stream, pid, kind, &n, &report);)
        found++;
    return found;
}

/* The last report of that kind that is not by this pid. */
static inline bool report_by_other(const char *stream, unsigned pid, const char *kind, struct report *report)
{
    for (int n = (int)report_count(stream) - 1; n >= 0; n--) {
        assert_true(report_read(stream, n, report));
        if (report->pid != pid && strcmp(report->kind, kind) == 0)
            return true;
    }
    return false;
}

/* The name of the program that wrote the report: `trackmalloc: NAME[pid] report …`. */
static inline const char *reporter_name(const struct report *report)
{
    static char name[64];
    const char *line = strstr(report->text, "\ntrackmalloc: ");
    assert_non_null(line);
    line += strlen("\ntrackmalloc: ");
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, "["), line);
    return name;
}

/* One thing is counted in several ways: they agree, when nobody allocates meanwhile. */
static inline void assert_sums(const struct report *report)
{
    uint64_t live = 0, allocations = 0, sizes = 0, ages = 0;
    for (unsigned i = 0; i < report->tags; i++) {
        live += report->tag[i].live_blocks;
        allocations += report->tag[i].allocations;
    }
    for (unsigned i = 0; i < 12; i++)
        sizes += report->sizes[i];
    for (unsigned i = 0; i < 5; i++)
        ages += report->ages[i];
    assert_int_equal(live, report->live_blocks);
    assert_int_equal(allocations, report->allocations);
    assert_int_equal(sizes, report->live_blocks);
    assert_int_equal(ages, report->live_blocks);
}

static inline void assert_row(const struct report *report, const char *tag, uint64_t live, uint64_t allocations)
{
    const struct report_tag *row = report_tag(report, tag);
    assert_non_null(row);
    if (row->live_blocks != live || row->allocations != allocations)
        fail_msg("%s[%u]: %lu live of %lu, not %lu of %lu", tag, report->pid, row->live_blocks, row->allocations, live,
                 allocations);
}

static inline void assert_exit(int status, int code)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_msg("status %#x, not exit %d", (unsigned)status, code);
}

/* Bare and preloaded: the same output, status and stderr of its own; where the reports go is the caller's to see. */
static inline struct run expect_same(const struct run_spec *spec, const char *const *argv)
{
    struct run bare;
    struct run tracked = run_bare_and_tracked(spec, argv, &bare);
    char *own = stream_without_reports(tracked.err);
    if (bare.timed_out || tracked.timed_out || bare.status != tracked.status || strcmp(bare.out, tracked.out) != 0 ||
        strcmp(bare.err, own) != 0)
        fail_msg("%s %s: bare and tracked differ\n--- bare: status %#x%s\n%s%s\n--- tracked: status %#x%s\n%s%s",
                 argv[0], argv[1] != NULL ? argv[1] : "", (unsigned)bare.status, bare.timed_out ? ", timed out" : "",
                 bare.out, bare.err, (unsigned)tracked.status, tracked.timed_out ? ", timed out" : "", tracked.out,
                 tracked.err);
    free(own);
    run_free(&bare);
    return tracked;
}

/* Runs as bare where the library cannot or may not track; one line says so and why, and there is no report. */
static inline void expect_untracked(const struct run_spec *spec, const char *const *argv)
{
    struct run run = expect_same(spec, argv);
    if (report_count(run.err) != 0 || lines_told(run.err, "") != 1 || lines_told(run.err, "not tracked") != 1)
        fail_run(&run, "%s: wanted no report, and one line `trackmalloc: …not tracked…`", argv[0]);
    run_free(&run);
}

/* Runs as bare, and the exit report of the process itself is the last on stderr; handed back in *last. */
static inline struct run expect_tracked(const struct run_spec *spec, const char *const *argv, struct report *last)
{
    struct run run = expect_same(spec, argv);
    if (!report_read(run.err, -1, last) || strcmp(last->kind, "exit") != 0)
        fail_run(&run, "%s: no exit report", argv[0]);
    return run;
}

/* More of the same, and for longer: `make torture`. */
static inline bool is_torture(void)
{
    return getenv("TM_TORTURE") != NULL;
}

/* ---- a directory of the test's own ---- */

static char scratch_path[64];

static inline bool scratch_made(void)
{
    return scratch_path[0] != 0;
}

static inline const char *scratch(void)
{
    if (!scratch_made()) {
        strcpy(scratch_path, "/tmp/trackmalloc-test-XXXXXX");
        assert_non_null(mkdtemp(scratch_path));
        assert_int_equal(chmod(scratch_path, 0777), 0);
    }
    return scratch_path;
}

static inline const char *in_scratch(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch(), name);
    return path;
}

/* "output=…/NAME,REST" */
static inline const char *output_to(const char *name, const char *rest)
{
    static char option[1024];
    snprintf(option, sizeof(option), "output=%s,%s", in_scratch(name), rest);
    return option;
}

/* The contents of all plain files there, each shorter than 1 MiB; malloc'ed. The files are removed. */
static inline char *scratch_take(unsigned *files)
{
    size_t length = 0;
    char *text = calloc(1, 1);
    DIR *directory = opendir(scratch());
    assert_non_null(directory);
    *files = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *path = in_scratch(entry->d_name);
        if (entry->d_type != DT_REG)
            continue;
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        text = realloc(text, length + (1 << 20));
        length += fread(text + length, 1, (1 << 20) - 1, file);
        text[length] = 0;
        fclose(file);
        unlink(path);
        ++*files;
    }
    closedir(directory);
    return text;
}

/* For the group's teardown: with whatever a failed test has left there. */
static inline int scratch_remove(void **state)
{
    char command[128];
    (void)state;
    if (!scratch_made())
        return 0;
    snprintf(command, sizeof(command), "rm -rf %s", scratch_path);
    return system(command);
}

/* Each test in a process of its own, which takes its directory away. */
static inline int run_side_by_side(const struct CMUnitTest *tests, size_t count)
{
    return side_by_side(tests, count, NULL, scratch_remove);
}

#endif
