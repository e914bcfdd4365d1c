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
#include "snapshot/leak.h"
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

    struct snapshot_counts *sqlite = &sample_tag(snapshot, 1)->counts;
    sqlite->peak_bytes = 90177536;
    sqlite->lifetime[0] = sqlite->freed.blocks - 1200;
    sqlite->lifetime[1] = 1200;
    sqlite->resizes = 41532;
    sample_tag(snapshot, 0)->counts.peak_bytes = 5242880;
    sample_tag(snapshot, 0)->counts.lifetime[0] = 23008;
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
    memset(&sample_tag(snapshot, 0)->counts, 0xff, sizeof snapshot->total);
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

/* Parents that are tags and that are none, parts of parts, names that only begin alike. */
static void tags_in_a_tree(void **state)
{
    (void)state;
    static const char *const names[] = {"db", "db/cache", "db/index/pages", "db/index/keys", "dbm", "net/out",
                                        "/",  "a//b"};
    static const uint64_t ages[SNAPSHOT_AGE_ROWS] = {1, 0, 0, 0, 0};
    enum { TAGS = sizeof names / sizeof names[0] };
    struct snapshot *snapshot = sample_new(TAGS, 0);
    for (uint32_t i = 0; i < TAGS; i++)
        sample_live(sample_tag(snapshot, i), names[i], (uint64_t)1 << (10 + i), 3, ages);
    sample_total(snapshot);
    assert_golden("tree", snapshot, 4);
}

static void assert_evidence(struct snapshot_alarm alarm, const char *evidence)
{
    struct snapshot *snapshot = sample_new(1, 0);
    snapshot->kind = SNAPSHOT_ALARM;
    snapshot->alarm = alarm;
    char *report = sample_report(snapshot, TOP);
    const char *line = strstr(report, "\nAlarm: ");
    if (line == NULL || strncmp(line + 8, evidence, strlen(evidence)) != 0 || line[8 + strlen(evidence)] != '\n')
        fail_msg("not '%s' but %.200s", evidence, line != NULL ? line + 1 : "nothing");
    free(report);
    free(snapshot);
}

static void alarms_give_their_evidence(void **state)
{
    (void)state;
    struct snapshot_alarm alarm = {.what = SNAPSHOT_ALARM_LEVEL, .of = SNAPSHOT_TAG, .limit = 500 << 20};
    alarm.value = 600 << 20;
    alarm.change = 100 << 20;
    alarm.since_ms = 12345;
    strcpy(alarm.name, "a b\x1b");
    assert_evidence(alarm, "tag a?b? holds 500.0MiB or more: 600.0MiB, +100.0MiB in 12.3 s");
    alarm.over = 1;
    alarm.change = -alarm.change;
    assert_evidence(alarm, "tag a?b? is below 500.0MiB again: 600.0MiB, -100.0MiB in 12.3 s");
    alarm.what = SNAPSHOT_ALARM_CHANGE;
    alarm.of = SNAPSHOT_TOTAL;
    alarm.change = INT64_MIN;
    assert_evidence(alarm, "the process changed by 500.0MiB or more: -8,388,608.0TiB in 12.3 s, now 600.0MiB");
    alarm.of = SNAPSHOT_SITE;
    alarm.change = 0;
    assert_evidence(alarm, "call site a?b? changed by 500.0MiB or more: +0.0B in 12.3 s, now 600.0MiB");
    alarm.what = SNAPSHOT_ALARM_BLOCK;
    alarm.blocks = 1;
    strcpy(alarm.tag, "t");
    assert_evidence(alarm, "1 block of 500.0MiB or more: 600.0MiB, tag t, at a?b?");
    alarm.blocks = 1234;
    assert_evidence(alarm, "1,234 blocks of 500.0MiB or more: 600.0MiB the largest, tag t, at a?b?");
}

