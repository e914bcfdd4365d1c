/* Built for speed. */
#include "watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define TM_LIBRARY
#include "trackmalloc.h"

#include "clock.h"
#include "context.h"
#include "feature.h"
#include "lock.h"
#include "name.h"
#include "scope.h"
#include "site.h"
#include "slab.h"
#include "state.h"
#include "sys.h"
#include "thread.h"

enum watch_who { WATCH_REPORTS, WATCH_CALLS };

enum watch_state { STATE_FREE, STATE_SET, STATE_CANCELLED };

enum { SITE_CONTEXTS = 64, SLOT_BITS = 6, ROUNDS = INT32_MAX >> SLOT_BITS };

_Static_assert(1 << SLOT_BITS == ALARMS_MAX, "a number is a place and a round");

struct watch {
    enum watch_state state;
    uint32_t round; /* how often the place was taken */
    struct watch_wish wish;
    struct alarm_state seen;
    bool stale; /* what was seen is from before it was switched off */

    /* Of a call site: its contexts, as far as they have been looked for. */
    unsigned looked_for;
    unsigned contexts;
    uint16_t context[SITE_CONTEXTS];

    /* Of blocks: since it was last told. */
    uint64_t blocks;
    uint64_t largest;
    uint32_t largest_context;
    uint64_t told_ms;
};

static struct {
    struct watch each[ALARMS_MAX];
    unsigned count[2];   /* of those set, by who looks at them */
    uint64_t lookers;    /* threads that may be in the middle of any of them; above, how often this was forked */
    uint32_t has_caller; /* the thread that calls functions */
} watches;

enum { FORKS_SHIFT = 32 };

static enum watch_who who_looks(const struct watch_wish *wish)
{
    return wish->call != NULL ? WATCH_CALLS : WATCH_REPORTS;
}

static bool is_set(const struct watch *watch)
{
    return __atomic_load_n(&watch->state, __ATOMIC_ACQUIRE) == STATE_SET; /* pairs with watch_set */
}

/* How often this was forked so far, for look_ends. */
static uint32_t look_begins(void)
{
    /* Before a state is read: pairs with free_place. */
    return (uint32_t)(__atomic_fetch_add(&watches.lookers, 1, __ATOMIC_SEQ_CST) >> FORKS_SHIFT);
}

