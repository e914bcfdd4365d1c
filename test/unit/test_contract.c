/* The contract of doc/report.md, read by a strict reader that shares no code with the writer: every line is
 * where it has to be, has no letter more or less, and means what the snapshot means. */
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

/* ---- the reader ---- */

struct reader {
    const char *whole;
    const char *at;
};

static void refuse(const struct reader *reader, const char *expected)
{
    fail_msg("expected %s at »%.60s« in\n%s", expected, reader->at, reader->whole);
}

static void take(struct reader *reader, const char *text)
{
    if (strncmp(reader->at, text, strlen(text)) != 0)
        refuse(reader, text);
    reader->at += strlen(text);
}

static bool take_if(struct reader *reader, const char *text)
{
    const bool there = strncmp(reader->at, text, strlen(text)) == 0;
    reader->at += there ? strlen(text) : 0;
    return there;
}

/* Digits without a leading zero. */
static uint64_t take_digits(struct reader *reader)
{
    uint64_t value = 0;
    const char *start = reader->at;
    while (*reader->at >= '0' && *reader->at <= '9')
        value = value * 10 + (uint64_t)(*reader->at++ - '0');
    if (reader->at == start || (*start == '0' && reader->at != start + 1))
        refuse(reader, "digits");
    return value;
}

/* 1 to 3 digits, then groups of a comma and three. */
static uint64_t take_number(struct reader *reader)
{
    const char *start = reader->at;
    uint64_t value = take_digits(reader);
    if (reader->at - start > 3)
        refuse(reader, "a comma before the fourth digit");
    while (*reader->at == ',') {
        for (unsigned i = 1; i <= 3; i++) {
            if (reader->at[i] < '0' || reader->at[i] > '9')
                refuse(reader, "three digits after a comma");
            value = value * 10 + (uint64_t)(reader->at[i] - '0');
        }
        reader->at += 4;
    }
    return value;
}

static double take_decimal(struct reader *reader)
{
    const double whole = (double)take_number(reader);
    take(reader, ".");
    if (*reader->at < '0' || *reader->at > '9')
        refuse(reader, "one decimal");
    return whole + (*reader->at++ - '0') / 10.0;
}

/* A size is within half a tenth of its unit, and the unit is the largest that leaves 1 before the point. */
static void take_size(struct reader *reader, uint64_t expected)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    const double value = take_decimal(reader);
    double one = 1;
    for (unsigned i = 0; i < 5; i++, one *= 1024) {
        if (!take_if(reader, units[i]))
            continue;
        const double off = value * one - (double)expected;
        if (off > one * 0.0501 || off < -one * 0.0501 || (value >= 1024 && i < 4) || (i > 0 && value < 1))
            refuse(reader, "another size before it");
        return;
    }
    refuse(reader, "a unit");
}

static void take_exactly(struct reader *reader, uint64_t expected)
{
    if (take_number(reader) != expected)
        refuse(reader, "another number before it");
}

static void take_blanks(struct reader *reader)
{
    take(reader, " ");
    while (take_if(reader, " ")) {
    }
}

/* ---- the parts of a report ---- */

static void take_date(struct reader *reader)
{
    for (const char *flags = "Aaa Aaa _9 99:99:99 UTC 9999 "; *flags != '\0'; flags++, reader->at++) {
        const char c = *reader->at;
        const bool digit = c >= '0' && c <= '9';
        const bool good = *flags == 'A'   ? c >= 'A' && c <= 'Z'
                          : *flags == 'a' ? c >= 'a' && c <= 'z'
                          : *flags == '9' ? digit
                          : *flags == '_' ? digit || c == ' '
                                          : c == *flags;
        if (!good)
            refuse(reader, flags);
    }
}

static void take_opening(struct reader *reader, const struct snapshot *snapshot)
{
    take(reader, ">>>>>>>>>>>>> ");
    if ((snapshot->left_out & SNAPSHOT_PART_DATE) == 0)
        take_date(reader);
    take(reader, "<<<<<<<<<<<\n");
}

