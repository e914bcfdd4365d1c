#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/text.h"

struct snapshot *sample_new(uint32_t tags, uint32_t threads)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL)
        abort();
    snapshot->version = SNAPSHOT_VERSION;
    snapshot->bytes = sizeof *snapshot;
    snapshot->pid = 4242;
    snapshot->number = 1;
    snapshot->kind = SNAPSHOT_PERIODIC;
    snapshot->peak_error_bytes = 65536;
    strcpy(snapshot->program, "program");
    return sample_more(snapshot, (struct sample_rows){.tags = tags, .threads = threads});
}

/* Where `rows` more rows are put, all zero; nowhere when there are none. */
static uint32_t append_rows(struct snapshot *snapshot, uint32_t rows, size_t row_bytes, size_t alignment)
{
    const uint32_t at = (snapshot->bytes + (uint32_t)alignment - 1) / (uint32_t)alignment * (uint32_t)alignment;
    snapshot->bytes = at + rows * (uint32_t)row_bytes;
    return at;
}

struct snapshot *sample_more(struct snapshot *snapshot, struct sample_rows more)
{
    const uint32_t before = snapshot->bytes;
#define APPEND(table, row, rows, most)                                                        \
    if (more.table != 0) {                                                                    \
        snapshot->table##_at = append_rows(snapshot, more.table, sizeof(row), _Alignof(row)); \
        snapshot->rows = more.table;                                                          \
    }
    SNAPSHOT_TABLES(APPEND)
#undef APPEND
    if (more.frames != 0)
        snapshot->frames = 0;                 /* none in use yet: sample_call */
    char *whole = calloc(1, snapshot->bytes); /* exactly: a sanitizer sees who reads beyond it */
    if (whole == NULL)
        abort();
    memcpy(whole, snapshot, before);
    free(snapshot);
    return (struct snapshot *)whole;
}

#define ROW_OF(one, table)                                                         \
    struct snapshot_##one *sample_##one(struct snapshot *snapshot, uint32_t index) \
    {                                                                              \
        return &snapshot_writable_##table(snapshot)[index];                        \
    }
ROW_OF(tag, tags)
ROW_OF(thread, threads)
ROW_OF(site, sites)
ROW_OF(suspect, suspects)
ROW_OF(stack, stacks)
ROW_OF(frame, frames)
ROW_OF(note, notes)

void sample_holds(struct snapshot_site *site, const char *name, struct snapshot_amount live, uint64_t allocations,
                  uint64_t age_ms)
{
    memset(site, 0, sizeof *site);
    strncpy(site->name, name, sizeof site->name - 1);
    site->address = 0x401000;
    site->object = SNAPSHOT_NONE;
    site->tag = SNAPSHOT_NONE;
    site->live = live;
    site->freed.blocks = allocations - live.blocks;
    site->freed.bytes = 100 * site->freed.blocks;
    site->allocated.blocks = allocations;
    site->allocated.bytes = live.bytes + site->freed.bytes;
    site->peak_bytes = live.bytes;
    site->age_ms = age_ms;
}

void sample_call(struct snapshot *snapshot, struct snapshot_stack *stack, const char *name)
{
    struct snapshot_frame *frame = sample_frame(snapshot, snapshot->frames);
    char *names = snapshot_writable_names(snapshot);
    uint32_t at = 1;
    while (names[at] != '\0')
        at += (uint32_t)strlen(names + at) + 1;
    if (stack->frames++ == 0)
        stack->frame = snapshot->frames;
    frame->address = 0x7f0000001000 + 16 * snapshot->frames++;
    frame->object = SNAPSHOT_NONE;
    if (*name != '\0') {
        frame->name_at = at;
        strcpy(names + at, name);
    }
}

void sample_live(struct snapshot_tag *tag, const char *name, uint64_t live_bytes, uint64_t allocations,
                 const uint64_t *ages)
{
    struct snapshot_counts *counts = &tag->counts;
    memset(tag, 0, sizeof *tag);
    snprintf(tag->name, sizeof tag->name, "%s", name);
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++) {
        counts->age[i].blocks = ages[i];
        counts->live.blocks += ages[i];
    }
    counts->age[0].bytes = live_bytes;
    counts->live.bytes = live_bytes;
    counts->peak_bytes = live_bytes;
    counts->allocated.blocks = allocations;
    counts->freed.blocks = allocations - counts->live.blocks;
    counts->freed.bytes = 100 * counts->freed.blocks;
    counts->allocated.bytes = live_bytes + counts->freed.bytes;
}

