/* The public API: figures of a tag, a thread, the process. The sums that a report makes, of what is asked for. */
#include "api.h"

#include <string.h>

#include "lib/account/context.h"
#include "lib/account/scope.h"
#include "lib/account/slab.h"
#include "lib/sys/clock.h"
#include "lib/sys/lock.h"
#include "lib/thread/pointer.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"

_Static_assert((int)TM_AGE_ROWS == (int)AGE_ROWS, "rows are stats as they are counted");

/* Signed sums modulo 2^64 over slabs, until they are finished. */
struct sums {
    struct slab_cell cell;
    struct slab_tag_sums tags;
    uint64_t peak;
};

static bool wanted[TAGS_MAX]; /* under the accounting lock */

/* ---- one slab's part ---- */

static void sum_amount(struct amount *to, const struct amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

static struct slab_cell wanted_cells(const struct slab *slab)
{
    struct slab_cell sum = {{0, 0}, {0, 0}};
    unsigned contexts = context_count();
    for (unsigned context = 1; context < contexts; context++) {
        if (!wanted[context_tag(context)])
            continue;
        struct slab_cell cell = slab_cell_read(&slab->cell[context]);
        sum_amount(&sum.allocated, &cell.allocated);
        sum_amount(&sum.freed, &cell.freed);
    }
    return sum;
}

/* What lives and is in no wheel is young. */
static void sum_slab(struct sums *sums, const struct slab *slab, uint32_t now)
{
    struct slab_cell cell = wanted_cells(slab);
    struct amount *young = &sums->tags.age[slab_young_row(slab, now)];
    sum_amount(&sums->cell.allocated, &cell.allocated);
    sum_amount(&sums->cell.freed, &cell.freed);
    young->blocks += cell.allocated.blocks - cell.freed.blocks;
    young->bytes += cell.allocated.bytes - cell.freed.bytes;
    for (unsigned tag = 0; tag < tag_count(); tag++)
        if (wanted[tag])
            slab_add_tag(slab, tag, now, &sums->tags);
}

/* ---- all of them ---- */

/* Under the accounting lock. */
static void sum_wanted(struct sums *sums)
{
    uint32_t now = clock_now();
    *sums = (struct sums){.peak = 0};
    EACH_SLAB (slab)
        sum_slab(sums, slab, now);
    slab_finish_sums(&sums->tags, sums->cell.freed.blocks);
}

static struct tm_counts counts_of(const struct slab_cell *cell)
{
    return (struct tm_counts){
        .live_blocks = cell->allocated.blocks - cell->freed.blocks,
        .live_bytes = cell->allocated.bytes - cell->freed.bytes,
        .allocated_blocks = cell->allocated.blocks,
        .allocated_bytes = cell->allocated.bytes,
        .freed_blocks = cell->freed.blocks,
        .freed_bytes = cell->freed.bytes,
    };
}

static struct tm_counts counts_of_all(const struct slab_cell *cell)
{
    struct tm_counts counts = counts_of(cell);
    counts.live_blocks = not_negative(counts.live_blocks);
    counts.live_bytes = not_negative(counts.live_bytes);
    return counts;
}

#define COPY_SUMS(stats, sums)                                          \
    do {                                                                \
        (stats)->counts = counts_of_all(&(sums)->cell);                 \
        (stats)->peak_bytes = (sums)->peak;                             \
        (stats)->resizes = (sums)->tags.resizes;                        \
        (stats)->failures = (sums)->tags.failures;                      \
        for (unsigned row = 0; row < AGE_ROWS; row++) {                 \
            (stats)->age_blocks[row] = (sums)->tags.age[row].blocks;    \
            (stats)->age_bytes[row] = (sums)->tags.age[row].bytes;      \
            (stats)->lifetime_blocks[row] = (sums)->tags.lifetime[row]; \
        }                                                               \
    } while (0)

/* ---- a tag ---- */

/* Marks the tag, and those below it in the tree; returns the highest peak. */
static uint64_t want_tag(unsigned wanted_tag, bool tree)
{
    const char *name = tag_name(wanted_tag);
    size_t length = strlen(name);
    uint64_t peak = 0;
    for (unsigned tag = 0; tag < tag_count(); tag++) {
        bool below = tree && strncmp(tag_name(tag), name, length) == 0 && tag_name(tag)[length] == '/';
        wanted[tag] = tag == wanted_tag || below;
        if (wanted[tag] && (int64_t)tag_peak(tag) > (int64_t)peak)
            peak = tag_peak(tag);
    }
    return peak;
}

PUBLIC int tm_tag_stats(tm_tag tag, unsigned flags, struct tm_tag_info *info)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (!api_knows(tag))
        return TM_UNKNOWN;
    if (flags & ~(unsigned)TM_TREE)
        return api_misuse(MISUSE_FLAGS, TM_INVALID);
    struct sums sums;
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return TM_BUSY;
    uint64_t peak = want_tag(tag, flags & TM_TREE);
    sum_wanted(&sums);
    lock_release(&lock_accounting);
    struct tm_tag_info stats = {.struct_size = sizeof stats};
    sums.peak = peak;
    COPY_SUMS(&stats, &sums);
    if (stats.peak_bytes < stats.counts.live_bytes)
        stats.peak_bytes = stats.counts.live_bytes;
    return api_give(info, &stats);
}

