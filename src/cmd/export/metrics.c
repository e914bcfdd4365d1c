#include "metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/diagnostics.h"
#include "label.h"
#include "metrics_tags.h"

const char *const metrics_types[] = {
    [METRICS_OPEN] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    [METRICS_PLAIN] = "text/plain; version=0.0.4; charset=utf-8",
};

/* ---- the metrics ---- */

enum kind { GAUGE, COUNTER };

struct family {
    const char *name; /* without _total */
    const char *unit; /* the last word of the name, or NULL */
    const char *help;
    enum kind kind;
    size_t at;                                     /* of a tag's figure: its offset in the tag's accounting */
    double (*of)(const struct snapshot *snapshot); /* of a process's figure; a negative one is not known */
};

#define AT(member) .at = offsetof(struct snapshot_counts, member)

static const struct family of_tag[] = {
    {"live_bytes", "bytes", "Bytes that are allocated now, as they were asked for.", GAUGE, AT(live.bytes)},
    {"live_blocks", NULL, "Blocks that are allocated now.", GAUGE, AT(live.blocks)},
    {"peak_bytes", "bytes", "The most bytes that were ever allocated at once.", GAUGE, AT(peak_bytes)},
    {"allocations", NULL, "Blocks that were ever allocated.", COUNTER, AT(allocated.blocks)},
    {"frees", NULL, "Blocks that were freed.", COUNTER, AT(freed.blocks)},
    {"freed_bytes", "bytes", "Bytes that were freed.", COUNTER, AT(freed.bytes)},
    {"resizes", NULL, "Reallocations of live blocks.", COUNTER, AT(resizes)},
    {"failures", NULL, "Requests that the allocator refused.", COUNTER, AT(failures)},
    {.name = NULL},
};

/* The offset is that of the first row. */
static const struct family of_age[] = {
    {"live_blocks_age_seconds", "seconds", "Blocks that are allocated now, by age.", GAUGE, AT(age[0].blocks)},
    {"live_bytes_age_seconds", "seconds", "Bytes that are allocated now, by age of their blocks.", GAUGE,
     AT(age[0].bytes)},
    {.name = NULL},
};

static double peak_of(const struct snapshot *snapshot)
{
    return (double)snapshot->total.peak_bytes;
}

static double allocations_of(const struct snapshot *snapshot)
{
    return (double)snapshot->total.allocated.blocks;
}

static double resident_of(const struct snapshot *snapshot)
{
    return snapshot->memory.known != 0 ? (double)snapshot->memory.resident : -1;
}

static double threads_of(const struct snapshot *snapshot)
{
    return snapshot->memory.known != 0 ? (double)snapshot->memory.threads : -1;
}

static double uptime_of(const struct snapshot *snapshot)
{
    return (double)snapshot->uptime_ms / 1e3;
}

static double snapshot_age_of(const struct snapshot *snapshot)
{
    double ago = (double)time(NULL) - (double)snapshot->wall_seconds;
    return ago > 0 ? ago : 0;
}

static double own_memory_of(const struct snapshot *snapshot)
{
    return (double)snapshot->own_resident_bytes;
}

static double own_time_of(const struct snapshot *snapshot)
{
    return (double)snapshot->own_cpu_us / 1e6;
}

static const struct family of_process[] = {
    {"process_peak_bytes", "bytes", "The most heap that the process ever held at once.", GAUGE, .of = peak_of},
    {"process_allocations", NULL, "Blocks that the process ever allocated.", COUNTER, .of = allocations_of},
    {"process_resident_bytes", "bytes", "Resident memory of the process.", GAUGE, .of = resident_of},
    {"process_threads", NULL, "Threads of the process.", GAUGE, .of = threads_of},
    {"process_uptime_seconds", "seconds", "For how long the process had been tracked by its snapshot.", GAUGE,
     .of = uptime_of},
    {"snapshot_age_seconds", "seconds", "How long ago the snapshot was made.", GAUGE, .of = snapshot_age_of},
    {"own_resident_bytes", "bytes", "Memory of the library's own books.", GAUGE, .of = own_memory_of},
    {"own_cpu_seconds", "seconds", "Processor time of the library's own thread.", COUNTER, .of = own_time_of},
    {.name = NULL},
};

/* ---- how it is written ---- */

struct process {
    const struct snapshot *snapshot;
    char *labels; /* pid="…",program="…" */
    struct metrics_tags tags;
};

struct text {
    FILE *to;
    enum metrics_format format;
    const struct process *process;
    size_t processes;
};

/* A clean text as a label's value: only quotes and backslashes have to be escaped in it. Frees the text. */
static char *escape_label(char *value)
{
    size_t length = 0;
    char *escaped = must_allocate(2 * strlen(value) + 1);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            escaped[length++] = '\\';
        escaped[length++] = *at;
    }
    free(value);
    return escaped;
}

