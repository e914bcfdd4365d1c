/* Who looks like a leak: the rule that growth.h tells. */
#include "history.h"

enum { SPAN_LEAST_MS = 60000 /* what is flushed every minute never has a history of rising */ };

struct candidate {
    struct snapshot_suspect row;
    uint32_t tag; /* row of a site's */
};

struct list {
    unsigned count;
    struct candidate each[SNAPSHOT_SUSPECTS];
};

static uint64_t least(const uint64_t *marks, unsigned count)
{
    uint64_t least = marks[0];
    for (unsigned i = 1; i < count; i++)
        least = marks[i] < least ? marks[i] : least;
    return least;
}

/* Mann and Kendall: of all pairs of marks, how many rise less how many fall, against what chance does to n marks. */
static bool rises_by_no_chance(const uint64_t *mark, int n)
{
    enum { LIMIT = 13 }; /* 3.6 squared */
    int rises = 0;
    for (int later = 1; later < n; later++)
        for (int earlier = 0; earlier < later; earlier++)
            rises += (mark[later] > mark[earlier]) - (mark[later] < mark[earlier]);
    return rises > 0 && rises * rises * 18 >= LIMIT * n * (n - 1) * (2 * n + 5);
}

static bool part_above(uint64_t mark, uint64_t base, unsigned part)
{
    return mark > base && mark - base >= base / part;
}

/* A tag whose blocks were handed over to another may have made fewer than it once had. */
static uint64_t since(uint64_t now, uint64_t then)
{
    return (int64_t)(now - then) > 0 ? now - then : 0;
}

/* More blocks were made than freed, or none were freed: a buffer that only grows is one block. */
static bool not_freed(const struct place *place, const struct history *history)
{
    const uint64_t freed = since(place->freed, history->freed);
    return freed == 0 || since(place->made, history->made) > freed;
}

/* The low-water marks of a history's quarters. */
struct quarters {
    uint64_t first;
    uint64_t third;
    uint64_t last;
};

static struct quarters quarters_of(const struct history *history)
{
    const unsigned quarter = history->count / 4;
    const uint64_t *end = history->mark + history->count;
    return (struct quarters){least(history->mark, quarter), least(end - quarter - quarter, quarter),
                             least(end - quarter, quarter)};
}

static bool rises_still(const struct quarters *low)
{
    return low->last > low->third && low->last - low->third >= (low->last - low->first) / 8;
}

static bool rises_above_all(unsigned at, unsigned level, const struct history *history, const struct quarters *low)
{
    const uint64_t kept = history_kept_before(at, level, history->begin);
    return kept > 0 ? part_above(low->last, kept, 3) : part_above(low->last, low->first, 2);
}

/* Whether a history is that of a leak. What costs least is asked first. */
static bool leaks(unsigned at, unsigned level, const struct history *history, const struct quarters *low)
{
    return part_above(low->last, low->first, 3) && rises_still(low) && not_freed(history_place(at), history) &&
           rises_by_no_chance(history->mark, (int)history->count) && rises_above_all(at, level, history, low);
}

static uint64_t per_hour(uint64_t bytes, uint64_t span_ms)
{
    enum { HOUR_MS = 3600000 };
    span_ms += span_ms == 0;
    return bytes < UINT64_MAX / HOUR_MS ? bytes * HOUR_MS / span_ms : bytes / span_ms * HOUR_MS;
}

static struct candidate describe_candidate(const struct place *place, const struct history *history, uint64_t bytes)
{
    const uint64_t span = history_now() - history->begin;
    return (struct candidate){.tag = place->tag,
                              .row = {.subject = place->subject,
                                      .row = place->row,
                                      .span_ms = span,
                                      .risen_bytes = bytes,
                                      .made_blocks = since(place->made, history->made),
                                      .freed_blocks = since(place->freed, history->freed),
                                      .bytes_per_hour = per_hour(bytes, span)}};
}

/* Noise may hide the evidence for a moment: a suspect stays one for a while, as long as it is above where it began. */
static bool suspected_lately(const struct place *place, unsigned level)
{
    const uint64_t units_ms = 2 * history_unit_ms(level);
    const uint64_t while_ms = units_ms > SPAN_LEAST_MS ? units_ms : SPAN_LEAST_MS;
    return place->suspected != 0 && place->by == level && history_now() - place->suspected <= while_ms;
}

static bool judge_level(unsigned at, unsigned level, struct candidate *suspect)
{
    if (!history_may_rise(at, level))
        return false;
    const struct history history = history_of(at, level);
    const struct quarters low = quarters_of(&history);
    if (history_now() - history.begin < SPAN_LEAST_MS || low.last <= low.first || low.last - low.first < GROWTH_WORTH)
        return false;
    if (leaks(at, level, &history, &low))
        history_suspect(at, level);
    else if (!suspected_lately(history_place(at), level))
        return false;
    *suspect = describe_candidate(history_place(at), &history, low.last - low.first);
    return true;
}

/* The longest history that makes a suspect is the evidence. */
static bool judge(unsigned at, struct candidate *suspect)
{
    for (unsigned level = GROWTH_LEVELS; level-- > 0;)
        if (judge_level(at, level, suspect))
            return true;
    return false;
}

static bool stronger(const struct candidate *a, const struct candidate *b)
{
    if (a->row.subject != b->row.subject)
        return a->row.subject == SNAPSHOT_SITE;
    return a->row.bytes_per_hour > b->row.bytes_per_hour;
}

/* Into the list at its place; the last of a full list gives way. */
static void insert(struct list *list, const struct candidate *new)
{
    if (list->count == SNAPSHOT_SUSPECTS && !stronger(new, &list->each[SNAPSHOT_SUSPECTS - 1]))
        return;
    unsigned at = list->count < SNAPSHOT_SUSPECTS ? list->count++ : SNAPSHOT_SUSPECTS - 1;
    for (; at > 0 && stronger(new, &list->each[at - 1]); at--)
        list->each[at] = list->each[at - 1];
    list->each[at] = *new;
}

/* Whether the sites reported account for half of what a tag rose by: then its line would say the same again. */
static bool explained(const struct list *list, const struct candidate *tag)
{
    uint64_t sites = 0;
    for (unsigned i = 0; i < list->count; i++)
        if (list->each[i].row.subject == SNAPSHOT_SITE && list->each[i].tag == tag->row.row)
            sites += list->each[i].row.bytes_per_hour;
    return sites >= tag->row.bytes_per_hour / 2;
}

unsigned growth_suspects(struct snapshot_suspect out[SNAPSHOT_SUSPECTS])
{
    struct list list = {.count = 0};
    struct candidate suspect;
    for (unsigned at = 0; at < history_places(); at++) {
        const struct place *place = history_place(at);
        if (place != NULL && place->subject != SNAPSHOT_TOTAL && judge(at, &suspect))
            insert(&list, &suspect);
    }
    unsigned row = 0;
    for (unsigned i = 0; i < list.count; i++)
        if (list.each[i].row.subject == SNAPSHOT_SITE || !explained(&list, &list.each[i]))
            out[row++] = list.each[i].row;
    return row;
}
