#define _GNU_SOURCE
#include "sections.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- where a section begins ---- */

static const char *report_end(const struct report *report)
{
    const char *next = strstr(report->text + 1, ">>>>>>>>>>>>> ");
    return next != NULL ? next : report->text + strlen(report->text);
}

/* Behind the title; NULL: this report has no such section. */
static const char *section(const struct report *report, const char *title)
{
    const char *at = strstr(report->text, title);
    return at != NULL && at < report_end(report) ? at + strlen(title) : NULL;
}

static _Noreturn void bad_line(const char *line, const char *wanted)
{
    fail_msg("no %s in `%.*s`", wanted, (int)strcspn(line, "\n"), line);
    abort(); /* not reached */
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

/* ---- cells ---- */

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " ");
}

static uint64_t take_count(const char *line, const char **at)
{
    uint64_t value;
    skip_blanks(at);
    if (!number_at(at, &value))
        bad_line(line, "number");
    return value;
}

/* "-" is nothing known: `unknown`. */
static bool dash_at(const char **at)
{
    skip_blanks(at);
    bool dash = **at == '-' && strchr(" \n", (*at)[1]) != NULL;
    *at += dash;
    return dash;
}

static double take_bytes(const char *line, const char **at)
{
    double value;
    if (dash_at(at))
        return 0;
    if (!size_at(at, &value))
        bad_line(line, "size");
    return value;
}

/* "12.5s", "2.0min", "4.0h", "1.0d" */
static double take_age(const char *line, const char **at)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"min", 60}, {"s", 1}, {"h", 3600}, {"d", 86400}};
    char *end;
    if (dash_at(at))
        return -1;
    double value = strtod(*at, &end);
    for (unsigned i = 0; end != *at && i < sizeof(units) / sizeof(units[0]); i++)
        if (strncmp(end, units[i].name, strlen(units[i].name)) == 0) {
            *at = end + strlen(units[i].name);
            return value * units[i].seconds;
        }
    bad_line(line, "age");
}

static void take_name(const char *line, const char **at, char name[SECTION_NAME])
{
    size_t length = strcspn(*at, " \n");
    if (length == 0 || length >= SECTION_NAME)
        bad_line(line, "name");
    memcpy(name, *at, length);
    name[length] = 0;
    *at += length;
}

/* ---- tables of call sites ---- */

static void take_site(const char *line, bool leaks, bool tagged, struct report_site *row)
{
    const char *at = line;
    *row = (struct report_site){0};
    take_name(line, &at, row->name);
    row->live_blocks = take_count(line, &at);
    row->live_size = take_bytes(line, &at);
    if (leaks) {
        row->age = take_age(line, &at);
        row->allocations = take_count(line, &at);
        row->frees = take_count(line, &at);
    } else {
        row->peak_size = take_bytes(line, &at);
        row->allocations = take_count(line, &at);
        row->allocated_size = take_bytes(line, &at);
        row->age = take_age(line, &at);
    }
    skip_blanks(&at);
    if (tagged)
        take_name(line, &at, row->tag);
    if (*at != '\n')
        bad_line(line, "end");
    if (strcmp(row->tag, "-") == 0)
        row->tag[0] = 0;
}

/* From the head of the columns to the empty line; the calls below a site are left out. */
static void take_sites(const char *head, bool leaks, struct report_sites *sites)
{
    if (strncmp(head, "site ", 5) != 0)
        bad_line(head, "head of a table of sites");
    bool tagged = strncmp(next_line(head) - 4, "tag\n", 4) == 0;
    for (const char *line = next_line(head); *line != '\n' && *line != 0; line = next_line(line)) {
        assert_true(sites->count < SECTION_ROWS);
        if (*line != ' ')
            take_site(line, leaks, tagged, &sites->row[sites->count++]);
    }
}

bool report_sites(const struct report *report, struct report_sites *sites)
{
    const char *head = section(report, "\nCurrent allocations by call site:\n");
    sites->count = 0;
    if (head != NULL)
        take_sites(head, false, sites);
    return head != NULL;
}