/* Before the tool itself; without a name, once or more often, of a kind from the future. */
static void notes_are_listed(void **state)
{
    (void)state;
    struct snapshot *snapshot = sample_more(sample_new(0, 0), (struct sample_rows){.notes = 4});
    *sample_note(snapshot, 0) =
        (struct snapshot_note){.name = "/usr/lib/a\n.so", .kind = SNAPSHOT_NOTE_DEEPBIND, .count = 1};
    *sample_note(snapshot, 1) = (struct snapshot_note){.kind = SNAPSHOT_NOTE_DEEPBIND, .count = 1234};
    *sample_note(snapshot, 2) = (struct snapshot_note){.name = "b", .kind = 77, .count = 1};
    *sample_note(snapshot, 3) = (struct snapshot_note){.kind = SNAPSHOT_NOTE_OTHERS, .count = 5};
    char *report = sample_report(snapshot, 20);
    const char *notes = strstr(report, "\nNotes:\n");
    assert_non_null(notes);
    static const char expected[] =
        "\nNotes:\n"
        "/usr/lib/a?.so is opened without RTLD_DEEPBIND, which would hide our free from it\n"
        "the program is opened without RTLD_DEEPBIND, which would hide our free from it (1,234 times)\n"
        "b is told of by a newer trackmalloc\n"
        "others found no place here (5 times)\n"
        "\ntrackmalloc itself:\n";
    assert_int_equal(strncmp(notes, expected, sizeof expected - 1), 0);
    free(report);
    report = sample_report(snapshot, 3);
    assert_non_null(strstr(report, "by a newer trackmalloc\n1 more\n\ntrackmalloc itself:\n"));
    free(report);
    snapshot->notes = 0;
    report = sample_report(snapshot, 20);
    assert_null(strstr(report, "Notes"));
    free(report);
    free(snapshot);
}

static void more_rows_than_top(void **state)
{
    (void)state;
    assert_golden("crowd", crowd(), 4);
    assert_golden("crowd-but-one", crowd(), 11);
    assert_golden("crowd-none", crowd(), 0);
}

/* ---- call sites, growth, suspects, stacks, leaks ---- */

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static void fill_sites(struct snapshot *snapshot)
{
    sample_holds(sample_site(snapshot, 0), "libssl.so.3!SSL_CTX_new_ex+0x5c", (struct snapshot_amount){1204, 9437184},
                 1204, 4 * HOUR - 900);
    sample_holds(sample_site(snapshot, 1), "server!parse_request+0x42", (struct snapshot_amount){40123, 5135744},
                 4012345, 2 * HOUR);
    sample_holds(
        sample_site(snapshot, 2),
        "libapp.so!_ZNSt6vectorIN3app7SessionESaIS1_EE17_M_realloc_insertIJRKS1_EEEvN9__gnu_cxx17__normal+0x1a3",
        (struct snapshot_amount){12, 786432}, 190, 300);
    sample_holds(sample_site(snapshot, 3), "", (struct snapshot_amount){7, 2048}, 70000, 12 * MINUTE);
    sample_site(snapshot, 3)->address = 0x7f36d2a04c1b;
    sample_holds(sample_site(snapshot, 4), "server!scratch+0x10", (struct snapshot_amount){0, 0}, 900,
                 SNAPSHOT_UNKNOWN);
    sample_holds(sample_site(snapshot, 5), "", (struct snapshot_amount){88, 7040}, 1000088, SNAPSHOT_UNKNOWN);
    sample_site(snapshot, 5)->address = 0;
    for (uint32_t i = 0; i < snapshot->sites; i++) {
        struct snapshot_site *site = sample_site(snapshot, i);
        site->leak_score = leak_score(site->live.bytes, site->age_ms, snapshot->uptime_ms);
    }
}

static void fill_growth(struct snapshot *snapshot)
{
    snapshot->suspects = 2;
    snapshot->total_past = (struct snapshot_past){{15368000, 14900000, 12000000, 0}, 7, 0};
    sample_tag(snapshot, 0)->past = (struct snapshot_past){{5900000, 5443000, 2600000, 0}, 7, 0};
    sample_tag(snapshot, 1)->past = (struct snapshot_past){{9437184, 9437184, 9437184, 0}, 7, 0};
    sample_tag(snapshot, 2)->past = (struct snapshot_past){{30816, 30816, 40000, 0}, 5, 0};
    sample_site(snapshot, 1)->past = (struct snapshot_past){{5100000, 4743000, 2400000, 0}, 7, 0};
    *sample_suspect(snapshot, 0) =
        (struct snapshot_suspect){SNAPSHOT_SITE, 1, 2 * HOUR, 3000000, 2006000, 1982562, 1500000};
    *sample_suspect(snapshot, 1) = (struct snapshot_suspect){SNAPSHOT_TAG, 0, 90000, 300000, 4000, 0, 12000000};
}

