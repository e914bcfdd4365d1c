#define _GNU_SOURCE
#include "report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { SIZE_ROWS = 12, AGE_ROWS = 5, BAR_MAX = 60, TAG_MAX = 256 };

/* A place in a report that is being read; every take_ moves it on, or says what the contract wanted there. */
struct reader {
    const char *at;
    const char *start; /* of the report */
};

static void fail_contract(const struct reader *reader, const char *wanted)
{
    int lines = 0;
    const char *end = reader->start;
    while (*end != 0 && lines < 40 && end < reader->at + 400)
        lines += *end++ == '\n';
    fail_msg("a report breaks the contract: wanted %s, found `%.*s`, in\n%.*s", wanted, (int)strcspn(reader->at, "\n"),
             reader->at, (int)(end - reader->start), reader->start);
}

static void take_text(struct reader *reader, const char *literal)
{
    size_t length = strlen(literal);
    if (strncmp(reader->at, literal, length) != 0)
        fail_contract(reader, literal);
    reader->at += length;
}

/* "6,123,231": digits in groups of three, as the contract wants all numbers. */
bool number_at(const char **at, uint64_t *value)
{
    const char *p = *at;
    unsigned digits = 0, group = 0;
    bool commas = false;
    *value = 0;
    for (; isdigit((unsigned char)*p) || (*p == ',' && isdigit((unsigned char)p[1])); p++) {
        if (*p == ',') {
            if (commas ? group != 3 : group == 0 || group > 3)
                return false;
            commas = true;
            group = 0;
            continue;
        }
        *value = *value * 10 + (uint64_t)(*p - '0');
        digits++;
        group++;
    }
    if (digits == 0 || (commas && group != 3) || (!commas && digits > 3))
        return false;
    *at = p;
    return true;
}

static uint64_t take_number(struct reader *reader)
{
    uint64_t value;
    if (!number_at(&reader->at, &value))
        fail_contract(reader, "a number with thousands commas");
    return value;
}

/* "84.3MiB" */
bool size_at(const char **at, double *bytes)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    const char *p = *at;
    uint64_t whole;
    double tenths = 0;
    if (!number_at(&p, &whole))
        return false;
    if (p[0] == '.' && isdigit((unsigned char)p[1])) {
        tenths = p[1] - '0';
        p += 2;
    }
    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(p, units[i].name, length) == 0 && !isalpha((unsigned char)p[length])) {
            *bytes = ((double)whole + tenths / 10) * units[i].bytes;
            *at = p + length;
            return true;
        }
    }
    return false;
}

static double take_size(struct reader *reader)
{
    double bytes = 0;
    if (!size_at(&reader->at, &bytes))
        fail_contract(reader, "a size with its unit");
    return bytes;
}

/* "Sat Nov 21 09:36:26 UTC 2026", between its arrows. */
static void take_opening(struct reader *reader)
{
    static const char shape[] = "Aaa Aaa _0 00:00:00 UTC 0000";
    take_text(reader, ">>>>>>>>>>>>> ");
    if (*reader->at == '<') { /* features=-date */
        take_text(reader, "<<<<<<<<<<<\n");
        return;
    }
    for (unsigned i = 0; i < sizeof(shape) - 1; i++) {
        unsigned char c = (unsigned char)*reader->at;
        bool good = shape[i] == '0'   ? isdigit(c)
                    : shape[i] == '_' ? c == ' ' || isdigit(c)
                    : shape[i] == 'A' ? isupper(c)
                    : shape[i] == 'a' ? islower(c)
                                      : c == (unsigned char)shape[i];
        if (!good && shape[i] != 'U' && shape[i] != 'T' && shape[i] != 'C')
            fail_contract(reader, shape);
        reader->at++;
    }
    if (strncmp(reader->at - 8, "UTC", 3) != 0)
        fail_contract(reader, "UTC");
    take_text(reader, " <<<<<<<<<<<\n");
}