/* ---- a thread ---- */

static const struct slab *slab_of_tid(uint32_t tid)
{
    if (tid == 0)
        return thread_has_slab() ? thread_slab : NULL;
    const struct slab *slab = slab_first();
    while (slab != NULL && slab->tid != tid)
        slab = slab->next;
    return slab;
}

static struct tm_thread_info log_thread(const struct slab *slab)
{
    struct tm_thread_info stats = {.struct_size = sizeof stats};
    struct slab_cell cell = slab_sum(slab);
    cell.allocated.blocks -= slab->before.allocated.blocks;
    cell.allocated.bytes -= slab->before.allocated.bytes;
    cell.freed.blocks -= slab->before.freed.blocks;
    cell.freed.bytes -= slab->before.freed.bytes;
    stats.counts = counts_of(&cell);
    stats.tid = (int32_t)slab->tid;
    stats.depth = (int32_t)scope_depth(slab);
    stats.current = (tm_tag)slab->scope;
    memcpy(stats.name, slab->name, sizeof stats.name);
    return stats;
}

PUBLIC int tm_thread_stats(int tid, struct tm_thread_info *info)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (tid < 0)
        return TM_UNKNOWN;
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return TM_BUSY;
    const struct slab *slab = slab_of_tid((uint32_t)tid);
    struct tm_thread_info stats;
    if (slab != NULL)
        stats = log_thread(slab);
    lock_release(&lock_accounting);
    return slab != NULL ? api_give(info, &stats) : TM_UNKNOWN;
}

/* ---- the process ---- */

static unsigned threads_now(void)
{
    unsigned threads = 0;
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
        threads += slab->tid != 0;
    return threads;
}

PUBLIC int tm_process_stats(struct tm_process_info *info)
{
    if (!api_tracks())
        return TM_ABSENT;
    struct tm_process_info stats = {.struct_size = sizeof stats};
    struct sums sums;
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return TM_BUSY;
    memset(wanted, true, sizeof wanted);
    sum_wanted(&sums);
    stats.threads = threads_now();
    stats.threads_past = slab_owners_past();
    stats.own_bytes = slab_resident();
    lock_release(&lock_accounting);
    uint64_t live = not_negative(sums.cell.allocated.bytes - sums.cell.freed.bytes);
    sums.peak = (int64_t)total_peak() > (int64_t)live ? total_peak() : live;
    COPY_SUMS(&stats, &sums);
    stats.uptime_ms = clock_process_ns() / 1000000;
    stats.foreign_frees = cell_read(&pointer_counts.foreign);
    stats.wild_frees = cell_read(&pointer_counts.wild);
    stats.mismatches = cell_read(&pointer_counts.mismatched);
    stats.tags = tag_count();
    stats.call_sites = site_count() - 1;
    return api_give(info, &stats);
}
