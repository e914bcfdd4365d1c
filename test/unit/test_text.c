/* The report, letter by letter. Each case is compared with golden/NAME.txt; after a wanted change
 * `UPDATE_GOLDEN=1 make unit` writes these files anew: read what has changed before it is committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sample.h"
#include "snapshot/text.h"

enum { TOP = 20 };

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *content = calloc(1, 1 << 16);
    if (file == NULL)
        fail_msg("cannot open %s", path);
    assert_non_null(content);
    assert_true(fread(content, 1, (1 << 16) - 1, file) < (1 << 16) - 1);
    fclose(file);
    return content;
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_golden(const char *name, struct snapshot *snapshot, unsigned top)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s.txt", UNIT_DIR, name);
    char *report = sample_report(snapshot, top);
    if (getenv("UPDATE_GOLDEN") != NULL)
        write_file(path, report);
    char *golden = read_file(path);
    if (strcmp(report, golden) != 0)
        fail_msg("%s.txt differs\n--- golden\n%s--- report\n%s---", name, golden, report);
    free(golden);
    free(report);
    free(snapshot);
}

/* ---- the cases ---- */

static void empty_process(void **state)
{
    (void)state;
    assert_golden("empty", sample_new(0, 0), TOP);
}

/* The example of doc/report.md, with the numbers that it leaves open filled in. */
static struct snapshot *example(void)
{
    static const uint64_t sqlite_ages[] = {310, 6000, 1590, 0, 0};
    static const uint64_t other_ages[] = {0, 150, 73, 0, 0};
    static const uint64_t sizes[] = {312, 0, 140, 505, 410, 6150, 220, 150, 90, 30, 20, 61, 30, 3, 1, 1};

    struct snapshot *snapshot = sample_new(2, 3);
    snapshot->wall_seconds = 1795253786;
    snapshot->uptime_ms = 15004;
    snapshot->number = 3;
    strcpy(snapshot->program, "sqlite3");
    sample_live(sample_tag(snapshot, 0), "(untagged)", 4409123, 23231, other_ages);
    sample_live(sample_tag(snapshot, 1), "libsqlite3.so.0", 83991000, 6100000, sqlite_ages);

    struct snapshot_books *sqlite = &sample_tag(snapshot, 1)->books;
    sqlite->peak_bytes = 90177536;
    sqlite->lifetime[0] = sqlite->freed.blocks - 1200;
    sqlite->lifetime[1] = 1200;
    sqlite->resizes = 41532;
    sample_tag(snapshot, 0)->books.peak_bytes = 5242880;
    sample_tag(snapshot, 0)->books.lifetime[0] = 23008;
    sample_total(snapshot);
    snapshot->total.peak_bytes = 95420416;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        snapshot->sizes[i].blocks = sizes[i];

    *sample_thread(snapshot, 0) =
        (struct snapshot_thread){"sqlite3", 4242, 1, {6000000, 9812345678}, {5990002, 9700000000}};
    *sample_thread(snapshot, 1) = (struct snapshot_thread){"", 0, 12, {3000, 5000000}, {3000, 5000000}};
    *sample_thread(snapshot, 2) = (struct snapshot_thread){"pager", 4243, 1, {120231, 512000}, {122106, 24457555}};
    snapshot->live_threads = 2;
    snapshot->call_sites = 1234;
    snapshot->own_resident_bytes = 524288;
    snapshot->own_cpu_us = 3456;
    return snapshot;
}

static void contract_example(void **state)
{
    (void)state;
    static const char head[] = ">>>>>>>>>>>>> Sat Nov 21 09:36:26 UTC 2026 <<<<<<<<<<<\n"
                               "trackmalloc: sqlite3[4242] report 3 (periodic), up 15.0 s\n"
                               "Overall stats:\n"
                               "6,123,231 Overall allocations since start\n"
                               "8,123 Current allocations\n"
                               "84.3MiB Current total allocated size (88,400,123 bytes)\n"
                               "91.0MiB Peak total allocated size\n"
                               "Current allocations by size: ( # = 103 current allocations)\n"
                               "0 - 4 bytes: ### 312\n"
                               "4 - 8 bytes:  0\n";
    static const char *const lines[] = {
        "\n4096 + bytes: # 96\n",
        "\nCurrent allocations by age: ( # = 103 current allocations)\n< 1 sec: ### 310\n",
        "\nCurrent allocations by tag:\n"
        "tag                    live blocks    live size    peak size  allocations        < 1 sec  < 10 sec < 100 sec"
        " < 1000 sec > 1000 sec\n"
        "libsqlite3.so.0              7,900      80.1MiB      86.0MiB    6,100,000            310 ",
        "\n(untagged)                     223       4.2MiB       5.0MiB       23,231 ",
    };
    struct snapshot *snapshot = example();
    char *report = sample_report(snapshot, TOP);
    assert_memory_equal(report, head, strlen(head));
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(report, lines[i]) == NULL)
            fail_msg("missing:%sin\n%s", lines[i], report);
    free(report);
    assert_golden("example", snapshot, TOP);
}