static void take_identity(struct reader *reader, const struct snapshot *snapshot)
{
    static const char *const kinds[] = {"periodic", "exit", "request", "alarm"};
    take(reader, "trackmalloc: ");
    take(reader, snapshot->program);
    take(reader, "[");
    assert_int_equal(take_digits(reader), snapshot->pid);
    take(reader, "] report ");
    assert_int_equal(take_digits(reader), snapshot->number);
    take(reader, " (");
    take(reader, kinds[snapshot->kind]);
    take(reader, "), up ");
    const double off = take_decimal(reader) - (double)snapshot->uptime_ms / 1000;
    assert_true(off < 0.0501 && off > -0.0501);
    take(reader, " s\n");
}

static void take_overall(struct reader *reader, const struct snapshot_counts *total)
{
    take(reader, "Overall stats:\n");
    take_exactly(reader, total->allocated.blocks);
    take(reader, " Overall allocations since start\n");
    take_exactly(reader, total->live.blocks);
    take(reader, " Current allocations\n");
    take_size(reader, total->live.bytes);
    take(reader, " Current total allocated size (");
    take_exactly(reader, total->live.bytes);
    take(reader, " bytes)\n");
    take_size(reader, total->peak_bytes);
    take(reader, " Peak total allocated size\n");
}

struct bars {
    const char *by;
    const char *const *labels;
    unsigned rows;
    uint64_t counts[12];
};

static uint64_t greatest_of(const struct bars *bars)
{
    uint64_t greatest = 0;
    for (unsigned i = 0; i < bars->rows; i++)
        greatest = bars->counts[i] > greatest ? bars->counts[i] : greatest;
    return greatest;
}

/* A bar is at most one '#' away from what its count says, fits, and is there if there is anything to show. */
static void take_bar(struct reader *reader, const char *label, uint64_t count, uint64_t scale)
{
    take(reader, label);
    take(reader, ": ");
    uint64_t length = 0;
    while (take_if(reader, "#"))
        length++;
    if (length > 60 || length > count / scale + 1 || length < count / scale || (length == 0) != (count == 0))
        refuse(reader, "another bar before it");
    take(reader, " ");
    take_exactly(reader, count);
    take(reader, "\n");
}

static void take_bars(struct reader *reader, const struct bars *bars)
{
    take(reader, "Current allocations by ");
    take(reader, bars->by);
    take(reader, ": ( # = ");
    const uint64_t scale = take_number(reader);
    const uint64_t greatest = greatest_of(bars);
    /* The finest scale at which the longest fits. */
    if (scale < 1 || greatest > scale * 60 || (scale > 1 && greatest <= (scale - 1) * 60))
        refuse(reader, "another scale before it");
    take(reader, " current allocations)\n");
    for (unsigned i = 0; i < bars->rows; i++)
        take_bar(reader, bars->labels[i], bars->counts[i], scale);
}

static void take_sizes(struct reader *reader, const struct snapshot *snapshot)
{
    static const char *const labels[] = {"0 - 4 bytes",       "4 - 8 bytes",       "8 - 16 bytes",
                                         "16 - 32 bytes",     "32 - 64 bytes",     "64 - 128 bytes",
                                         "128 - 256 bytes",   "256 - 512 bytes",   "512 - 1024 bytes",
                                         "1024 - 2048 bytes", "2048 - 4096 bytes", "4096 + bytes"};
    struct bars bars = {"size", labels, 12, {0}};
    for (unsigned n = 0; n < SNAPSHOT_SIZE_CLASSES; n++) {
        const uint64_t smallest = n == 0 ? 0 : (uint64_t)1 << (n + 1);
        unsigned row = 0;
        while (row < 11 && smallest >= (uint64_t)4 << row)
            row++;
        bars.counts[row] += snapshot->sizes[n].blocks;
    }
    take_bars(reader, &bars);
}