/* "trackmalloc: sqlite3[4242] report 3 (periodic), up 15.0 s" */
static void take_identity(struct reader *reader, struct report *report)
{
    int length = 0;
    take_text(reader, "trackmalloc: ");
    const char *end = strchr(reader->at, '\n');
    const char *p = reader->at;
    const char *bracket = NULL;
    for (; end != NULL && p < end; p++)
        if (*p == '[')
            bracket = p;
    if (bracket == NULL || bracket == reader->at ||
        sscanf(bracket, "[%u] report %u (%15[a-z]), up %lf s\n%n", &report->pid, &report->number, report->kind,
               &report->uptime, &length) != 4 ||
        length == 0 || bracket[length - 1] != '\n')
        fail_contract(reader, "NAME[PID] report N (KIND), up S s");
    reader->at = bracket + length;
}

/* " ### 312": the bar says the same as the number. */
static uint64_t take_bar(struct reader *reader, uint64_t scale)
{
    take_text(reader, " ");
    size_t bar = strspn(reader->at, "#");
    reader->at += bar;
    take_text(reader, " ");
    uint64_t count = take_number(reader);
    if (bar > BAR_MAX || bar > count / scale + 1 || bar + 1 < count / scale)
        fail_contract(reader, "a bar as long as its number");
    take_text(reader, "\n");
    return count;
}

static uint64_t take_scale(struct reader *reader, const char *heading)
{
    take_text(reader, heading);
    take_text(reader, " ( # = ");
    uint64_t scale = take_number(reader);
    if (scale == 0)
        fail_contract(reader, "a scale of at least 1");
    take_text(reader, " current allocations)\n");
    return scale;
}

static const char *const size_rows[SIZE_ROWS] = {"0 - 4",      "4 - 8",       "8 - 16",      "16 - 32",
                                                 "32 - 64",    "64 - 128",    "128 - 256",   "256 - 512",
                                                 "512 - 1024", "1024 - 2048", "2048 - 4096", "4096 +"};
static const char *const age_rows[AGE_ROWS] = {"< 1", "< 10", "< 100", "< 1000", "> 1000"};

static void take_histograms(struct reader *reader, struct report *report)
{
    uint64_t scale = take_scale(reader, "Current allocations by size:");
    for (unsigned i = 0; i < SIZE_ROWS; i++) {
        take_text(reader, size_rows[i]);
        take_text(reader, " bytes:");
        report->sizes[i] = take_bar(reader, scale);
    }
    scale = take_scale(reader, "Current allocations by age:");
    for (unsigned i = 0; i < AGE_ROWS; i++) {
        take_text(reader, age_rows[i]);
        take_text(reader, " sec:");
        report->ages[i] = take_bar(reader, scale);
    }
}

static void take_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " ");
}

/* The table's head, whatever the widths of its columns. */
static void take_table_head(struct reader *reader)
{
    static const char *const words[] = {"tag",     "live blocks", "live size", "peak size",  "allocations",
                                        "< 1 sec", "< 10 sec",    "< 100 sec", "< 1000 sec", "> 1000 sec"};
    take_text(reader, "Current allocations by tag:\n");
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        take_text(reader, words[i]);
        take_blanks(reader);
    }
    take_text(reader, "\n");
}

/* The nine columns behind a name; they fill the line. */
static bool columns_at(const char *p, const char *end, struct report_tag *row)
{
    uint64_t *const after[] = {&row->allocations, &row->age[0], &row->age[1], &row->age[2], &row->age[3], &row->age[4]};
    p += strspn(p, " ");
    if (!number_at(&p, &row->live_blocks) || *p != ' ')
        return false;
    p += strspn(p, " ");
    if (!size_at(&p, &row->live_size) || *p != ' ')
        return false;
    p += strspn(p, " ");
    if (p[0] == '-' && p[1] == ' ') { /* of the rows left out: their peaks have no sum */
        row->peak_size = 0;
        p++;
    } else if (!size_at(&p, &row->peak_size)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
        if (*p != ' ')
            return false;
        p += strspn(p, " ");
        if (!number_at(&p, after[i]))
            return false;
    }
    return p + strspn(p, " ") == end;
}