static void add_amount(struct snapshot_amount *to, const struct snapshot_amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

static void add_counts(struct snapshot_counts *to, const struct snapshot_counts *counts)
{
    add_amount(&to->live, &counts->live);
    add_amount(&to->allocated, &counts->allocated);
    add_amount(&to->freed, &counts->freed);
    to->peak_bytes += counts->peak_bytes;
    to->resizes += counts->resizes;
    to->failures += counts->failures;
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++) {
        add_amount(&to->age[i], &counts->age[i]);
        to->lifetime[i] += counts->lifetime[i];
    }
}

void sample_total(struct snapshot *snapshot)
{
    memset(&snapshot->total, 0, sizeof snapshot->total);
    for (uint32_t i = 0; i < snapshot->tags; i++)
        add_counts(&snapshot->total, &sample_tag(snapshot, i)->counts);
}

uint64_t sample_number(uint64_t *state)
{
    /* splitmix64 */
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Small and large numbers alike, below 2^limit. */
static uint64_t some(uint64_t *state, unsigned limit)
{
    const unsigned bits = (unsigned)(sample_number(state) % (limit + 1));
    return bits == 0 ? 0 : sample_number(state) >> (64 - bits);
}

static void fill_tag(struct snapshot_tag *tag, uint32_t index, uint64_t *state)
{
    uint64_t ages[SNAPSHOT_AGE_ROWS];
    uint64_t live = 0;
    char name[SNAPSHOT_NAME];
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        live += ages[i] = some(state, 30);
    snprintf(name, sizeof name, "lib%0*u.so", (int)(sample_number(state) % 20), index);
    const uint64_t bytes = some(state, 44); /* one call a statement: the order of arguments is the compiler's */
    const uint64_t freed = some(state, 40);
    sample_live(tag, name, bytes, live + freed, ages);

    uint64_t left = tag->counts.freed.blocks;
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS - 1; i++)
        left -= tag->counts.lifetime[i] = left == 0 ? 0 : sample_number(state) % left;
    tag->counts.lifetime[SNAPSHOT_AGE_ROWS - 1] = left;
    tag->counts.resizes = some(state, 40);
    tag->counts.failures = some(state, 10);
}

static void fill_thread(struct snapshot_thread *thread, uint32_t index, uint64_t *state)
{
    snprintf(thread->name, sizeof thread->name, "worker-%u", index);
    thread->tid = index == 3 ? 0 : 5000 + index;
    thread->threads = index == 3 ? 12345 : 1;
    thread->allocated.blocks = some(state, 40);
    thread->allocated.bytes = some(state, 45);
    thread->freed.blocks = some(state, 40);
    thread->freed.bytes = some(state, 45);
}

struct snapshot *sample_random(unsigned seed, uint32_t tags, uint32_t threads)
{
    uint64_t state = seed;
    struct snapshot *snapshot = sample_new(tags, threads);
    for (uint32_t i = 0; i < tags; i++)
        fill_tag(sample_tag(snapshot, i), i, &state);
    for (uint32_t i = 0; i < threads; i++)
        fill_thread(sample_thread(snapshot, i), i, &state);
    sample_total(snapshot);

    uint64_t left = snapshot->total.live.blocks;
    for (unsigned i = 0; i < SNAPSHOT_SIZE_CLASSES - 1; i++)
        left -= snapshot->sizes[i].blocks = left == 0 ? 0 : sample_number(&state) % (left / 2 + 1);
    snapshot->sizes[SNAPSHOT_SIZE_CLASSES - 1].blocks = left;
    snapshot->pid = (uint32_t)some(&state, 22);
    snapshot->number = (uint32_t)some(&state, 20) + 1;
    snapshot->kind = (uint32_t)(sample_number(&state) % 4);
    snapshot->wall_seconds = (int64_t)some(&state, 35);
    snapshot->uptime_ms = some(&state, 40);
    return snapshot;
}

char *sample_report(const struct snapshot *snapshot, unsigned top)
{
    const size_t length = text_report(snapshot, top, NULL, 0);
    char *text = malloc(length + 1);
    if (text == NULL || text_report(snapshot, top, text, length) != length)
        abort();
    text[length] = '\0';
    return text;
}
