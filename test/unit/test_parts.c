/* What a report leaves out where a feature is off, and nothing else; and the section of the process's memory. */
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

enum { TOP = 20, MIB = 1 << 20 };

static struct snapshot_memory some_memory(void)
{
    return (struct snapshot_memory){
        .known = 1,
        .threads = 12,
        .virtual_size = 3ull << 30,
        .resident = 512ull * MIB,
        .resident_peak = 600ull * MIB,
        .anonymous = 480ull * MIB,
        .file = 30ull * MIB,
        .shared = 2ull * MIB,
        .swapped = 4096,
        .data = 900ull * MIB,
        .minor_faults = 123456,
        .major_faults = 7,
    };
}

/* A process of which every section is in the report. */
static struct snapshot *with_all_sections(void)
{
    static const uint64_t ages[SNAPSHOT_AGE_ROWS] = {1, 2, 3, 4, 5};
    struct snapshot *snapshot = sample_new(2, 1);
    snapshot->kind = SNAPSHOT_EXIT;
    snapshot->uptime_ms = 3600000;
    sample_live(sample_tag(snapshot, 0), "db/cache", 100000, 100, ages);
    sample_live(sample_tag(snapshot, 1), "db", 5000, 90, ages);
    *sample_thread(snapshot, 0) = (struct snapshot_thread){"main", 4242, 1, {190, 123456}, {160, 18456}};
    sample_total(snapshot);
    snapshot =
        sample_more(snapshot, (struct sample_rows){.sites = 1, .suspects = 1, .stacks = 1, .frames = 1, .names = 64});
    sample_holds(sample_site(snapshot, 0), "db!grow+0x1", (struct snapshot_amount){30, 105000}, 190, 1800000);
    *sample_suspect(snapshot, 0) = (struct snapshot_suspect){SNAPSHOT_SITE, 0, 90000, 300000, 4000, 0, 12000000};
    *sample_stack(snapshot, 0) = (struct snapshot_stack){.site = 0, .live = {30, 105000}, .allocated = {190, 123456}};
    sample_call(snapshot, sample_stack(snapshot, 0), "db!grow+0x1");
    snapshot->total_past = (struct snapshot_past){{100, 0, 0, 0}, 1, 0};
    snapshot->leaks_wanted = 1;
    snapshot->alarm = (struct snapshot_alarm){.what = SNAPSHOT_ALARM_LEVEL, .limit = 1000};
    snapshot->memory = some_memory();
    return snapshot;
}

/* Takes the section out of the report: from the blank line before its heading to the one that ends it. */
static void take_out(char *report, const char *heading)
{
    char *begin = strstr(report, heading);
    if (begin == NULL) {
        fail_msg("no section%s in\n%s", heading, report);
        return;
    }
    char *end = strstr(begin + 2, "\n\n");
    assert_non_null(end);
    memmove(begin, end, strlen(end) + 1);
    assert_null(strstr(report, heading));
}

static void assert_leaves_out(uint32_t part, const char *const *headings)
{
    struct snapshot *snapshot = with_all_sections();
    char *whole = sample_report(snapshot, TOP);
    snapshot->left_out = part;
    char *report = sample_report(snapshot, TOP);
    for (; *headings != NULL; headings++)
        take_out(whole, *headings);
    assert_string_equal(report, whole);
    free(report);
    free(whole);
    free(snapshot);
}

#define HEADINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void each_part_is_its_sections(void **state)
{
    (void)state;
    assert_leaves_out(0, HEADINGS(NULL));
    assert_leaves_out(SNAPSHOT_PART_THREADS, HEADINGS("\n\nAllocations by thread:\n"));
    assert_leaves_out(SNAPSHOT_PART_VM, HEADINGS("\n\nProcess memory:\n"));
    assert_leaves_out(SNAPSHOT_PART_COUNTS,
                      HEADINGS("\n\nCurrent allocations by tag tree:\n", "\n\nLifetimes of freed blocks by tag:\n",
                               "\n\nCurrent allocations by call site:\n", "\n\nGrowth of live size by tag:\n",
                               "\n\nSuspects"));
    /* The alarms' and glibc's bits are no parts of a snapshot's report. */
    assert_leaves_out(8 | 16 | 32 | 64 | 128, HEADINGS(NULL));
}

static void the_date_alone(void **state)
{
    (void)state;
    static const char date[] = "Thu Jan  1 00:00:00 UTC 1970 ";
    struct snapshot *snapshot = with_all_sections();
    char *whole = sample_report(snapshot, TOP);
    snapshot->left_out = SNAPSHOT_PART_DATE;
    char *report = sample_report(snapshot, TOP);
    static const char opening[] = ">>>>>>>>>>>>> <<<<<<<<<<<\n";
    assert_memory_equal(report, opening, sizeof opening - 1);
    char *at = strstr(whole, date);
    assert_non_null(at);
    memmove(at, at + sizeof date - 1, strlen(at + sizeof date - 1) + 1);
    assert_string_equal(report, whole);
    free(report);
    free(whole);
    free(snapshot);
}