/* A function of the program's may have forked: in the child, nobody has begun. */
static void look_ends(uint32_t forks)
{
    uint64_t lookers = cell_read(&watches.lookers);
    while (lookers >> FORKS_SHIFT == forks && !__atomic_compare_exchange_n(&watches.lookers, &lookers, lookers - 1,
                                                                           true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

static bool somebody_looks(void)
{
    return (uint32_t)__atomic_load_n(&watches.lookers, __ATOMIC_SEQ_CST) != 0;
}

/* ---- values ---- */

static uint64_t context_bytes(unsigned at)
{
    uint64_t sum = cell_read(&slab_shared.cell[at].allocated.bytes) - cell_read(&slab_shared.cell[at].freed.bytes);
    for (const struct slab *slab = slab_first(); slab != NULL; slab = slab->next)
        sum += cell_read(&slab->cell[at].allocated.bytes) - cell_read(&slab->cell[at].freed.bytes);
    return sum;
}

/* The contexts that were made since the last look join in; those without room are looked for again each time. */
static uint64_t site_bytes(struct watch *watch)
{
    unsigned count = context_count();
    for (; watch->looked_for < count && watch->contexts < SITE_CONTEXTS; watch->looked_for++)
        if (context_site(watch->looked_for) == watch->wish.number)
            watch->context[watch->contexts++] = (uint16_t)watch->looked_for;
    uint64_t sum = 0;
    for (unsigned i = 0; i < watch->contexts; i++)
        sum += context_bytes(watch->context[i]);
    for (unsigned at = watch->looked_for; at < count; at++)
        if (context_site(at) == watch->wish.number)
            sum += context_bytes(at);
    return not_negative(sum);
}

/* A tag that is only named may come any time: until then it holds nothing. */
static uint64_t tag_bytes(struct watch *watch)
{
    struct watch_wish *wish = &watch->wish;
    if (wish->alarm.name[0] != '\0' && wish->number == TAG_UNTAGGED && watch->looked_for != tag_count()) {
        watch->looked_for = tag_count();
        wish->number = tag_find(wish->alarm.name, strlen(wish->alarm.name));
    }
    bool unknown = wish->alarm.name[0] != '\0' && wish->number == TAG_UNTAGGED;
    return unknown ? 0 : slab_tag_bytes(wish->number);
}

static uint64_t value_of(struct watch *watch)
{
    switch (watch->wish.alarm.of) {
    case ALARM_OF_TAG:
        return tag_bytes(watch);
    case ALARM_OF_SITE:
        return site_bytes(watch);
    default:
        return slab_all_bytes();
    }
}

/* ---- who is told ---- */

static int number_of(const struct watch *watch)
{
    return (int)((watch->round % ROUNDS) << SLOT_BITS) + (int)(watch - watches.each) + 1;
}

static void call(const struct watch *watch, const struct tm_alarm_event *event)
{
    struct tm_alarm_event copy = *event;
    copy.struct_size = sizeof copy;
    copy.alarm = number_of(watch);
    watch->wish.call(&copy, watch->wish.data);
}

static void copy_name(char *to, const char *from, size_t capacity)
{
    size_t length = strnlen(from, capacity - 1);
    memcpy(to, from, length);
    memset(to + length, 0, capacity - length);
}

/* What the report says of it. */
static void report(const struct watch *watch, const struct tm_alarm_event *event, watch_reporter *reporter,
                   struct lock_owner self)
{
    const struct alarm_wish *wish = &watch->wish.alarm;
    struct snapshot_alarm alarm = {.what = (uint32_t)wish->what + SNAPSHOT_ALARM_LEVEL, .over = event->over};
    alarm.of = (uint32_t)wish->of;
    alarm.blocks = (uint32_t)event->blocks;
    alarm.limit = event->over ? wish->until : wish->bytes;
    alarm.value = event->value;
    alarm.change = event->change;
    alarm.since_ms = event->since_ms;
    copy_name(alarm.tag, tag_name(event->tag), sizeof alarm.tag);
    if (event->site != SITE_NONE)
        name_copy(site_object(event->site), site_address(event->site), alarm.name, self);
    else
        copy_name(alarm.name, tag_name(event->tag), SNAPSHOT_NAME);
    reporter(&alarm, self);
}

_Static_assert((int)SNAPSHOT_ALARM_BLOCK == (int)ALARM_BLOCK + 1 && (int)SNAPSHOT_ALARM_LEVEL == 1, "told as they are");
_Static_assert((int)SNAPSHOT_TAG == (int)ALARM_OF_TAG && (int)SNAPSHOT_SITE == (int)ALARM_OF_SITE, "told as they are");

static void tell(const struct watch *watch, const struct tm_alarm_event *event, watch_reporter *reporter,
                 struct lock_owner self)
{
    if (watch->wish.call != NULL)
        call(watch, event);
    else
        report(watch, event, reporter, self);
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
    event->since_ms = now_ms - watch->told_ms;
    watch->told_ms = now_ms;
    return true;
}

static bool look_at_value(struct watch *watch, uint64_t now_ms, struct tm_alarm_event *event)
{
    struct alarm_event seen;
    if (!alarm_look(&watch->wish.alarm, &watch->seen, value_of(watch), now_ms, &seen))
        return false;
    event->over = seen.over;
    event->value = seen.value;
    event->change = seen.change;
    event->since_ms = seen.since_ms;
    if (watch->wish.alarm.of == ALARM_OF_TAG)
        event->tag = watch->wish.number;
    if (watch->wish.alarm.of == ALARM_OF_SITE)
        event->site = watch->wish.number;
    return true;
}

static bool is_switched_on(const struct watch *watch)
{
    return feature_is_on(watch->wish.alarm.what == ALARM_BLOCK ? TM_FEATURE_BLOCKS : TM_FEATURE_CHANGES);
}

/* As if it were set now. */
static void begin_anew(struct watch *watch, uint64_t now_ms)
{
    watch->seen = (struct alarm_state){.seen = false};
    __atomic_store_n(&watch->blocks, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->largest, 0, __ATOMIC_RELAXED);
    watch->told_ms = now_ms;
}

static void look_at(struct watch *watch, watch_reporter *reporter, struct lock_owner self)
{
    struct tm_alarm_event event = {.tag = TM_UNTAGGED};
    uint64_t now_ms = clock_uptime_ms();
    if (!is_switched_on(watch))
        return;
    if (__atomic_exchange_n(&watch->stale, false, __ATOMIC_RELAXED))
        begin_anew(watch, now_ms);
    bool rings = watch->wish.alarm.what == ALARM_BLOCK ? look_at_blocks(watch, now_ms, &event)
                                                       : look_at_value(watch, now_ms, &event);
    if (rings)
        tell(watch, &event, reporter, self);
}

static void look(enum watch_who who, watch_reporter *reporter, struct lock_owner self)
{
    if (LIKELY(__atomic_load_n(&watches.count[who], __ATOMIC_RELAXED) == 0))
        return;
    uint32_t forks = look_begins();
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        struct watch *watch = &watches.each[i];
        if (is_set(watch) && who_looks(&watch->wish) == who && !watch->wish.at_once)
            look_at(watch, reporter, self);
    }
    look_ends(forks);
}

void watch_report(watch_reporter *report, struct lock_owner self)
{
    look(WATCH_REPORTS, report, self);
}

/* ---- blocks ---- */

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
    call(watch, &event);
    if (owns && thread_has_slab()) {
        scope_restore(thread_slab, depth);
        thread_slab->scope = scope;
    }
    errno = error;
}

static void note_block(struct watch *watch, const struct block *block)
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
    if (inside || block->shape & SHAPE_UNCOUNTED)
        return;
    inside = true;
    uint32_t forks = look_begins();
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        struct watch *watch = &watches.each[i];
        if (!is_set(watch) || watch->wish.alarm.what != ALARM_BLOCK || block_size(block) < watch->wish.alarm.bytes)
            continue;
        if (watch->wish.at_once)
            call_at_once(watch, block);
        else
            note_block(watch, block);
    }
    look_ends(forks);
    inside = false;
}

