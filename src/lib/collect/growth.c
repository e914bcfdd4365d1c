#include "history.h"

#include <string.h>

enum {
    BUCKETS = 2048,
    NOWHERE = GROWTH_SUBJECTS, /* as a place */
    NO_UNIT = -1,
    TOGETHER = 8 /* subjects: what one round reads of them all shares cache lines */
};

/* Some subjects in one unit of time. */
struct cluster {
    uint64_t low[TOGETHER];   /* the least live bytes of its rounds */
    uint64_t first[TOGETHER]; /* those of its first round */
    uint64_t high[TOGETHER];  /* the highest low-water mark of the level before: what was kept for a while */
    uint64_t made[TOGETHER];  /* blocks, until its first round */
    uint64_t freed[TOGETHER];
};

/* The moments of a unit are the same for all subjects. */
struct unit {
    uint64_t number_1; /* of units since the clock began, and one more; 0: never used */
    uint64_t moment;   /* of its first round */
};

struct level {
    struct unit unit[GROWTH_UNITS];
    unsigned slot;               /* of the present unit */
    unsigned before;             /* of the one before it */
    bool opened;                 /* in this round */
    unsigned known;              /* units not older than the ring is long */
    uint8_t order[GROWTH_UNITS]; /* their slots, the oldest first */
};

static struct {
    uint64_t now;
    uint64_t round;
    unsigned count;             /* places ever used */
    unsigned hand;              /* where the search for a place goes on */
    unsigned tries;             /* places that it may still look at in this round */
    unsigned units;             /* ever used, in all levels */
    int then[SNAPSHOT_WINDOWS]; /* the slot of what was held that long ago, or NO_UNIT */
    struct level level[GROWTH_LEVELS];
    uint16_t bucket[BUCKETS]; /* place + 1 */
    struct place place[GROWTH_SUBJECTS];
    _Alignas(CACHE_LINE) struct cluster cluster[GROWTH_LEVELS][GROWTH_UNITS][GROWTH_SUBJECTS / TOGETHER];
} growth SPARSE;

/* ---- time ---- */

static void level_order(struct level *level)
{
    const uint64_t last_1 = level->unit[level->slot].number_1;
    level->known = 0;
    for (unsigned back = GROWTH_UNITS; back-- > 0;) {
        const unsigned slot = (level->slot + GROWTH_UNITS - back) % GROWTH_UNITS;
        if (level->unit[slot].number_1 != 0 && level->unit[slot].number_1 + back == last_1)
            level->order[level->known++] = (uint8_t)slot;
    }
}

static void level_begin(struct level *level, uint64_t number)
{
    const unsigned slot = (unsigned)(number % GROWTH_UNITS);
    struct unit *unit = &level->unit[slot];
    level->opened = unit->number_1 != number + 1;
    if (!level->opened)
        return;
    growth.units += unit->number_1 == 0;
    level->before = level->slot;
    level->slot = slot;
    *unit = (struct unit){number + 1, growth.now};
    level_order(level);
}

/* For each window the first level that reaches back beyond it. */
static const struct {
    uint64_t ms;
    unsigned level;
} windows[SNAPSHOT_WINDOWS] = {{60000, 0}, {600000, 2}, {3600000, 3}, {86400000, 5}};

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static int slot_then(unsigned window)
{
    const struct level *level = &growth.level[windows[window].level];
    if (growth.now < windows[window].ms)
        return NO_UNIT;
    const uint64_t wanted = growth.now - windows[window].ms;
    uint64_t nearest = windows[window].ms / 10;
    int found = NO_UNIT;
    for (int slot = 0; slot < GROWTH_UNITS; slot++) {
        const struct unit *unit = &level->unit[slot];
        if (unit->number_1 == 0 || distance(unit->moment, wanted) > nearest)
            continue;
        nearest = distance(unit->moment, wanted);
        found = slot;
    }
    return found;
}