bool report_leaks(const struct report *report, struct report_sites *sites)
{
    const char *line = section(report, "\nStill allocated at exit: ");
    const char *at = line;
    double rounded;
    sites->count = 0;
    if (line == NULL)
        return false;
    sites->live_blocks = take_count(line, &at);
    if (strncmp(at, " blocks, ", 9) != 0 || (at += 9, !size_at(&at, &rounded)) || strncmp(at, " (", 2) != 0)
        bad_line(line, "blocks and size");
    at += 2;
    sites->live_bytes = take_count(line, &at);
    if (!size_says(rounded, sites->live_bytes))
        bad_line(line, "size that its bytes make");
    take_sites(next_line(line), true, sites);
    return true;
}

unsigned sites_of(const struct report_sites *sites, const char *function, struct report_site *sum)
{
    size_t length = strlen(function);
    unsigned found = 0;
    *sum = (struct report_site){.age = -1};
    for (unsigned i = 0; i < sites->count; i++) {
        const struct report_site *row = &sites->row[i];
        if (strncmp(row->name, function, length) != 0 || row->name[length] != '+')
            continue;
        found++;
        sum->live_blocks += row->live_blocks;
        sum->allocations += row->allocations;
        sum->frees += row->frees;
        sum->live_size += row->live_size;
        sum->peak_size += row->peak_size;
        sum->allocated_size += row->allocated_size;
        sum->age = row->age > sum->age ? row->age : sum->age;
        memcpy(sum->name, row->name, sizeof(sum->name));
        memcpy(sum->tag, row->tag, sizeof(sum->tag));
    }
    return found;
}

/* ---- growth ---- */

static double take_change(const char *line, const char **at)
{
    bool minus = **at == '-';
    double bytes;
    *at += minus || **at == '+';
    if (!size_at(at, &bytes))
        bad_line(line, "change of size");
    return minus ? -bytes : bytes;
}

bool report_growth(const struct report *report, const char *tag, struct report_growth *growth)
{
    const char *line = section(report, "\nGrowth of live size by tag:\n");
    size_t length = strlen(tag);
    if (line == NULL)
        return false;
    for (line = next_line(line); *line != '\n' && *line != 0; line = next_line(line)) {
        const char *at = line + length;
        if (strncmp(line, tag, length) != 0 || *at != ' ')
            continue;
        take_bytes(line, &at);
        for (unsigned i = 0; i < SECTION_WINDOWS; i++) {
            growth->known[i] = !dash_at(&at);
            growth->by[i] = growth->known[i] ? take_change(line, &at) : 0;
        }
        return true;
    }
    return false;
}

static void take_suspect(const char *line, struct report_suspects *suspects)
{
    unsigned i = suspects->count++;
    const char *colon = strstr(line, ": "), *made = strstr(line, "; ");
    assert_true(i < SECTION_SUSPECTS);
    if (colon == NULL || made == NULL || made > next_line(line) || colon - line - 2 >= SECTION_NAME)
        bad_line(line, "name of a suspect, and what was made");
    snprintf(suspects->name[i], SECTION_NAME, "%.*s", (int)(colon - line - 2), line + 2);
    made += 2;
    suspects->made[i] = take_count(line, &made);
    if (strncmp(made, " blocks made, ", 14) != 0)
        bad_line(line, "count of blocks made");
    made += 14;
    suspects->freed[i] = take_count(line, &made);
}

bool report_suspects(const struct report *report, struct report_suspects *suspects)
{
    const char *line = section(report, "\nSuspects: ");
    suspects->count = 0;
    if (line == NULL)
        return false;
    for (line = next_line(line); strncmp(line, "  ", 2) == 0; line = next_line(line))
        take_suspect(line, suspects);
    return true;
}

/* ---- single figures ---- */

double report_figure(const struct report *report, const char *words)
{
    const char *end = section(report, words);
    if (end == NULL)
        fail_msg("the report does not say `%s`", words);
    const char *line = end - strlen(words);
    while (line > report->text && line[-1] != '\n')
        line--;
    const char *at = line;
    double size;
    uint64_t count;
    if (size_at(&at, &size))
        return size;
    if (!number_at(&at, &count))
        bad_line(line, "figure");
    return (double)count;
}

bool size_says(double shown, uint64_t bytes)
{
    double unit = 1;
    while ((double)bytes / unit >= 1023.95)
        unit *= 1024;
    return fabs(shown - (double)bytes) <= (unit > 1 ? unit * 0.0501 : 0);
}