static void fill_stacks(struct snapshot *snapshot)
{
    snapshot->stacks = 3;
    struct snapshot_stack *stack = sample_stack(snapshot, 0);
    *stack = (struct snapshot_stack){.id = 7, .site = 1, .live = {40000, 5242880}, .allocated = {4000000, 512000000}};
    sample_call(snapshot, stack, "server!parse_request+0x42");
    sample_call(snapshot, stack, "server!serve+0x1f0");
    sample_call(snapshot, stack, "");
    stack->truncated = 1;
    stack = sample_stack(snapshot, 1);
    *stack = (struct snapshot_stack){.id = 8, .site = 0, .live = {1, 9437184}, .allocated = {1, 9437184}};
    sample_call(snapshot, stack, "libssl.so.3!SSL_CTX_new_ex+0x5c");
    sample_call(snapshot, stack, "server!main+0x99");
    stack = sample_stack(snapshot, 2);
    *stack = (struct snapshot_stack){.id = 9, .site = SNAPSHOT_NONE, .live = {3, 1000}, .allocated = {30, 10000}};
    sample_call(snapshot, stack, "two words\n\x1b[31m");
}

/* A server of four hours that leaks by its parser. */
static struct snapshot *server(void)
{
    static const uint64_t ages[][SNAPSHOT_AGE_ROWS] = {
        {200, 1000, 3000, 9000, 26923}, {0, 0, 0, 0, 1204}, {19, 0, 0, 88, 0}};
    struct snapshot *snapshot = sample_new(3, 1);
    strcpy(snapshot->program, "server");
    snapshot->uptime_ms = 4 * HOUR;
    sample_live(sample_tag(snapshot, 0), "server", 5135744, 4013245, ages[0]);
    sample_live(sample_tag(snapshot, 1), "libssl.so.3", 9437184, 1204, ages[1]);
    sample_live(sample_tag(snapshot, 2), "libapp.so", 795520, 1070278, ages[2]);
    *sample_thread(snapshot, 0) =
        (struct snapshot_thread){"server", 4242, 1, {5084727, 519815168}, {5043286, 504446720}};
    sample_total(snapshot);
    snapshot =
        sample_more(snapshot, (struct sample_rows){.sites = 6, .suspects = 2, .stacks = 3, .frames = 8, .names = 256});
    snapshot->suspects = 0;
    snapshot->stacks = 0;
    fill_sites(snapshot);
    return snapshot;
}

static void a_server_that_leaks(void **state)
{
    (void)state;
    assert_golden("sites", server(), TOP);
    assert_golden("sites-few", server(), 2);
    struct snapshot *snapshot = server();
    fill_growth(snapshot);
    fill_stacks(snapshot);
    snapshot->stack_period = 524288;
    assert_golden("server", snapshot, TOP);
}

static void what_is_left_at_exit(void **state)
{
    (void)state;
    struct snapshot *snapshot = server();
    fill_stacks(snapshot);
    snapshot->kind = SNAPSHOT_EXIT;
    snapshot->leaks_wanted = 1;
    assert_golden("leaks", snapshot, 3);
}

/* Tags beside the name of the object; names that steer terminals; rows that point nowhere. */
static void sites_of_all_kinds(void **state)
{
    (void)state;
    struct snapshot *snapshot = server();
    strcpy(sample_tag(snapshot, 1)->name, "tls \x1b[2J");
    sample_site(snapshot, 0)->tag = 1;
    sample_site(snapshot, 1)->tag = 0;
    sample_site(snapshot, 2)->tag = 3;                               /* there are three */
    memset(sample_site(snapshot, 2)->name, 'n', SNAPSHOT_SITE_NAME); /* no closing zero */
    strcpy(sample_site(snapshot, 3)->name, "new\nline!f+0x1");
    sample_site(snapshot, 4)->age_ms = UINT64_MAX - 1;
    memset(&sample_site(snapshot, 5)->live, 0xff, sizeof(struct snapshot_amount));
    *sample_suspect(snapshot, 0) = (struct snapshot_suspect){SNAPSHOT_SITE, 6, 1, 1, 1, 1, 1};
    *sample_suspect(snapshot, 1) = (struct snapshot_suspect){SNAPSHOT_TAG, UINT32_MAX, 1, 1, 1, 1, 1};
    snapshot->suspects = 2;
    snapshot->stacks = 2;
    sample_stack(snapshot, 0)->frames = SNAPSHOT_FRAMES; /* none is there */
    sample_stack(snapshot, 0)->frame = UINT32_MAX - 5;
    sample_call(snapshot, sample_stack(snapshot, 1), "named");
    sample_frame(snapshot, 0)->name_at = UINT32_MAX;
    assert_golden("sites-odd", snapshot, TOP);
}

