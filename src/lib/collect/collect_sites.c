#include "collect_sites.h"

#include <string.h>

#include "lib/account/intern.h"
#include "lib/code/name.h"
#include "lib/config/options.h"
#include "lib/objects/object.h"
#include "lib/thread/site.h"
#include "snapshot/leak.h"
#include "snapshot/rank.h"

/* Sites that hold nothing are shown as well, the most active first, while there are fewer rows than these. */
enum { ROWS_LEAST = 128, NO_ROW = 0 };

/* By a site's number. */
static struct {
    uint64_t live[INTERN_MAX];    /* bytes, now */
    uint64_t made[INTERN_MAX];    /* bytes, ever */
    uint64_t peak[INTERN_MAX];    /* the most that a report saw */
    uint16_t row[INTERN_MAX];     /* its number from 1, or NO_ROW */
    uint16_t context[INTERN_MAX]; /* those with live blocks of sites with rows */
    uint32_t live_contexts;
    uint16_t site_of[COLLECT_SITES];
} work SPARSE;

/* ---- which sites ---- */

static void sum_up(const struct collect_counts *counts, unsigned sites)
{
    memset(work.live, 0, sites * sizeof work.live[0]);
    memset(work.made, 0, sites * sizeof work.made[0]);
    memset(work.row, 0, sites * sizeof work.row[0]);
    for (unsigned context = 1; context < counts->contexts; context++) {
        const struct slab_cell *cell = &counts->context[context];
        uintptr_t site = context_site(context);
        if (site >= sites)
            continue; /* its first allocation came after the count was read */
        work.live[site] += cell->allocated.bytes - cell->freed.bytes;
        work.made[site] += cell->allocated.bytes;
    }
    for (unsigned site = 1; site < sites; site++) {
        work.live[site] = not_negative(work.live[site]);
        if (work.live[site] > work.peak[site])
            work.peak[site] = work.live[site];
    }
}

static void give_row(struct snapshot *head, struct snapshot_site *rows, unsigned site)
{
    struct snapshot_site *row = &rows[head->sites];
    *row = (struct snapshot_site){.tag = SNAPSHOT_NONE, .age_ms = SNAPSHOT_UNKNOWN};
    row->address = site_address(site);
    row->object = collect_object_row(site_object(site));
    row->peak_bytes = work.peak[site];
    work.site_of[head->sites] = (uint16_t)site;
    work.row[site] = (uint16_t)++head->sites;
}

/* The largest by that key that have no row yet, while the key is not 0. */
static void give_rows(struct snapshot *head, struct snapshot_site *rows, const uint64_t *key, unsigned sites,
                      unsigned most)
{
    struct rank rank;
    uint32_t site;
    rank_start(&rank, key, sizeof *key, sites);
    while (head->sites < most && rank_next(&rank, &site) && key[site] != 0)
        if (site != SITE_NONE && work.row[site] == NO_ROW)
            give_row(head, rows, site);
}

/* ---- what they did ---- */