/* Under the books' lock. Site caches forget what they know of sizes that are watched for from now on. */
static void agree_on_least(void)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        const struct watch *watch = &watches.each[i];
        bool looks = is_set(watch) && watch->wish.alarm.what == ALARM_BLOCK && is_switched_on(watch);
        if (looks && watch->wish.alarm.bytes < least)
            least = watch->wish.alarm.bytes;
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
        if (is_set(&watches.each[i]) && !is_switched_on(&watches.each[i]))
            __atomic_store_n(&watches.each[i].stale, true, __ATOMIC_RELAXED);
    agree_on_least();
}

/* ---- the thread that calls ---- */

static void *call_on_and_on(void *unused)
{
    uint32_t never = 0;
    pthread_setname_np(pthread_self(), "trackmalloc-cb");
    for (;;) {
        look(WATCH_CALLS, NULL, thread_self());
        sys_futex_wait(&never, 0, TICK_MS * 1000000ul);
    }
    return unused;
}

static bool have_caller(void)
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

/* ---- setting ---- */

/* One that was cancelled, too, when nobody can have seen it set: who looks from now on sees that it is not. */
static struct watch *free_place(void)
{
    bool nobody_looks = !somebody_looks();
    for (unsigned i = 0; i < ALARMS_MAX; i++) {
        enum watch_state state = watches.each[i].state;
        if (state == STATE_FREE || (state == STATE_CANCELLED && nobody_looks))
            return &watches.each[i];
    }
    return NULL;
}

/* Under the books' lock. */
static int put(const struct watch_wish *wish)
{
    struct watch *watch = free_place();
    if (watch == NULL)
        return 0;
    uint32_t round = watch->round + 1;
    memset(watch, 0, sizeof *watch);
    watch->round = round;
    watch->wish = *wish;
    watch->told_ms = clock_uptime_ms();
    watch->stale = !is_switched_on(watch);
    if (wish->alarm.what != ALARM_BLOCK)
        alarm_begin(&wish->alarm, &watch->seen, value_of(watch), watch->told_ms);
    __atomic_store_n(&watch->state, STATE_SET, __ATOMIC_RELEASE);
    __atomic_fetch_add(&watches.count[who_looks(wish)], 1, __ATOMIC_RELAXED);
    agree_on_least();
    return number_of(watch);
}

int watch_set(const struct watch_wish *wish)
{
    if (wish->call != NULL && !wish->at_once && !have_caller())
        return 0;
    /* Cancelled ones are free once nobody looks, which takes microseconds; a function of the program's, longer. */
    enum { TRIES = 10, PAUSE_NS = 1000000 };
    uint32_t never = 0;
    int number = 0;
    for (unsigned i = 0; i < TRIES && number == 0; i++) {
        if (i != 0)
            sys_futex_wait(&never, 0, PAUSE_NS);
        if (lock_take(&lock_books, thread_self()) != LOCK_TAKEN)
            return 0;
        number = put(wish);
        lock_release(&lock_books);
    }
    return number;
}

static bool take_out(int number)
{
    struct watch *watch = &watches.each[(unsigned)(number - 1) % ALARMS_MAX];
    if (number <= 0 || watch->state != STATE_SET || number_of(watch) != number)
        return false;
    __atomic_store_n(&watch->state, STATE_CANCELLED, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&watches.count[who_looks(&watch->wish)], 1, __ATOMIC_RELAXED);
    agree_on_least();
    return true;
}

bool watch_cancel(int number)
{
    if (lock_take(&lock_books, thread_self()) != LOCK_TAKEN)
        return false;
    bool done = take_out(number);
    lock_release(&lock_books);
    return done;
}

void watch_start(void)
{
    for (unsigned i = 0; i < alarm_count(); i++) {
        struct watch_wish wish = {.alarm = *alarm_option(i), .number = TAG_UNTAGGED};
        put(&wish);
    }
}

void watch_forked(void)
{
    watches.has_caller = 0;
    watches.lookers = ((watches.lookers >> FORKS_SHIFT) + 1) << FORKS_SHIFT;
}
