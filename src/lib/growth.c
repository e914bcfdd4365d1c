#include "history.h"

#include <string.h>

enum {
    BUCKETS = 2048,
    NOWHERE = GROWTH_SUBJECTS, /* as a place */
    NO_UNIT = -1
};

/* The moments of a unit are the same for all subjects. */
struct unit {
    uint64_t number_1; /* of units since the clock began, and one more; 0: never used */
    uint64_t moment;   /* of its first round */
};

struct level {
    struct unit unit[GROWTH_UNITS];
    unsigned slot;   /* of the present unit */
    unsigned before; /* of the one before it */
    bool opened;     /* in this round */
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
    struct entry entry[GROWTH_LEVELS][GROWTH_UNITS][GROWTH_SUBJECTS];
} growth;

/* ---- time ---- */

static uint64_t unit_ms(unsigned level)
{
    return (uint64_t)GROWTH_UNIT_MS << (GROWTH_STEP_LOG * level);
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
        level_begin(&growth.level[i], growth.now / unit_ms(i));
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

static void entry_note(struct entry *entry, const struct entry *now, bool opened)
{
    if (opened)
        *entry = *now;
    else if (now->low < entry->low)
        entry->low = now->low;
}

/* The finer level's unit is over: its mark is one that was kept. */
static void entry_keep(unsigned level, unsigned at)
{
    const struct level *finer = &growth.level[level - 1];
    if (!finer->opened || finer->before == finer->slot || finer->unit[finer->before].number_1 == 0 ||
        finer->unit[finer->before].moment < growth.place[at].joined)
        return;
    const uint64_t low = growth.entry[level - 1][finer->before][at].low;
    struct entry *entry = &growth.entry[level][growth.level[level].slot][at];
    if (low > entry->high)
        entry->high = low;
}

static void note(unsigned at)
{
    for (unsigned i = 0; i < GROWTH_LEVELS; i++) {
        const struct level *level = &growth.level[i];
        entry_note(&growth.entry[i][level->slot][at], &growth.place[at].now, level->opened);
        if (i > 0)
            entry_keep(i, at);
    }
}

static uint64_t held_then(unsigned at, unsigned window)
{
    const unsigned level = windows[window].level;
    const unsigned slot = (unsigned)growth.then[window];
    if (growth.level[level].unit[slot].moment < growth.place[at].joined)
        return 0;
    return growth.entry[level][slot][at].first;
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
    place->now = (struct entry){.first = reading->live_bytes,
                                .low = reading->live_bytes,
                                .made = reading->made_blocks,
                                .freed = reading->freed_blocks};
    note(at);
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

/* Whether a slot holds what its subject had `back` units ago. */
static bool holds(unsigned at, const struct level *level, unsigned slot, unsigned back)
{
    const struct unit *unit = &level->unit[slot];
    return unit->number_1 != 0 && unit->number_1 + back == level->unit[level->slot].number_1 &&
           unit->moment >= growth.place[at].joined;
}

struct history history_of(unsigned at, unsigned level_number)
{
    const struct level *level = &growth.level[level_number];
    struct history history = {.count = 0};
    for (unsigned back = GROWTH_UNITS; back-- > 0;) {
        const unsigned slot = (level->slot + GROWTH_UNITS - back) % GROWTH_UNITS;
        if (!holds(at, level, slot, back))
            continue;
        const struct entry *entry = &growth.entry[level_number][slot][at];
        if (history.count == 0) {
            history.begin = level->unit[slot].moment;
            history.oldest = entry;
        }
        history.mark[history.count++] = entry->low;
    }
    return history;
}

bool history_may_rise(unsigned at, unsigned level_number)
{
    const struct level *level = &growth.level[level_number];
    const unsigned slot = (level->slot + 1) % GROWTH_UNITS;
    return !holds(at, level, slot, GROWTH_UNITS - 1) ||
           growth.place[at].now.low > growth.entry[level_number][slot][at].low;
}

/* A unit that goes on beyond the moment cannot tell. */
static uint64_t kept_in_level(unsigned at, unsigned level, uint64_t moment)
{
    uint64_t kept = 0;
    for (unsigned slot = 0; slot < GROWTH_UNITS; slot++) {
        const struct unit *unit = &growth.level[level].unit[slot];
        const struct entry *entry = &growth.entry[level][slot][at];
        if (unit->number_1 == 0 || unit->number_1 * unit_ms(level) > moment || unit->moment < growth.place[at].joined)
            continue;
        kept = entry->high > kept ? entry->high : kept;
        kept = entry->low > kept ? entry->low : kept;
    }
    return kept;
}

uint64_t history_kept_before(unsigned at, unsigned level, uint64_t moment)
{
    uint64_t kept = 0;
    while (++level < GROWTH_LEVELS) {
        const uint64_t in_level = kept_in_level(at, level, moment);
        kept = in_level > kept ? in_level : kept;
    }
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
    const uint64_t a_unit = growth.count * sizeof(struct entry) + PAGE_BYTES;
    return growth.count == 0 ? 0 : growth.units * a_unit + growth.count * sizeof(struct place) + 2 * PAGE_BYTES;
}
