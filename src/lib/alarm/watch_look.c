/* Looking at the alarms: by the reporter, which reports those without a function, and by a thread that calls functions.
 */
#include "watch_table.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define TM_LIBRARY
#include "trackmalloc.h"

#include "lib/account/context.h"
#include "lib/account/tag.h"
#include "lib/code/name.h"
#include "lib/sys/clock.h"
#include "lib/sys/sys.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"

void watch_call(const struct watch *watch, const struct tm_alarm_event *event)
{
    struct tm_alarm_event copy = *event;
    copy.struct_size = sizeof copy;
    copy.alarm = watch_number(watch);
    watch->spec.call(&copy, watch->spec.data);
}

static void copy_alarm_name(char *to, const char *from, size_t capacity)
{
    size_t length = strnlen(from, capacity - 1);
    memcpy(to, from, length);
    memset(to + length, 0, capacity - length);
}

/* What the report says of it. */
static void report_event(const struct watch *watch, const struct tm_alarm_event *event, watch_reporter *reporter,
                         struct lock_owner self)
{
    const struct alarm_spec *spec = &watch->spec.alarm;
    struct snapshot_alarm alarm = {.what = (uint32_t)spec->what + SNAPSHOT_ALARM_LEVEL, .over = event->over};
    alarm.of = (uint32_t)spec->of;
    alarm.blocks = (uint32_t)event->blocks;
    alarm.limit = event->over ? spec->until : spec->bytes;
    alarm.value = event->value;
    alarm.change = event->change;
    alarm.since_ms = event->since_ms;
    copy_alarm_name(alarm.tag, tag_name(event->tag), sizeof alarm.tag);
    if (event->site != SITE_NONE)
        name_copy(site_object(event->site), site_address(event->site), alarm.name, self);
    else
        copy_alarm_name(alarm.name, tag_name(event->tag), SNAPSHOT_NAME);
    reporter(&alarm, self);
}

_Static_assert((int)SNAPSHOT_ALARM_BLOCK == (int)ALARM_BLOCK + 1 && (int)SNAPSHOT_ALARM_LEVEL == 1, "told as they are");
_Static_assert((int)SNAPSHOT_TAG == (int)ALARM_OF_TAG && (int)SNAPSHOT_SITE == (int)ALARM_OF_SITE, "told as they are");

static void deliver_event(const struct watch *watch, const struct tm_alarm_event *event, watch_reporter *reporter,
                          struct lock_owner self)
{
    if (watch->spec.call != NULL)
        watch_call(watch, event);
    else if (reporter != NULL)
        report_event(watch, event, reporter, self);
}

/* ---- looking ---- */

static bool look_at_blocks(struct watch *watch, uint64_t now_ms, struct tm_alarm_event *event)
{
    if (cell_read(&watch->blocks) == 0)
        return false;
    event->blocks = __atomic_exchange_n(&watch->blocks, 0, __ATOMIC_RELAXED);
    event->value = __atomic_exchange_n(&watch->largest, 0, __ATOMIC_RELAXED);
    unsigned context = __atomic_load_n(&watch->largest_context, __ATOMIC_RELAXED);
    event->tag = context_tag(context);
    event->site = (uint32_t)context_site(context);
    event->since_ms = now_ms - watch->reported_ms;
    watch->reported_ms = now_ms;
    return true;
}

static bool look_at_value(struct watch *watch, uint64_t now_ms, struct tm_alarm_event *event)
{
    struct alarm_event seen;
    if (!alarm_look(&watch->spec.alarm, &watch->seen, watch_value(watch), now_ms, &seen))
        return false;
    event->over = seen.over;
    event->value = seen.value;
    event->change = seen.change;
    event->since_ms = seen.since_ms;
    if (watch->spec.alarm.of == ALARM_OF_TAG)
        event->tag = watch->spec.number;
    if (watch->spec.alarm.of == ALARM_OF_SITE)
        event->site = watch->spec.number;
    return true;
}

/* As if it were set now. */
static void begin_anew(struct watch *watch, uint64_t now_ms)
{
    watch->seen = (struct alarm_state){.seen = false};
    __atomic_store_n(&watch->blocks, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->largest, 0, __ATOMIC_RELAXED);
    watch->reported_ms = now_ms;
}

static void look_at(struct watch *watch, watch_reporter *reporter, struct lock_owner self)
{
    struct tm_alarm_event event = {.tag = TM_UNTAGGED};
    uint64_t now_ms = clock_uptime_ms();
    if (!watch_is_switched_on(watch))
        return;
    if (__atomic_exchange_n(&watch->stale, false, __ATOMIC_RELAXED))
        begin_anew(watch, now_ms);
    bool firing = watch->spec.alarm.what == ALARM_BLOCK ? look_at_blocks(watch, now_ms, &event)
                                                        : look_at_value(watch, now_ms, &event);
    if (firing)
        deliver_event(watch, &event, reporter, self);
}

static void look_at_all(enum watch_who who, watch_reporter *reporter, struct lock_owner self)
{
    if (LIKELY(__atomic_load_n(&watches.count[who], __ATOMIC_RELAXED) == 0))
        return;
    uint32_t forks = watch_look_begins();
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        struct watch *watch = &watches.each[i];
        if (watch_is_set(watch) && watch_who(&watch->spec) == who && !watch->spec.at_once)
            look_at(watch, reporter, self);
    }
    watch_look_ends(forks);
}

void watch_report(watch_reporter *report, struct lock_owner self)
{
    look_at_all(WATCH_REPORTS, report, self);
}

/* ---- the thread that calls ---- */

static void *call_on_and_on(void *unused)
{
    uint32_t never = 0;
    pthread_setname_np(pthread_self(), "trackmalloc-cb");
    for (;;) {
        look_at_all(WATCH_CALLS, NULL, thread_self());
        sys_futex_wait(&never, 0, TICK_MS * 1000000ul);
    }
    return unused;
}

bool watch_have_caller(void)
{
    uint32_t none = 0;
    if (!__atomic_compare_exchange_n(&watches.has_caller, &none, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return true;
    sigset_t all, before;
    pthread_t thread;
    int error = errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_create(&thread, NULL, call_on_and_on, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made)
        pthread_detach(thread);
    else
        __atomic_store_n(&watches.has_caller, 0, __ATOMIC_RELEASE);
    errno = error;
    return made;
}