static void take_ages(struct reader *reader, const struct snapshot *snapshot)
{
    static const char *const labels[] = {"< 1 sec", "< 10 sec", "< 100 sec", "< 1000 sec", "> 1000 sec"};
    struct bars bars = {"age", labels, 5, {0}};
    for (unsigned i = 0; i < 5; i++)
        bars.counts[i] = snapshot->total.age[i].blocks;
    take_bars(reader, &bars);
}

/* ---- the table of tags ---- */

enum { COLUMNS = 9 };

/* Where the columns of a table end, in bytes of ASCII lines: in every line at the same places. */
struct table_shape {
    size_t ends[COLUMNS];
};

static void take_tag_head(struct reader *reader, struct table_shape *flags)
{
    static const char *const titles[COLUMNS] = {"live blocks", "live size", "peak size",  "allocations", "< 1 sec",
                                                "< 10 sec",    "< 100 sec", "< 1000 sec", "> 1000 sec"};
    take(reader, "Current allocations by tag:\n");
    const char *start = reader->at;
    take(reader, "tag");
    for (unsigned i = 0; i < COLUMNS; i++) {
        take_blanks(reader);
        take(reader, titles[i]);
        flags->ends[i] = (size_t)(reader->at - start);
    }
    take(reader, "\n");
}

static void take_tag(struct reader *reader, const struct table_shape *flags, const char *name,
                     const struct snapshot_counts *counts, bool has_peak)
{
    const char *start = reader->at;
    take(reader, name);
    for (unsigned i = 0; i < COLUMNS; i++) {
        take_blanks(reader);
        switch (i) {
        case 0:
            take_exactly(reader, counts->live.blocks);
            break;
        case 1:
            take_size(reader, counts->live.bytes);
            break;
        case 2:
            if (has_peak)
                take_size(reader, counts->peak_bytes);
            else
                take(reader, "-");
            break;
        case 3:
            take_exactly(reader, counts->allocated.blocks);
            break;
        default:
            take_exactly(reader, counts->age[i - 4].blocks);
            break;
        }
        if ((size_t)(reader->at - start) != flags->ends[i])
            refuse(reader, "a column that ends where its title ends");
    }
    take(reader, "\n");
}

static void subtract(struct snapshot_counts *from, const struct snapshot_counts *counts)
{
    from->live.blocks -= counts->live.blocks;
    from->live.bytes -= counts->live.bytes;
    from->allocated.blocks -= counts->allocated.blocks;
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        from->age[i].blocks -= counts->age[i].blocks;
}

static int by_live_size(const void *a, const void *b)
{
    const struct snapshot_tag *const *x = a;
    const struct snapshot_tag *const *y = b;
    if ((*x)->counts.live.bytes != (*y)->counts.live.bytes)
        return (*x)->counts.live.bytes < (*y)->counts.live.bytes ? 1 : -1;
    return (*x > *y) - (*x < *y);
}

static void take_tags(struct reader *reader, const struct snapshot *snapshot, unsigned top)
{
    struct table_shape flags;
    struct snapshot_counts rest = snapshot->total;
    const struct snapshot_tag **sorted = calloc(snapshot->tags + 1, sizeof *sorted);
    assert_non_null(sorted);
    for (uint32_t i = 0; i < snapshot->tags; i++)
        sorted[i] = snapshot_tags(snapshot) + i;
    qsort(sorted, snapshot->tags, sizeof *sorted, by_live_size);

    take_tag_head(reader, &flags);
    for (uint32_t i = 0; i < snapshot->tags && i < top; i++) {
        take_tag(reader, &flags, sorted[i]->name, &sorted[i]->counts, true);
        subtract(&rest, &sorted[i]->counts);
    }
    if (snapshot->tags > top) {
        char name[64];
        const uint32_t more = snapshot->tags - top;
        const char *what = more == 1 ? "tag" : "tags";
        if (more < 1000)
            snprintf(name, sizeof name, "(%u-more-%s)", more, what);
        else
            snprintf(name, sizeof name, "(%u,%03u-more-%s)", more / 1000, more % 1000, what);
        take_tag(reader, &flags, name, &rest, false);
    }
    take(reader, "\n"); /* a blank line: the contract ends, what follows is for people */
    free(sorted);
}

