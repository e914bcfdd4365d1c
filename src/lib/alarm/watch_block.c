/* Blocks of a size that somebody watches for. */
#include "watch_table.h"

#include <errno.h>

#define TM_LIBRARY
#include "trackmalloc.h"

#include "lib/account/context.h"
#include "lib/account/scope.h"
#include "lib/account/slab.h"
#include "lib/config/state.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"

static __thread bool inside __attribute__((tls_model("initial-exec")));

/* The program's function, in the middle of an allocation: it allocates outside of all scopes, and sets off nothing.
 * However many scopes it ends, the thread is in those that it was in. */
static void call_at_once(const struct watch *watch, const struct block *block)
{
    struct tm_alarm_event event = {.value = block_size(block), .blocks = 1, .tag = block->tag};
    event.site = (uint32_t)context_site(block->context);
    int error = errno;
    bool owns = thread_has_slab();
    uint64_t scope = owns ? thread_slab->scope : 0;
    uint32_t depth = owns ? scope_depth(thread_slab) : 0;
    if (owns)
        scope_push_deep(thread_slab, TAG_UNTAGGED);
    watch_call(watch, &event);
    if (owns && thread_has_slab()) {
        scope_restore(thread_slab, depth);
        thread_slab->scope = scope;
    }
    errno = error;
}

static void record_block(struct watch *watch, const struct block *block)
{
    uint64_t size = block_size(block);
    uint64_t largest = cell_read(&watch->largest);
    while (size > largest &&
           !__atomic_compare_exchange_n(&watch->largest, &largest, size, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    if (size > largest)
        __atomic_store_n(&watch->largest_context, block->context, __ATOMIC_RELAXED);
    __atomic_fetch_add(&watch->blocks, 1, __ATOMIC_RELEASE);
}

void watch_block(const struct block *block)
{
    if (inside || block->flags & FLAG_UNCOUNTED)
        return;
    inside = true;
    uint32_t forks = watch_look_begins();
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        struct watch *watch = &watches.each[i];
        if (!watch_is_set(watch) || watch->spec.alarm.what != ALARM_BLOCK ||
            block_size(block) < watch->spec.alarm.bytes)
            continue;
        if (watch->spec.at_once)
            call_at_once(watch, block);
        else
            record_block(watch, block);
    }
    watch_look_ends(forks);
    inside = false;
}

/* Under the accounting lock. Site caches forget what they know of sizes that are watched for from now on. */
void watch_agree_on_least(void)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        const struct watch *watch = &watches.each[i];
        bool looks = watch_is_set(watch) && watch->spec.alarm.what == ALARM_BLOCK && watch_is_switched_on(watch);
        if (looks && watch->spec.alarm.bytes < least)
            least = watch->spec.alarm.bytes;
    }
    bool lower = least < state_watched_least;
    state_watched_least = least;
    state_watched_class = least == UINT64_MAX ? SIZE_CLASSES : size_class(least);
    if (least == UINT64_MAX)
        state_slow_remove(SLOW_WATCHED);
    else
        state_slow_add(SLOW_WATCHED);
    if (lower)
        slab_forget_sites();
}

void watch_features(void)
{
    for (unsigned i = 0; i < ALARMS_MAX; i++)
        if (watch_is_set(&watches.each[i]) && !watch_is_switched_on(&watches.each[i]))
            __atomic_store_n(&watches.each[i].stale, true, __ATOMIC_RELAXED);
    watch_agree_on_least();
}