/* One row; a name may hold blanks and digits, so the columns are those that end where the line does. */
static bool take_row(struct reader *reader, struct report_tag *row)
{
    const char *end = strchr(reader->at, '\n');
    if (end == NULL)
        return false;
    for (const char *p = reader->at + 1; p < end; p++) {
        if (*p != ' ' || p[-1] == ' ')
            continue;
        if (!columns_at(p, end, row))
            continue;
        snprintf(row->name, sizeof(row->name), "%.*s", (int)(p - reader->at), reader->at);
        reader->at = end + 1;
        return true;
    }
    return false;
}

/* Reads the report that begins here and returns where its contracted part ends. */
static const char *report_at(const char *start, struct report *report)
{
    struct reader reader = {start, start};
    struct report_tag row;
    memset(report, 0, sizeof(*report));
    report->text = start;
    take_opening(&reader);
    take_identity(&reader, report);
    take_text(&reader, "Overall stats:\n");
    report->allocations = take_number(&reader);
    take_text(&reader, " Overall allocations since start\n");
    report->live_blocks = take_number(&reader);
    take_text(&reader, " Current allocations\n");
    take_size(&reader);
    take_text(&reader, " Current total allocated size (");
    report->live_bytes = take_number(&reader);
    take_text(&reader, " bytes)\n");
    report->peak_bytes = take_size(&reader);
    take_text(&reader, " Peak total allocated size\n");
    take_histograms(&reader, report);
    take_table_head(&reader);
    while (take_row(&reader, &row))
        if (report->tags < TAG_MAX)
            report->tag[report->tags++] = row;
    return reader.at;
}

static const char opening[] = ">>>>>>>>>>>>> ";

unsigned report_count(const char *stream)
{
    unsigned n = 0;
    for (const char *p = stream; (p = strstr(p, opening)) != NULL; p += sizeof(opening) - 1)
        n++;
    return n;
}

bool report_read(const char *stream, int n, struct report *report)
{
    int count = (int)report_count(stream);
    int wanted = n < 0 ? count + n : n;
    if (wanted < 0 || wanted >= count)
        return false;
    const char *p = strstr(stream, opening);
    for (; wanted > 0; wanted--)
        p = strstr(p + sizeof(opening) - 1, opening);
    report_at(p, report);
    return true;
}

const struct report_tag *report_tag(const struct report *report, const char *name)
{
    for (unsigned i = 0; i < report->tags; i++)
        if (strcmp(report->tag[i].name, name) == 0)
            return &report->tag[i];
    return NULL;
}

/* More sections follow the contracted ones; this line closes the last. */
static const char closing[] = "\nA peak may be off by at most ";

static const char *sections_end(const char *p)
{
    const char *last = *p == '\n' ? strstr(p, closing) : NULL;
    const char *next = strstr(p, opening);
    if (last == NULL || (next != NULL && next < last))
        return p;
    const char *end = strchr(last + 1, '\n');
    return end != NULL ? end + 1 : last + strlen(last);
}

/* ---- what is the program's own, and what is ours ---- */

static bool is_own_line(const char *line)
{
    return strncmp(line, "trackmalloc: ", 13) == 0;
}

char *stream_without_reports(const char *stream)
{
    static struct report report;
    char *rest = malloc(strlen(stream) + 1);
    char *to = rest;
    assert_non_null(rest);
    for (const char *p = stream; *p != 0;) {
        if (strncmp(p, opening, sizeof(opening) - 1) == 0) {
            p = sections_end(report_at(p, &report));
        } else if ((p == stream || p[-1] == '\n') && is_own_line(p)) {
            p += strcspn(p, "\n");
            p += *p == '\n';
        } else {
            *to++ = *p++;
        }
    }
    *to = 0;
    return rest;
}

unsigned lines_told(const char *stream, const char *needle)
{
    unsigned n = 0;
    for (const char *p = stream; *p != 0;) {
        size_t length = strcspn(p, "\n");
        const char *found = memmem(p, length, needle, strlen(needle));
        bool in_report = memmem(p, length, "] report ", 9) != NULL;
        n += is_own_line(p) && found != NULL && !in_report;
        p += length;
        p += *p == '\n';
    }
    return n;
}