static void huge_numbers(void **state)
{
    (void)state;
    struct snapshot *snapshot = sample_new(2, 2);
    memset(&snapshot->total, 0xff, sizeof snapshot->total);
    memset(&sample_tag(snapshot, 0)->books, 0xff, sizeof snapshot->total);
    strcpy(sample_tag(snapshot, 0)->name, "everything");
    strcpy(sample_tag(snapshot, 1)->name, "nothing");
    for (unsigned i = 0; i < 11; i++)
        snapshot->sizes[i].blocks = UINT64_MAX;
    snapshot->sizes[31].blocks = UINT64_MAX;
    *sample_thread(snapshot, 0) = (struct snapshot_thread){"most", UINT32_MAX, 1, {INT64_MAX, INT64_MAX}, {0, 0}};
    *sample_thread(snapshot, 1) = (struct snapshot_thread){"least", 0, UINT32_MAX, {0, 0}, {INT64_MAX, INT64_MAX}};
    snapshot->wall_seconds = INT64_MAX;
    snapshot->uptime_ms = UINT64_MAX;
    snapshot->pid = snapshot->number = snapshot->kind = UINT32_MAX;
    snapshot->foreign_frees = snapshot->wild_frees = snapshot->mismatches = UINT64_MAX;
    snapshot->call_sites = snapshot->own_resident_bytes = snapshot->own_cpu_us = UINT64_MAX;
    snapshot->peak_error_bytes = snapshot->live_threads = snapshot->tags_left_out = UINT32_MAX;
    assert_golden("huge", snapshot, TOP);
}

static void names_of_all_kinds(void **state)
{
    (void)state;
    static const uint64_t ages[] = {1, 0, 0, 0, 0};
    struct snapshot *snapshot = sample_new(6, 2);
    sample_live(sample_tag(snapshot, 0), "", 60, 1, ages);
    sample_live(sample_tag(snapshot, 1), "two words\nand\ta line", 50, 1, ages);
    sample_live(sample_tag(snapshot, 2), "größe-日本.so", 40, 1, ages);
    sample_live(sample_tag(snapshot, 3), "\x1b[31mred", 30, 1, ages);
    sample_live(sample_tag(snapshot, 4), "libstdc++.so.6", 20, 1, ages);
    sample_live(sample_tag(snapshot, 5), "", 10, 1, ages);
    memset(sample_tag(snapshot, 5)->name, 'x', SNAPSHOT_NAME); /* no closing zero */
    sample_total(snapshot);
    memset(snapshot->program, 'p', SNAPSHOT_NAME);
    *sample_thread(snapshot, 0) = (struct snapshot_thread){"DOM Worker", 17, 1, {6, 6}, {0, 0}};
    *sample_thread(snapshot, 1) = (struct snapshot_thread){"not shown", 0, 3, {0, 0}, {0, 0}};
    snapshot->kind = SNAPSHOT_EXIT;
    assert_golden("names", snapshot, TOP);
}

static struct snapshot *crowd(void)
{
    struct snapshot *snapshot = sample_random(11, 12, 9);
    snapshot->kind = SNAPSHOT_REQUEST;
    snapshot->tags_left_out = 1234;
    snapshot->foreign_frees = 17;
    snapshot->mismatches = 1;
    return snapshot;
}

static void more_rows_than_top(void **state)
{
    (void)state;
    assert_golden("crowd", crowd(), 4);
    assert_golden("crowd-but-one", crowd(), 11);
    assert_golden("crowd-none", crowd(), 0);
}