void growth_begin(uint64_t now_ms)
{
    if (growth.round == 0 || now_ms > growth.now)
        growth.now = now_ms;
    growth.round++;
    growth.tries = growth.count;
    for (unsigned i = 0; i < GROWTH_LEVELS; i++)
        level_begin(&growth.level[i], growth.now / history_unit_ms(i));
    for (unsigned i = 0; i < SNAPSHOT_WINDOWS; i++)
        growth.then[i] = slot_then(i);
}

/* ---- places ---- */

static uint16_t *bucket_of(uint32_t subject, uint64_t number)
{
    const uint64_t hash = (number * 4 + subject) * 0x9E3779B97F4A7C15u; /* Knuth's multiplicative hash */
    return &growth.bucket[hash >> 32 & (BUCKETS - 1)];
}

static unsigned place_find(const struct growth_reading *reading)
{
    unsigned next = *bucket_of(reading->subject, reading->number);
    while (next != 0) {
        const struct place *place = &growth.place[next - 1];
        if (place->number == reading->number && place->subject == reading->subject)
            return next - 1;
        next = place->next;
    }
    return NOWHERE;
}

static void bucket_remove(unsigned at)
{
    uint16_t *link = bucket_of(growth.place[at].subject, growth.place[at].number);
    while (*link != at + 1)
        link = &growth.place[*link - 1].next;
    *link = growth.place[at].next;
}

/* A place of its own, or that of a subject which neither this round nor the last has told of. */
static unsigned place_free(void)
{
    if (growth.count < GROWTH_SUBJECTS)
        return growth.count++;
    for (; growth.tries > 0; growth.tries--) {
        const unsigned at = growth.hand;
        growth.hand = (growth.hand + 1) % GROWTH_SUBJECTS;
        if (growth.place[at].round + 1 < growth.round) {
            bucket_remove(at);
            return at;
        }
    }
    return NOWHERE;
}

static unsigned place_join(const struct growth_reading *reading)
{
    if (reading->subject == SNAPSHOT_SITE && reading->live_bytes < GROWTH_WORTH)
        return NOWHERE;
    const unsigned at = place_free();
    if (at == NOWHERE)
        return NOWHERE;
    uint16_t *bucket = bucket_of(reading->subject, reading->number);
    growth.place[at] =
        (struct place){.number = reading->number, .subject = reading->subject, .joined = growth.now, .next = *bucket};
    *bucket = (uint16_t)(at + 1);
    return at;
}

/* ---- one reading ---- */

#define OF(level, slot, at, what) growth.cluster[level][slot][(at) / TOGETHER].what[(at) % TOGETHER]

static void unit_open(unsigned level, unsigned slot, unsigned at)
{
    const struct place *place = &growth.place[at];
    OF(level, slot, at, low) = place->live;
    OF(level, slot, at, first) = place->live;
    OF(level, slot, at, high) = 0;
    OF(level, slot, at, made) = place->made;
    OF(level, slot, at, freed) = place->freed;
}

/* The finer level's unit is over: its mark is one that was kept. */
static void unit_keep(unsigned level, unsigned slot, unsigned at)
{
    const struct level *finer = &growth.level[level - 1];
    const struct unit *over = &finer->unit[finer->before];
    if (!finer->opened || finer->before == finer->slot || over->number_1 == 0 || over->moment < growth.place[at].joined)
        return;
    const uint64_t low = OF(level - 1, finer->before, at, low);
    if (low > OF(level, slot, at, high))
        OF(level, slot, at, high) = low;
}

static void record_place(unsigned at)
{
    const uint64_t live = growth.place[at].live;
    for (unsigned i = 0; i < GROWTH_LEVELS; i++) {
        const unsigned slot = growth.level[i].slot;
        if (growth.level[i].opened)
            unit_open(i, slot, at);
        else if (live < OF(i, slot, at, low))
            OF(i, slot, at, low) = live;
        if (i > 0)
            unit_keep(i, slot, at);
    }
}

static uint64_t held_then(unsigned at, unsigned window)
{
    const unsigned level = windows[window].level;
    const unsigned slot = (unsigned)growth.then[window];
    if (growth.level[level].unit[slot].moment < growth.place[at].joined)
        return 0;
    return OF(level, slot, at, first);
}