static void no_suspects_is_written_once_it_is_known(void **state)
{
    (void)state;
    struct snapshot *snapshot = sample_new(1, 0);
    char *report = sample_report(snapshot, TOP);
    assert_null(strstr(report, "Suspects"));
    assert_null(strstr(report, "Growth"));
    free(report);
    snapshot->total_past.known = 1;
    report = sample_report(snapshot, TOP);
    assert_non_null(strstr(report, "\nSuspects: none\n"));
    assert_non_null(strstr(report, "\nGrowth of live size by tag:\n"));
    free(report);
    free(snapshot);
}

static void leaks_only_where_wanted_and_at_exit(void **state)
{
    (void)state;
    struct snapshot *snapshot = server();
    for (unsigned wanted = 0; wanted < 2; wanted++)
        for (unsigned kind = SNAPSHOT_PERIODIC; kind <= SNAPSHOT_ALARM; kind++) {
            snapshot->kind = kind;
            snapshot->leaks_wanted = wanted;
            char *report = sample_report(snapshot, TOP);
            const bool listed = strstr(report, "\nStill allocated at exit: 41,434 blocks, 14.7MiB (") != NULL;
            assert_int_equal(listed, wanted == 1 && kind == SNAPSHOT_EXIT);
            free(report);
        }
    free(snapshot);
}

/* ---- how much a site looks like a leak ---- */

static void what_grew_and_aged_scores(void **state)
{
    (void)state;
    enum { MIB = 1 << 20 };
    /* A pool of ten times the size, made in the first second of ten minutes; the same at the very end. */
    assert_true(leak_score(MIB, 5 * MINUTE, 10 * MINUTE) > leak_score(10 * MIB, 10 * MINUTE - 1000, 10 * MINUTE));
    assert_true(leak_score(MIB, 5 * MINUTE, 10 * MINUTE) > leak_score(10 * MIB, 1000, 10 * MINUTE));
    assert_int_equal(leak_score(MIB, 5 * MINUTE, 10 * MINUTE), MIB);
    assert_int_equal(leak_score(MIB, SNAPSHOT_UNKNOWN, 10 * MINUTE), MIB / 2);
    assert_true(leak_score(2 * MIB, HOUR, 10 * MINUTE) > leak_score(MIB, HOUR, 10 * MINUTE)); /* a parent's blocks */
    assert_int_equal(leak_score(1, 0, 0), 1);
    assert_int_equal(leak_score(0, 5, 10), 0);
    assert_true(leak_score(UINT64_MAX, UINT64_MAX / 2, UINT64_MAX - 1) > UINT64_MAX / 2);
    for (uint64_t age = 0; age < 2000; age++)
        assert_in_range(leak_score(4096, age, 1000), 4, 4096);
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
    struct snapshot *snapshots[] = {sample_new(0, 0), example(), crowd(), server()};
    fill_growth(snapshots[3]);
    fill_stacks(snapshots[3]);
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
        cmocka_unit_test(tags_in_a_tree),
        cmocka_unit_test(alarms_give_their_evidence),
        cmocka_unit_test(notes_are_listed),
        cmocka_unit_test(more_rows_than_top),
        cmocka_unit_test(a_server_that_leaks),
        cmocka_unit_test(what_is_left_at_exit),
        cmocka_unit_test(sites_of_all_kinds),
        cmocka_unit_test(no_suspects_is_written_once_it_is_known),
        cmocka_unit_test(leaks_only_where_wanted_and_at_exit),
        cmocka_unit_test(what_grew_and_aged_scores),
        cmocka_unit_test(bars_scale),
        cmocka_unit_test(bars_change_scale_after_60),
        cmocka_unit_test(truncated_anywhere_it_is_a_beginning),
        cmocka_unit_test(the_snapshot_is_only_read),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