static void add_site_amount(struct snapshot_amount *to, const struct amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

/* A site whose blocks have several tags has none. */
static void set_tag(struct snapshot_site *row, uint32_t tag)
{
    bool first = row->allocated.blocks == 0;
    row->tag = first || row->tag == tag ? tag : SNAPSHOT_NONE;
}

static void spread(struct snapshot_site *rows, uint32_t others, const struct collect_counts *counts, unsigned sites)
{
    work.live_contexts = 0;
    for (unsigned context = 1; context < counts->contexts; context++) {
        const struct slab_cell *cell = &counts->context[context];
        uintptr_t site = context_site(context);
        bool own = site < sites && work.row[site] != NO_ROW;
        if (cell->allocated.blocks == 0)
            continue;
        struct snapshot_site *row = &rows[own ? work.row[site] - 1u : others];
        if (own)
            set_tag(row, counts->tag_row[context_tag(context)]);
        add_site_amount(&row->allocated, &cell->allocated);
        add_site_amount(&row->freed, &cell->freed);
        if (own && cell->allocated.blocks != cell->freed.blocks)
            work.context[work.live_contexts++] = (uint16_t)context;
    }
}

/* Which sites these are may change from report to report: their peak is the most that this row has shown. */
static void finish_others(struct snapshot_site *row)
{
    uint64_t *peak = &work.peak[SITE_NONE];
    if (row->live.bytes > *peak)
        *peak = row->live.bytes;
    row->peak_bytes = *peak;
}

static void finish_row(struct snapshot_site *row)
{
    row->live.blocks = not_negative(row->allocated.blocks - row->freed.blocks);
    row->live.bytes = not_negative(row->allocated.bytes - row->freed.bytes);
}

void collect_sites(struct snapshot *head, struct snapshot_site rows[COLLECT_SITES], const struct collect_counts *counts)
{
    unsigned sites = site_count();
    if (!options.callers)
        return; /* one row of all others would say what the total says */
    sum_up(counts, sites);
    give_rows(head, rows, work.live, sites, SNAPSHOT_SITES);
    give_rows(head, rows, work.made, sites, ROWS_LEAST);
    uint32_t others = head->sites;
    rows[others] = (struct snapshot_site){.object = SNAPSHOT_NONE, .tag = SNAPSHOT_NONE, .age_ms = SNAPSHOT_UNKNOWN};
    spread(rows, others, counts, sites);
    for (uint32_t i = 0; i <= others; i++)
        finish_row(&rows[i]);
    finish_others(&rows[others]);
    head->sites += rows[others].allocated.blocks != 0;
}

unsigned collect_site_number(uint32_t row)
{
    return work.site_of[row];
}

/* ---- ages ---- */

static void add_births(uint64_t births[COLLECT_SITES], const struct slab *slab)
{
    for (uint32_t i = 0; i < work.live_contexts; i++) {
        unsigned context = work.context[i];
        births[work.row[context_site(context)] - 1] += slab_births(slab, context);
    }
}

void collect_ages(const struct snapshot *head, struct snapshot_site *rows, const struct collect_counts *counts)
{
    static SPARSE uint64_t births[COLLECT_SITES];
    memset(births, 0, head->sites * sizeof births[0]);
    EACH_SLAB (slab)
        add_births(births, slab);
    for (uint32_t i = 0; i < head->sites; i++) {
        uint64_t blocks = rows[i].live.blocks;
        if (blocks == 0 || rows[i].address == 0)
            continue;
        uint64_t ticks = not_negative((uint64_t)counts->now * blocks - births[i]);
        rows[i].age_ms = ticks * TICK_MS / blocks;
        rows[i].leak_score = leak_score(rows[i].live.bytes, rows[i].age_ms, head->uptime_ms);
    }
}

/* ---- objects and names ---- */

uint32_t collect_object_row(unsigned object)
{
    return object != OBJECT_NONE && object != OBJECT_OTHER ? object - 1 : SNAPSHOT_NONE;
}

_Static_assert((int)IMAGE_CODES == (int)SNAPSHOT_CODES && sizeof(struct image_code) == sizeof(struct snapshot_code),
               "the same, word for word");

static void fill_object_row(struct snapshot_object *row, const struct object *object)
{
    memset(row, 0, sizeof *row);
    strncpy(row->path, object->path, sizeof row->path - 1);
    memcpy(row->build_id, object->identity.id, object->identity.id_bytes);
    row->build_id_bytes = (uint32_t)object->identity.id_bytes;
    row->base = object->bias;
    row->begin = object->begin;
    row->end = object->end;
    row->codes = object->codes;
    memcpy(row->code, object->code, object->codes * sizeof row->code[0]);
    row->first_seen_ms = object->seen_ms;
    uint64_t gone = cell_read(&object->gone_ms);
    row->gone_ms = gone != 0 ? gone : SNAPSHOT_UNKNOWN;
}

void collect_objects(struct snapshot *head, struct snapshot_object rows[SNAPSHOT_OBJECTS])
{
    unsigned count = object_count();
    for (unsigned object = 1; object < count; object++)
        fill_object_row(&rows[object - 1], object_get(object));
    head->objects = count - 1;
}

static void name_row(struct snapshot_site *row, uint32_t at, struct lock_owner self)
{
    if (row->address == 0 || row->name[0] != '\0')
        return;
    name_copy(site_object(work.site_of[at]), row->address, row->name, self);
}

static void name_largest_sites(const struct snapshot *head, struct snapshot_site *rows, const uint64_t *key,
                               unsigned top, struct lock_owner self)
{
    struct rank rank;
    uint32_t at;
    rank_start(&rank, key, sizeof *rows, head->sites);
    for (unsigned shown = 0; shown < top && rank_next(&rank, &at); shown++)
        name_row(&rows[at], at, self);
}

void collect_names(struct snapshot *head, struct snapshot_site *rows, unsigned top, struct lock_owner self)
{
    name_largest_sites(head, rows, &rows->live.bytes, top + 1, self); /* the row of all others may be among them */
    if (head->leaks_wanted)
        name_largest_sites(head, rows, &rows->leak_score, top + 1, self);
    const struct snapshot_suspect *suspects = snapshot_suspects(head);
    for (uint32_t i = 0; i < head->suspects; i++)
        if (suspects[i].subject == SNAPSHOT_SITE)
            name_row(&rows[suspects[i].row], suspects[i].row, self);
}

void collect_forget_peaks(void)
{
    memset(work.peak, 0, site_count() * sizeof work.peak[0]);
}
