/* Who looks like a leak: the rule that growth.h tells. */
#include "history.h"

struct candidate {
    struct snapshot_suspect told;
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

/* More blocks were made than freed, or none were freed: a buffer that only grows is one block. */
static bool not_freed(const struct place *place, const struct history *history)
{
    const uint64_t freed = place->freed - history->freed;
    return freed == 0 || place->made - history->made > freed;
}

/* By how much a history rose as a leak's does; 0: it did not. What costs least is asked first. */
static uint64_t risen(unsigned at, unsigned level, const struct history *history)
{
    const unsigned n = history->count;
    const unsigned quarter = n / 4;
    const uint64_t first = least(history->mark, quarter);
    const uint64_t third = least(history->mark + n - 2 * quarter, quarter);
    const uint64_t last = least(history->mark + n - quarter, quarter);
    if (!part_above(last, first, 3) || last - first < GROWTH_WORTH)
        return 0;
    if (last < third || last - third < (last - first) / 8 || !not_freed(history_place(at), history))
        return 0;
    if (!rises_by_no_chance(history->mark, (int)n))
        return 0;
    const uint64_t kept = history_kept_before(at, level, history->begin);
    if (kept > 0 ? !part_above(last, kept, 3) : !part_above(last, first, 2))
        return 0;
    return last - first;
}

static uint64_t per_hour(uint64_t bytes, uint64_t span_ms)
{
    enum { HOUR_MS = 3600000 };
    span_ms += span_ms == 0;
    return bytes < UINT64_MAX / HOUR_MS ? bytes * HOUR_MS / span_ms : bytes / span_ms * HOUR_MS;
}

static struct candidate describe(const struct place *place, const struct history *history, uint64_t bytes)
{
    const uint64_t span = history_now() - history->begin;
    return (struct candidate){.tag = place->tag,
                              .told = {.subject = place->subject,
                                       .row = place->row,
                                       .span_ms = span,
                                       .risen_bytes = bytes,
                                       .made_blocks = place->made - history->made,
                                       .freed_blocks = place->freed - history->freed,
                                       .bytes_per_hour = per_hour(bytes, span)}};
}

/* The longest history that makes a suspect is the evidence. */
static bool judge(unsigned at, struct candidate *suspect)
{
    for (unsigned level = GROWTH_LEVELS; level-- > 0;) {
        if (!history_may_rise(at, level))
            continue;
        const struct history history = history_of(at, level);
        const uint64_t bytes = risen(at, level, &history);
        if (bytes == 0)
            continue;
        *suspect = describe(history_place(at), &history, bytes);
        return true;
    }
    return false;
}

static bool stronger(const struct candidate *a, const struct candidate *b)
{
    if (a->told.subject != b->told.subject)
        return a->told.subject == SNAPSHOT_SITE;
    return a->told.bytes_per_hour > b->told.bytes_per_hour;
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

/* Whether the sites told of account for half of what a tag rose by: then its line would say the same again. */
static bool explained(const struct list *list, const struct candidate *tag)
{
    uint64_t sites = 0;
    for (unsigned i = 0; i < list->count; i++)
        if (list->each[i].told.subject == SNAPSHOT_SITE && list->each[i].tag == tag->told.row)
            sites += list->each[i].told.bytes_per_hour;
    return sites >= tag->told.bytes_per_hour / 2;
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
    unsigned told = 0;
    for (unsigned i = 0; i < list.count; i++)
        if (list.each[i].told.subject == SNAPSHOT_SITE || !explained(&list, &list.each[i]))
            out[told++] = list.each[i].told;
    return told;
}