/* ---- bars ---- */

static const char *bar_of(const char *report, const char *label)
{
    const char *line = strstr(report, label);
    assert_non_null(line);
    return line + strlen(label);
}

static size_t longest_bar(const char *report)
{
    size_t longest = 0;
    for (const char *at = strstr(report, ": #"); at != NULL; at = strstr(at + 1, ": #"))
        if (strspn(at + 2, "#") > longest)
            longest = strspn(at + 2, "#");
    return longest;
}

static void bars_scale(void **state)
{
    (void)state;
    struct snapshot *snapshot = sample_new(0, 0);
    for (uint64_t most = 1; most < UINT64_MAX / 3; most = most * 3 / 2 + 1) {
        snapshot->sizes[5].blocks = most;
        snapshot->sizes[6].blocks = 1;
        snapshot->sizes[7].blocks = most / 2;
        char *report = sample_report(snapshot, TOP);
        const size_t longest = longest_bar(report);
        assert_int_equal(strspn(bar_of(report, "\n64 - 128 bytes: "), "#"), longest);
        assert_int_equal(strspn(bar_of(report, "\n128 - 256 bytes: "), "#"), 1);
        assert_in_range(strspn(bar_of(report, "\n256 - 512 bytes: "), "#"), longest / 2, longest / 2 + 1);
        assert_in_range(longest, most < 31 ? most : 30, 60);
        if (most <= 60)
            assert_int_equal(longest, most);
        free(report);
    }
    free(snapshot);
}

static void bars_change_scale_after_60(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *scale;
        size_t bar;
    } cases[] = {{0, "1", 0},    {1, "1", 1},    {60, "1", 60},        {61, "2", 31},
                 {120, "2", 60}, {121, "3", 40}, {60000, "1,000", 60}, {60001, "1,001", 60}};
    struct snapshot *snapshot = sample_new(0, 0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char heading[100];
        snapshot->total.age[2].blocks = cases[i].count;
        char *report = sample_report(snapshot, TOP);
        snprintf(heading, sizeof heading, "by age: ( # = %s current allocations)\n", cases[i].scale);
        assert_non_null(strstr(report, heading));
        assert_int_equal(strspn(bar_of(report, "\n< 100 sec: "), "#"), cases[i].bar);
        free(report);
    }
    free(snapshot);
}

/* ---- properties ---- */

static void assert_prefix_at_every_capacity(const struct snapshot *snapshot, unsigned top)
{
    char *whole = sample_report(snapshot, top);
    const size_t length = strlen(whole);
    for (size_t capacity = 0; capacity <= length + 1; capacity++) {
        char *out = malloc(capacity + 1); /* exactly one guard: a sanitizer sees what goes beyond */
        assert_non_null(out);
        out[capacity] = '~';
        assert_int_equal(text_report(snapshot, top, out, capacity), length);
        assert_memory_equal(out, whole, capacity < length ? capacity : length);
        assert_int_equal(out[capacity], '~');
        free(out);
    }
    free(whole);
}

static void truncated_anywhere_it_is_a_beginning(void **state)
{
    (void)state;
    struct snapshot *snapshots[] = {sample_new(0, 0), example(), crowd()};
    for (unsigned i = 0; i < sizeof snapshots / sizeof *snapshots; i++) {
        assert_prefix_at_every_capacity(snapshots[i], 4);
        free(snapshots[i]);
    }
}

static void the_snapshot_is_only_read(void **state)
{
    (void)state;
    struct snapshot *snapshot = crowd();
    void *copy = malloc(snapshot->bytes);
    assert_non_null(copy);
    memcpy(copy, snapshot, snapshot->bytes);
    free(sample_report(snapshot, 4));
    assert_memory_equal(copy, snapshot, snapshot->bytes);
    free(copy);
    free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_process),
        cmocka_unit_test(contract_example),
        cmocka_unit_test(huge_numbers),
        cmocka_unit_test(names_of_all_kinds),
        cmocka_unit_test(more_rows_than_top),
        cmocka_unit_test(bars_scale),
        cmocka_unit_test(bars_change_scale_after_60),
        cmocka_unit_test(truncated_anywhere_it_is_a_beginning),
        cmocka_unit_test(the_snapshot_is_only_read),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
