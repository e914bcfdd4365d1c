#include "collect.h"

#include <string.h>

#include "collect_sites.h"
#include "collect_stacks.h"
#include "growth.h"
#include "lib/account/context.h"
#include "lib/account/slab.h"
#include "lib/account/tag.h"
#include "lib/config/feature.h"
#include "lib/config/log.h"
#include "lib/config/note.h"
#include "lib/config/options.h"
#include "lib/objects/object.h"
#include "lib/objects/program.h"
#include "lib/sys/clock.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"
#include "lib/thread/pointer.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"
#include "process.h"
#include "series.h"

#define TM_LIBRARY
#include "trackmalloc.h"

_Static_assert((int)AGE_ROWS == (int)SNAPSHOT_AGE_ROWS && (int)SIZE_CLASSES - 1 <= (int)SNAPSHOT_SIZE_CLASSES,
               "the snapshot holds what the books tell apart");
_Static_assert((int)TAGS_MAX == (int)SNAPSHOT_TAGS && (int)THREAD_ROWS == (int)SNAPSHOT_THREADS &&
                   (int)OBJECTS_MAX <= (int)SNAPSHOT_OBJECTS,
               "each of them has its row");

/* The snapshot, with its tables at their largest; of its pages only those are there that were once needed. */
#define ROWS(table, row, rows, most) row table[most];
static struct {
    struct snapshot head;
    uint32_t series_pid; /* whose the points are: a forked child's begin anew */
    uint32_t series_points;
    /* cppcheck-suppress unusedStructMember; some are reached by their places only */
    SNAPSHOT_TABLES(ROWS)
} area SPARSE;
#undef ROWS

/* Working tables. */
static struct {
    struct slab_cell context[CONTEXTS_MAX];
    struct amount live[TAGS_MAX]; /* of one slab */
    struct slab_tag_sums sums[TAGS_MAX];
    struct snapshot_counts counts[TAGS_MAX];
    uint32_t tag_row[TAGS_MAX];
} work SPARSE;

static void add_cell(struct slab_cell *to, const struct slab_cell *cell)
{
    to->allocated.blocks += cell->allocated.blocks;
    to->allocated.bytes += cell->allocated.bytes;
    to->freed.blocks += cell->freed.blocks;
    to->freed.bytes += cell->freed.bytes;
}

/* Also sums up what the slab holds by tag: read once, for else a thread that allocates meanwhile is in one sum only. */
static struct slab_cell add_cells(const struct slab *slab, unsigned contexts)
{
    struct slab_cell sum = {{0, 0}, {0, 0}};
    for (unsigned context = 1; context < contexts; context++) {
        struct slab_cell cell = slab->cell[context]; /* each word once; cheaper than cell_read for each */
        add_cell(&work.context[context], &cell);
        add_cell(&sum, &cell);
        struct amount *live = &work.live[context_tag(context)];
        live->blocks += cell.allocated.blocks - cell.freed.blocks;
        live->bytes += cell.allocated.bytes - cell.freed.bytes;
    }
    return sum;
}

static void add_tags(const struct slab *slab, unsigned tags, uint32_t now)
{
    unsigned row = slab_young_row(slab, now);
    for (unsigned tag = 0; tag < tags; tag++) {
        struct slab_tag_sums *sums = &work.sums[tag];
        slab_add_tag(slab, tag, now, sums);
        sums->age[row].blocks += work.live[tag].blocks;
        sums->age[row].bytes += work.live[tag].bytes;
        work.live[tag] = (struct amount){0, 0};
    }
}

static void add_thread(const struct slab *slab, struct slab_cell sum)
{
    uint32_t *rows = &area.head.threads;
    if (slab->tid == 0 || *rows == THREAD_ROWS)
        return; /* what no row shows is in the row of the ended */
    struct snapshot_thread *row = &area.threads[(*rows)++];
    memset(row->name, 0, sizeof row->name);
    memcpy(row->name, slab->name, THREAD_NAME);
    row->tid = slab->tid;
    row->threads = 1;
    row->allocated.blocks = sum.allocated.blocks - slab->before.allocated.blocks;
    row->allocated.bytes = sum.allocated.bytes - slab->before.allocated.bytes;
    row->freed.blocks = sum.freed.blocks - slab->before.freed.blocks;
    row->freed.bytes = sum.freed.bytes - slab->before.freed.bytes;
}

static void collect_slab(const struct slab *slab, unsigned contexts, unsigned tags, uint32_t now)
{
    struct slab_cell sum = add_cells(slab, contexts);
    add_tags(slab, tags, now);
    if (slab != &slab_shared)
        add_thread(slab, sum);
    area.head.live_threads += slab->tid != 0;
}