/* ---- the process's memory ---- */

static char *memory_section(struct snapshot *snapshot)
{
    char *report = sample_report(snapshot, TOP);
    char *begin = strstr(report, "\n\nProcess memory:\n");
    char *end = begin != NULL ? strstr(begin + 2, "\n\n") : NULL;
    char *section = end != NULL ? strndup(begin + 2, (size_t)(end - begin) - 1) : NULL;
    free(report);
    free(snapshot);
    return section;
}

static struct snapshot *holding(uint64_t blocks, uint64_t bytes, uint64_t own, uint64_t resident)
{
    struct snapshot *snapshot = sample_new(0, 0);
    snapshot->total.live = (struct snapshot_amount){blocks, bytes};
    snapshot->own_resident_bytes = own;
    snapshot->memory = some_memory();
    snapshot->memory.resident = resident;
    return snapshot;
}

static void the_gap_is_explained(void **state)
{
    (void)state;
    char *section = memory_section(holding(MIB, 300 * MIB, 5 * MIB, 512 * MIB));
    assert_non_null(section);
    assert_string_equal(section, "Process memory:\n"
                                 "3.0GiB Virtual size (900.0MiB private and writable)\n"
                                 "512.0MiB Resident: 480.0MiB anonymous, 30.0MiB of files, 2.0MiB shared\n"
                                 "600.0MiB Peak resident\n"
                                 "4.0KiB Swapped out\n"
                                 "123,456 Page faults without reading, 7 with\n"
                                 "12 Threads\n"
                                 "Of the resident 512.0MiB:\n"
                                 "300.0MiB (58.6 %) Current total allocated size\n"
                                 "16.0MiB (3.1 %) Headers of these blocks\n"
                                 "5.0MiB (1.0 %) Bookkeeping memory, at most\n"
                                 "191.0MiB (37.3 %) The rest: rounding and free lists of the allocator, code, stacks, "
                                 "mappings\n");
    free(section);
}

static void assert_last_part(struct snapshot *snapshot, const char *last)
{
    char *section = memory_section(snapshot);
    assert_non_null(section);
    if (strstr(section, last) == NULL || strcmp(strstr(section, last), last) != 0)
        fail_msg("%s does not end with %s", section, last);
    assert_null(strchr(section, '-'));
    free(section);
}

/* What was asked for need not be resident: then the rest is on the other side, and never below zero. */
static void the_gap_may_be_on_the_other_side(void **state)
{
    (void)state;
    static const char less[] = " Less what is not resident: never touched, or swapped out\n";
    static const char rest[] = " The rest: rounding and free lists of the allocator, code, stacks, mappings\n";
    char last[128];
    snprintf(last, sizeof last, "0.0B (0.0 %%)%s", rest);
    assert_last_part(holding(1, 100, 84, 200), last);
    snprintf(last, sizeof last, "1.0B (0.5 %%)%s", less);
    assert_last_part(holding(1, 101, 84, 200), last);
    snprintf(last, sizeof last, "1.0GiB (200.0 %%)%s", less);
    assert_last_part(holding(0, 1536ull * MIB, 0, 512 * MIB), last);
    snprintf(last, sizeof last, "100.0B (0.0 %%)%s", less);
    assert_last_part(holding(0, 100, 0, 0), last);
    snprintf(last, sizeof last, "0.0B (0.0 %%)%s", rest);
    assert_last_part(holding(0, 0, 0, 0), last);
}

/* A share of anything in anything is a number: a sanitizer would see an overflow, or a division by zero. */
static void any_numbers_are_survived(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (unsigned round = 0; round < 20000; round++) {
        struct snapshot *snapshot = holding(0, 0, 0, 0);
        uint64_t *words[] = {&snapshot->total.live.blocks, &snapshot->total.live.bytes, &snapshot->own_resident_bytes,
                             &snapshot->memory.resident, &snapshot->memory.virtual_size};
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
            *words[i] = sample_number(&seed) >> sample_number(&seed) % 64;
        char *section = memory_section(snapshot);
        assert_non_null(section);
        assert_null(strchr(section, '-'));
        free(section);
    }
    free(memory_section(holding(UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX)));
}

static void what_is_not_known_is_not_told(void **state)
{
    (void)state;
    struct snapshot *snapshot = holding(1, 100, 84, 200);
    snapshot->memory.known = 0;
    assert_null(memory_section(snapshot));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_is_its_sections), cmocka_unit_test(the_date_alone),
        cmocka_unit_test(the_gap_is_explained),      cmocka_unit_test(the_gap_may_be_on_the_other_side),
        cmocka_unit_test(any_numbers_are_survived),  cmocka_unit_test(what_is_not_known_is_not_told),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
