#include "watch_table.h"

#include <string.h>

#define TM_LIBRARY
#include "trackmalloc.h"

#include "lib/account/context.h"
#include "lib/account/slab.h"
#include "lib/config/feature.h"
#include "lib/thread/site.h"

struct watches watches;

enum watch_who watch_who(const struct watch_spec *spec)
{
    return spec->call != NULL ? WATCH_CALLS : WATCH_REPORTS;
}

bool watch_is_set(const struct watch *watch)
{
    return __atomic_load_n(&watch->state, __ATOMIC_ACQUIRE) == STATE_SET; /* pairs with watch_set */
}

/* How often this was forked so far, for look_ends. */
uint32_t watch_look_begins(void)
{
    /* Before a state is read: pairs with free_place. */
    return (uint32_t)(__atomic_fetch_add(&watches.readers, 1, __ATOMIC_SEQ_CST) >> WATCH_FORKS_SHIFT);
}

/* A function of the program's may have forked: in the child, nobody has begun. */
void watch_look_ends(uint32_t forks)
{
    uint64_t readers = cell_read(&watches.readers);
    while (
        readers >> WATCH_FORKS_SHIFT == forks &&
        !__atomic_compare_exchange_n(&watches.readers, &readers, readers - 1, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

bool watch_has_readers(void)
{
    return (uint32_t)__atomic_load_n(&watches.readers, __ATOMIC_SEQ_CST) != 0;
}

int watch_number(const struct watch *watch)
{
    return (int)((watch->round % ROUNDS) << SLOT_BITS) + (int)(watch - watches.each) + 1;
}

bool watch_is_switched_on(const struct watch *watch)
{
    return feature_is_on(watch->spec.alarm.what == ALARM_BLOCK ? TM_FEATURE_BLOCKS : TM_FEATURE_CHANGES);
}

/* ---- values ---- */

static uint64_t context_bytes(unsigned at)
{
    uint64_t sum = 0;
    EACH_SLAB (slab)
        sum += cell_read(&slab->cell[at].allocated.bytes) - cell_read(&slab->cell[at].freed.bytes);
    return sum;
}

/* The contexts that were made since the last look join in; those without room are looked for again each time. */
static uint64_t site_bytes(struct watch *watch)
{
    unsigned count = context_count();
    for (; watch->looked_for < count && watch->contexts < SITE_CONTEXTS; watch->looked_for++)
        if (context_site(watch->looked_for) == watch->spec.number)
            watch->context[watch->contexts++] = (uint16_t)watch->looked_for;
    uint64_t sum = 0;
    for (unsigned i = 0; i < watch->contexts; i++)
        sum += context_bytes(watch->context[i]);
    for (unsigned at = watch->looked_for; at < count; at++)
        if (context_site(at) == watch->spec.number)
            sum += context_bytes(at);
    return not_negative(sum);
}

/* A tag that is only named may come any time: until then it holds nothing. */
static uint64_t tag_bytes(struct watch *watch)
{
    struct watch_spec *spec = &watch->spec;
    if (spec->alarm.name[0] != '\0' && spec->number == TAG_UNTAGGED && watch->looked_for != tag_count()) {
        watch->looked_for = tag_count();
        spec->number = tag_find(spec->alarm.name, strlen(spec->alarm.name));
    }
    bool unknown = spec->alarm.name[0] != '\0' && spec->number == TAG_UNTAGGED;
    return unknown ? 0 : slab_tag_bytes(spec->number);
}

uint64_t watch_value(struct watch *watch)
{
    switch (watch->spec.alarm.of) {
    case ALARM_OF_TAG:
        return tag_bytes(watch);
    case ALARM_OF_SITE:
        return site_bytes(watch);
    default:
        return slab_all_bytes();
    }
}