static void add_amount(struct snapshot_amount *to, const struct amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

/* Contexts into tags and sizes. */
static void spread_contexts(unsigned contexts)
{
    for (unsigned context = 1; context < contexts; context++) {
        const struct slab_cell *cell = &work.context[context];
        struct snapshot_counts *counts = &work.counts[context_tag(context)];
        struct snapshot_amount *size = &area.head.sizes[context_class(context) - 1];
        add_amount(&counts->allocated, &cell->allocated);
        add_amount(&counts->freed, &cell->freed);
        size->blocks += cell->allocated.blocks - cell->freed.blocks;
        size->bytes += cell->allocated.bytes - cell->freed.bytes;
    }
    for (unsigned n = 0; n < SNAPSHOT_SIZE_CLASSES; n++) {
        area.head.sizes[n].blocks = not_negative(area.head.sizes[n].blocks);
        area.head.sizes[n].bytes = not_negative(area.head.sizes[n].bytes);
    }
}

static void finish_counts(struct snapshot_counts *counts, struct slab_tag_sums *sums, uint64_t peak)
{
    slab_finish_sums(sums, counts->freed.blocks);
    counts->resizes = sums->resizes;
    counts->failures = sums->failures;
    for (unsigned row = 0; row < AGE_ROWS; row++) {
        counts->age[row].blocks = sums->age[row].blocks;
        counts->age[row].bytes = sums->age[row].bytes;
        counts->lifetime[row] = sums->lifetime[row];
    }
    counts->live.blocks = not_negative(counts->allocated.blocks - counts->freed.blocks);
    counts->live.bytes = not_negative(counts->allocated.bytes - counts->freed.bytes);
    counts->peak_bytes = peak > counts->live.bytes ? peak : counts->live.bytes;
}

static void add_counts(struct snapshot_counts *total, const struct snapshot_counts *counts)
{
    total->live.blocks += counts->live.blocks;
    total->live.bytes += counts->live.bytes;
    total->allocated.blocks += counts->allocated.blocks;
    total->allocated.bytes += counts->allocated.bytes;
    total->freed.blocks += counts->freed.blocks;
    total->freed.bytes += counts->freed.bytes;
    total->resizes += counts->resizes;
    total->failures += counts->failures;
    for (unsigned row = 0; row < AGE_ROWS; row++) {
        total->age[row].blocks += counts->age[row].blocks;
        total->age[row].bytes += counts->age[row].bytes;
        total->lifetime[row] += counts->lifetime[row];
    }
}

static void spread_tags(unsigned tags)
{
    struct snapshot *head = &area.head;
    for (unsigned tag = 0; tag < tags; tag++) {
        struct snapshot_counts *counts = &work.counts[tag];
        finish_counts(counts, &work.sums[tag], 0);
        tag_raise(tag, counts->live.bytes);
        counts->peak_bytes = tag_peak(tag);
        add_counts(&head->total, counts);
        work.tag_row[tag] = SNAPSHOT_NONE;
        if (counts->allocated.blocks == 0 && counts->failures == 0)
            continue;
        work.tag_row[tag] = head->tags;
        struct snapshot_tag *row = &area.tags[head->tags++];
        memcpy(row->name, tag_name(tag), SNAPSHOT_NAME);
        row->counts = *counts;
    }
    total_raise(head->total.live.bytes);
    head->total.peak_bytes = total_peak();
}

/* Everything that no living thread's row shows: threads that have ended, and what the shared slab counted. */
static void add_ended(void)
{
    struct snapshot *head = &area.head;
    struct snapshot_thread *row = &area.threads[head->threads];
    *row = (struct snapshot_thread){.allocated = head->total.allocated, .freed = head->total.freed};
    for (uint32_t i = 0; i < head->threads; i++) {
        row->allocated.blocks -= area.threads[i].allocated.blocks;
        row->allocated.bytes -= area.threads[i].allocated.bytes;
        row->freed.blocks -= area.threads[i].freed.blocks;
        row->freed.bytes -= area.threads[i].freed.bytes;
    }
    row->allocated.blocks = not_negative(row->allocated.blocks);
    row->freed.blocks = not_negative(row->freed.blocks);
    row->threads = slab_owners_past();
    if (row->allocated.blocks != 0 || row->freed.blocks != 0)
        head->threads++;
}

static void describe_process(const struct collect_request *request)
{
    struct snapshot *head = &area.head;
    head->version = SNAPSHOT_VERSION;
    head->kind = request->kind;
    head->number = request->number;
    head->pid = clock_area.now.pid;
    head->wall_seconds = sys_wall_seconds();
    head->uptime_ms = clock_process_ns() / 1000000;
    memcpy(head->program, program_called(), SNAPSHOT_NAME);
    head->foreign_frees = pointer_counts.foreign;
    head->wild_frees = pointer_counts.wild;
    head->mismatches = pointer_counts.mismatched;
    head->tags_left_out = tags_left_out();
    head->own_cpu_us = request->cpu_us;
    head->leaks_wanted = (uint32_t)options.leaks;
    head->notes = note_copy(area.notes);
}

/* Only others have no other way to know. */
static void describe_for_others(struct lock_owner self)
{
    struct snapshot *head = &area.head;
    const struct process_identity *identity = process_identity(self);
    head->parent = identity->parent;
    head->started_ticks = identity->started_ticks;
    head->command_bytes = identity->command_bytes;
    memcpy(area.command, identity->command, identity->command_bytes);
    if (area.series_pid != head->pid)
        area.series_points = 0;
    area.series_pid = head->pid;
    struct snapshot_point point = {head->uptime_ms, head->total.live.bytes, head->total.live.blocks,
                                   head->memory.resident};
    series_add(area.points, &area.series_points, &point, options.interval_ms - options.interval_ms / 8);
    head->points = area.series_points;
}

/* ---- who grew ---- */

static void read_growth(uint32_t subject, uint32_t row, uint64_t number, const struct snapshot_amount *live,
                        const struct snapshot_amount *allocated, const struct snapshot_amount *freed, uint32_t tag,
                        struct snapshot_past *past)
{
    struct growth_reading reading = {.subject = subject, .row = row, .tag = tag, .number = number};
    reading.live_bytes = live->bytes;
    reading.made_blocks = allocated->blocks;
    reading.freed_blocks = freed->blocks;
    growth_take(&reading, past);
}

static void collect_growth(unsigned tags)
{
    struct snapshot *head = &area.head;
    struct snapshot_counts *total = &head->total;
    growth_begin(head->uptime_ms);
    read_growth(SNAPSHOT_TOTAL, 0, 0, &total->live, &total->allocated, &total->freed, SNAPSHOT_NONE, &head->total_past);
    for (unsigned tag = 0; tag < tags; tag++) {
        uint32_t at = work.tag_row[tag];
        if (at == SNAPSHOT_NONE)
            continue;
        struct snapshot_tag *row = &area.tags[at];
        read_growth(SNAPSHOT_TAG, at, tag, &row->counts.live, &row->counts.allocated, &row->counts.freed, SNAPSHOT_NONE,
                    &row->past);
    }
    for (uint32_t i = 0; i < head->sites; i++) {
        struct snapshot_site *row = &area.sites[i];
        if (row->address != 0)
            read_growth(SNAPSHOT_SITE, i, collect_site_number(i), &row->live, &row->allocated, &row->freed, row->tag,
                        &row->past);
    }
    head->suspects = growth_suspects(area.suspects);
}

static void place_rows(void)
{
    struct snapshot *head = &area.head;
#define PLACE(table, row, rows, most) head->table##_at = offsetof(__typeof__(area), table);
    SNAPSHOT_TABLES(PLACE)
#undef PLACE
    head->bytes = sizeof area;
}

const struct snapshot *collect(const struct collect_request *request, struct lock_owner self)
{
    thread_read_names(self);
    enum lock_state lock = lock_take(&lock_accounting, self);
    if (lock == LOCK_BUSY)
        return NULL;
    unsigned contexts = context_count();
    unsigned tags = tag_count();
    uint32_t now = clock_now();
    if (!log_is_sandboxed())
        slab_sweep(clock_area.now.pid);
    memset(&area.head, 0, sizeof area.head);
    memset(work.context, 0, contexts * sizeof work.context[0]);
    memset(work.sums, 0, tags * sizeof work.sums[0]);
    memset(work.counts, 0, tags * sizeof work.counts[0]);
    EACH_SLAB (slab)
        collect_slab(slab, contexts, tags, now);
    area.head.own_resident_bytes = slab_resident() + growth_resident();
    area.head.peak_error_bytes = slab_peak_error();
    if (lock == LOCK_TAKEN)
        lock_release(&lock_accounting);

    area.head.call_sites = site_count() - 1;
    spread_contexts(contexts);
    spread_tags(tags);
    add_ended();
    describe_process(request);
    area.head.left_out = feature_off();
    if (feature_is_on(TM_FEATURE_VM) || request->for_others)
        process_memory(&area.head.memory, request->own_threads, self);
    if (request->for_others)
        describe_for_others(self);
    place_rows();

    unsigned top = (unsigned)options.top;
    struct collect_counts counts = {work.context, contexts, work.tag_row, now};
    collect_sites(&area.head, area.sites, &counts);
    collect_objects(&area.head, area.objects);
    collect_ages(&area.head, area.sites, &counts);
    collect_growth(tags);
    collect_names(&area.head, area.sites, top, self);
    collect_stacks(&area.head, top, self);
    return &area.head;
}

void collect_add_alarm(const struct snapshot_alarm *alarm)
{
    area.head.alarm = *alarm;
}