static void put_head(const struct text *text, const struct family *family, const char *type, const char *suffix)
{
    if (text->format == METRICS_OPEN)
        suffix = "";
    fprintf(text->to, "# TYPE trackmalloc_%s%s %s\n", family->name, suffix, type);
    if (text->format == METRICS_OPEN && family->unit != NULL)
        fprintf(text->to, "# UNIT trackmalloc_%s %s\n", family->name, family->unit);
    fprintf(text->to, "# HELP trackmalloc_%s%s %s\n", family->name, suffix, family->help);
}

static void put_simple_head(const struct text *text, const struct family *family)
{
    if (family->kind == COUNTER)
        put_head(text, family, "counter", "_total");
    else
        put_head(text, family, "gauge", "");
}

static void put_sample_name(const struct text *text, const struct family *family, const struct process *process)
{
    fprintf(text->to, "trackmalloc_%s%s{%s", family->name, family->kind == COUNTER ? "_total" : "", process->labels);
}

static void put_of_process(const struct text *text, const struct family *family)
{
    put_simple_head(text, family);
    for (size_t i = 0; i < text->processes; i++) {
        double value = family->of(text->process[i].snapshot);
        if (value < 0)
            continue;
        put_sample_name(text, family, &text->process[i]);
        fprintf(text->to, "} %.15g\n", value);
    }
}

static uint64_t tag_member(const struct metrics_tag *tag, size_t at)
{
    return *(const uint64_t *)((const char *)&tag->counts + at);
}

static void put_of_tag(const struct text *text, const struct family *family)
{
    put_simple_head(text, family);
    for (size_t i = 0; i < text->processes; i++)
        for (size_t row = 0; row < text->process[i].tags.rows; row++) {
            const struct metrics_tag *tag = &text->process[i].tags.row[row];
            put_sample_name(text, family, &text->process[i]);
            fprintf(text->to, ",tag=\"%s\"} %" PRIu64 "\n", tag->name, tag_member(tag, family->at));
        }
}

static void put_buckets(const struct text *text, const struct family *family, const struct process *process,
                        const struct metrics_tag *tag)
{
    static const char *const below[SNAPSHOT_AGE_ROWS] = {"1.0", "10.0", "100.0", "1000.0", "+Inf"};
    uint64_t sum = 0;
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++) {
        uint64_t more = tag_member(tag, family->at + i * sizeof tag->counts.age[0]);
        sum = more <= UINT64_MAX - sum ? sum + more : UINT64_MAX; /* buckets must never fall, also of hostile files */
        fprintf(text->to, "trackmalloc_%s_bucket{%s,tag=\"%s\",le=\"%s\"} %" PRIu64 "\n", family->name, process->labels,
                tag->name, below[i], sum);
    }
}

static void put_of_age(const struct text *text, const struct family *family)
{
    put_head(text, family, text->format == METRICS_OPEN ? "gaugehistogram" : "untyped", "_bucket");
    for (size_t i = 0; i < text->processes; i++)
        for (size_t row = 0; row < text->process[i].tags.rows; row++)
            put_buckets(text, family, &text->process[i], &text->process[i].tags.row[row]);
}

/* ---- all of it ---- */

static struct process process_metrics(const struct snapshot *snapshot)
{
    struct process process = {.snapshot = snapshot, .tags = metrics_tags_of(snapshot, METRICS_TAGS)};
    char *program = escape_label(label_clean(snapshot->program));
    process.labels = xasprintf("pid=\"%" PRIu32 "\",program=\"%s\"", snapshot->pid, program);
    free(program);
    for (size_t i = 0; i < process.tags.rows; i++)
        process.tags.row[i].name = escape_label(process.tags.row[i].name);
    return process;
}

void metrics_write(const struct loaded *processes, size_t count, enum metrics_format format, FILE *to)
{
    struct process *process = must_allocate(count * sizeof *process);
    const struct text text = {to, format, process, count};
    for (size_t i = 0; i < count; i++)
        process[i] = process_metrics(processes[i].snapshot);
    for (const struct family *family = of_tag; family->name != NULL; family++)
        put_of_tag(&text, family);
    for (const struct family *family = of_age; family->name != NULL; family++)
        put_of_age(&text, family);
    for (const struct family *family = of_process; family->name != NULL; family++)
        put_of_process(&text, family);
    if (format == METRICS_OPEN)
        fputs("# EOF\n", to);
    for (size_t i = 0; i < count; i++) {
        metrics_tags_free(&process[i].tags);
        free(process[i].labels);
    }
    free(process);
}