void growth_take(const struct growth_reading *reading, struct snapshot_past *past)
{
    memset(past, 0, sizeof *past);
    unsigned at = place_find(reading);
    if (at == NOWHERE)
        at = place_join(reading);
    if (at == NOWHERE)
        return;
    struct place *place = &growth.place[at];
    place->round = growth.round;
    place->row = reading->row;
    place->tag = reading->tag;
    place->live = reading->live_bytes;
    place->made = reading->made_blocks;
    place->freed = reading->freed_blocks;
    record_place(at);
    for (unsigned i = 0; i < SNAPSHOT_WINDOWS; i++) {
        if (growth.then[i] == NO_UNIT)
            continue;
        past->live_bytes[i] = held_then(at, i);
        past->known |= 1u << i;
    }
}

/* ---- for suspect.c ---- */

uint64_t history_now(void)
{
    return growth.now;
}

unsigned history_places(void)
{
    return growth.count;
}

const struct place *history_place(unsigned at)
{
    return growth.place[at].round == growth.round ? &growth.place[at] : NULL;
}

/* The first unit of a level, in its order, that is all the subject's own. */
static unsigned first_own(unsigned at, const struct level *level)
{
    unsigned first = 0;
    while (first < level->known && level->unit[level->order[first]].moment < growth.place[at].joined)
        first++;
    return first;
}

void history_suspect(unsigned at, unsigned level)
{
    growth.place[at].suspected = growth.now;
    growth.place[at].by = (uint16_t)level;
}

struct history history_of(unsigned at, unsigned level_number)
{
    const struct level *level = &growth.level[level_number];
    const unsigned first = first_own(at, level);
    struct history history = {.count = level->known - first};
    if (history.count == 0)
        return history;
    history.begin = level->unit[level->order[first]].moment;
    history.made = OF(level_number, level->order[first], at, made);
    history.freed = OF(level_number, level->order[first], at, freed);
    for (unsigned i = 0; i < history.count; i++)
        history.mark[i] = OF(level_number, level->order[first + i], at, low);
    return history;
}

bool history_may_rise(unsigned at, unsigned level_number)
{
    const struct level *level = &growth.level[level_number];
    const unsigned first = first_own(at, level);
    if (level->known - first < HISTORY_LEAST)
        return false;
    const uint64_t then = OF(level_number, level->order[first], at, low);
    const uint64_t now = OF(level_number, level->slot, at, low);
    return now > then && now - then >= then / 4;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A unit that goes on beyond the moment cannot tell. */
static uint64_t kept_in_level(unsigned at, unsigned level, uint64_t moment)
{
    uint64_t kept = 0;
    for (unsigned slot = 0; slot < GROWTH_UNITS; slot++) {
        const struct unit *unit = &growth.level[level].unit[slot];
        if (unit->number_1 == 0 || unit->number_1 * history_unit_ms(level) > moment ||
            unit->moment < growth.place[at].joined)
            continue;
        kept = most(kept, most(OF(level, slot, at, high), OF(level, slot, at, low)));
    }
    return kept;
}

uint64_t history_kept_before(unsigned at, unsigned level, uint64_t moment)
{
    uint64_t kept = 0;
    while (++level < GROWTH_LEVELS)
        kept = most(kept, kept_in_level(at, level, moment));
    return kept;
}

/* ---- the whole ---- */

/* The histories themselves stay: no subject that joins later looks at them. */
void growth_reset(void)
{
    growth.round = 0;
    growth.count = 0;
    growth.hand = 0;
    growth.units = 0;
    memset(growth.level, 0, sizeof growth.level);
    memset(growth.bucket, 0, sizeof growth.bucket);
}

uint64_t growth_resident(void)
{
    const uint64_t page = PAGE_BYTES;
    const uint64_t a_unit = (growth.count / TOGETHER + 1) * sizeof(struct cluster) + 2 * page;
    return growth.count == 0 ? 0 : growth.units * a_unit + growth.count * sizeof(struct place) + 2 * page;
}