static void assert_contract(const struct snapshot *snapshot, unsigned top)
{
    char *report = sample_report(snapshot, top);
    struct reader reader = {report, report};
    take_opening(&reader, snapshot);
    take_identity(&reader, snapshot);
    take_overall(&reader, &snapshot->total);
    take_sizes(&reader, snapshot);
    take_ages(&reader, snapshot);
    take_tags(&reader, snapshot, top);
    if (report[strlen(report) - 1] != '\n' || strchr(report, '\t') != NULL || strstr(report, " \n") != NULL)
        refuse(&reader, "a tidy report");
    free(report);
}

/* ---- the tables for people ---- */

/* The sum of a table's column of numbers (0 is the one behind the name), whichever rows are shown. */
static uint64_t sum_of_column(const char *report, const char *heading, unsigned column)
{
    uint64_t sum = 0;
    const char *line = strstr(report, heading);
    assert_non_null(line);
    line = strchr(line + strlen(heading), '\n') + 1; /* the titles */
    for (; *line != '\n'; line = strchr(line, '\n') + 1) {
        struct reader reader = {report, line + strcspn(line, " ")};
        for (unsigned i = 0; i < column; i++) {
            take_blanks(&reader);
            reader.at += strcspn(reader.at, " \n");
        }
        take_blanks(&reader);
        const bool negative = take_if(&reader, "-");
        const uint64_t value = take_number(&reader);
        sum += negative ? -value : value;
    }
    return sum;
}

static void assert_nothing_lost(const struct snapshot *snapshot, unsigned top)
{
    static const char lifetimes[] = "\nLifetimes of freed blocks by tag:\n";
    static const char threads[] = "\nAllocations by thread:\n";
    struct snapshot_thread all = {0};
    for (uint32_t i = 0; i < snapshot->threads; i++) {
        const struct snapshot_thread *thread = snapshot_threads(snapshot) + i;
        all.threads += thread->threads;
        all.allocated.blocks += thread->allocated.blocks;
        all.freed.blocks += thread->freed.blocks;
    }
    char *report = sample_report(snapshot, top);
    assert_int_equal(sum_of_column(report, lifetimes, 0), snapshot->total.freed.blocks);
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        assert_int_equal(sum_of_column(report, lifetimes, 1 + i), snapshot->total.lifetime[i]);
    assert_int_equal(sum_of_column(report, lifetimes, 6), snapshot->total.resizes);
    assert_int_equal(sum_of_column(report, lifetimes, 7), snapshot->total.failures);
    assert_int_equal(sum_of_column(report, threads, 1), all.threads);
    assert_int_equal(sum_of_column(report, threads, 2), all.allocated.blocks);
    assert_int_equal(sum_of_column(report, threads, 4), all.freed.blocks);
    assert_int_equal(sum_of_column(report, threads, 6), all.allocated.blocks - all.freed.blocks);
    free(report);
}

/* Sites of random numbers, the last of them all others; names long and short, some sites without live blocks. */
static struct snapshot *crowd_of_sites(unsigned seed, uint32_t sites)
{
    uint64_t state = seed;
    struct snapshot *snapshot = sample_more(sample_random(seed, seed % 45, 2), (struct sample_rows){.sites = sites});
    for (uint32_t i = 0; i < sites; i++) {
        char name[SNAPSHOT_SITE_NAME];
        snprintf(name, sizeof name, "lib.so!%0*u+0x12", (int)(sample_number(&state) % 99), i);
        const uint64_t blocks = sample_number(&state) % 3 == 0 ? 0 : sample_number(&state) >> 30;
        const uint64_t freed = sample_number(&state) >> 30;
        sample_holds(sample_site(snapshot, i), name, (struct snapshot_amount){blocks, 16 * blocks}, blocks + freed,
                     i % 5 == 0 ? SNAPSHOT_UNKNOWN : sample_number(&state) >> 30);
        sample_site(snapshot, i)->leak_score = blocks;
    }
    if (sites > 0)
        sample_site(snapshot, sites - 1)->address = 0;
    snapshot->kind = SNAPSHOT_EXIT;
    snapshot->leaks_wanted = 1;
    return snapshot;
}

static void assert_no_site_lost(const struct snapshot *snapshot, unsigned top)
{
    static const char now[] = "\nCurrent allocations by call site:\n";
    static const char left[] = "; what grew and aged comes first\n";
    struct snapshot_amount live = {0, 0};
    uint64_t allocations = 0;
    for (uint32_t i = 0; i < snapshot->sites; i++) {
        live.blocks += snapshot_sites(snapshot)[i].live.blocks;
        allocations += snapshot_sites(snapshot)[i].allocated.blocks;
    }
    char *report = sample_report(snapshot, top);
    assert_int_equal(sum_of_column(report, now, 0), live.blocks);
    assert_int_equal(sum_of_column(report, now, 3), allocations);
    assert_int_equal(sum_of_column(report, left, 0), live.blocks);
    free(report);
}

/* ---- the tests ---- */

static void empty_process(void **state)
{
    (void)state;
    struct snapshot *snapshot = sample_new(0, 0);
    assert_contract(snapshot, 20);
    free(snapshot);
}

static void random_processes(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 3000; seed++) {
        struct snapshot *snapshot = sample_random(seed, seed % 45, seed % 9);
        assert_contract(snapshot, seed % 40);
        free(snapshot);
    }
}

/* Whatever is left out, the contract's lines are not. */
static void every_part_left_out(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 512; seed++) {
        struct snapshot *snapshot = sample_random(seed, seed % 45, seed % 9);
        snapshot->left_out = seed;
        snapshot->memory.known = 1;
        assert_contract(snapshot, seed % 40);
        snapshot->left_out = UINT32_MAX;
        assert_contract(snapshot, seed % 40);
        free(snapshot);
    }
}

static void no_table_loses_a_block(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 500; seed++) {
        struct snapshot *snapshot = sample_random(seed, seed % 45, seed % 39);
        assert_nothing_lost(snapshot, seed % 40);
        free(snapshot);
    }
}

static void no_table_loses_a_site(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 300; seed++) {
        struct snapshot *snapshot = crowd_of_sites(seed, 1 + seed % 50);
        assert_no_site_lost(snapshot, seed % 40);
        assert_contract(snapshot, seed % 40);
        free(snapshot);
    }
    struct snapshot *snapshot = crowd_of_sites(1, SNAPSHOT_SITES + 1);
    assert_no_site_lost(snapshot, 20);
    assert_no_site_lost(snapshot, UINT32_MAX);
    free(snapshot);
}

static void as_many_tags_as_there_can_be(void **state)
{
    (void)state;
    struct snapshot *snapshot = sample_random(1, 4096, 100);
    const unsigned tops[] = {0, 1, 20, 100, 4095, 4096, 4097, UINT32_MAX};
    for (unsigned i = 0; i < sizeof tops / sizeof *tops; i++)
        assert_contract(snapshot, tops[i]);
    free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_process),         cmocka_unit_test(random_processes),
        cmocka_unit_test(every_part_left_out),   cmocka_unit_test(no_table_loses_a_block),
        cmocka_unit_test(no_table_loses_a_site), cmocka_unit_test(as_many_tags_as_there_can_be),
    };
    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
