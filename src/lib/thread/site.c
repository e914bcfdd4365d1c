#include "site.h"

#include <string.h>

#include "accounting.h"
#include "lib/account/context.h"
#include "lib/account/intern.h"
#include "lib/account/scope.h"
#include "lib/account/tag.h"
#include "lib/code/name.h"
#include "lib/code/rule.h"
#include "lib/config/full.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/stack/stack.h"
#include "lib/sys/clock.h"
#include "lib/sys/lock.h"
#include "thread.h"

enum { WRAPPERS_DEEP = 8 };

_Static_assert((int)OBJECT_KEY_SHIFT > (int)CONTEXT_SITE_BITS, "an address and its object are one key");

/* By a site's number. */
static struct {
    struct intern keys; /* the address; of a second object there, with the object's number above */
    struct {
        uint16_t current; /* of the number of a plain address: the site of the object that is there now */
        uint16_t object;
        uint16_t tag;
        bool wrapper;
    } site[INTERN_MAX];
} sites SPARSE;

void site_start(void)
{
    intern_start(&sites.keys);
}

void site_forked(void)
{
    intern_forked(&sites.keys);
}

unsigned site_count(void)
{
    return intern_count(&sites.keys);
}

uintptr_t site_address(unsigned site)
{
    return object_key_address(sites.keys.key[site]);
}

unsigned site_object(unsigned site)
{
    return sites.site[site].object;
}

/* ---- a site's number ---- */

/* SITE_NONE: not known yet, or not since another object was unloaded there. Takes no lock. */
static unsigned site_find(uintptr_t address)
{
    unsigned first = intern_find(&sites.keys, address);
    unsigned site = __atomic_load_n(&sites.site[first].current, __ATOMIC_ACQUIRE); /* pairs with site_make_current */
    return site != SITE_NONE && object_is_gone(object_get(sites.site[site].object)) ? SITE_NONE : site;
}

/* The tag by the first rule that matches, else by the module. */
static unsigned tag_of(unsigned object, uintptr_t address, bool *wrapper)
{
    char name[SNAPSHOT_NAME];
    struct rule_answer answer = rule_for_site(object, address);
    *wrapper = answer.skip;
    if (answer.tag != NULL)
        return tag_intern(answer.tag, strlen(answer.tag));
    return options.tags == TAGS_BY_MODULE ? tag_intern(name, module_name(address, name)) : TAG_UNTAGGED;
}

static unsigned site_add(uint64_t key, unsigned object, uintptr_t address)
{
    unsigned site = sites.keys.count;
    sites.site[site].object = (uint16_t)object;
    sites.site[site].tag = (uint16_t)tag_of(object, address, &sites.site[site].wrapper);
    if (sites.site[site].wrapper)
        state_slow_add(SLOW_WRAPPERS); /* before its site is known to anybody */
    if (key == address)
        sites.site[site].current = (uint16_t)site;
    return intern_add(&sites.keys, key);
}

static unsigned site_new(uint64_t key, unsigned object, uintptr_t address)
{
    if (sites.keys.count < SITES_NUMBERED)
        return site_add(key, object, address);
    full_record(FULL_SITES);
    return SITE_NONE;
}

/* Under the accounting lock. SITE_NONE: the table is full. */
static unsigned site_intern(uintptr_t address)
{
    unsigned first = intern_find(&sites.keys, address);
    unsigned object = object_of(address, clock_uptime_ms());
    if (object == OBJECT_OTHER)
        return SITE_NONE; /* nobody would tell when another one is there */
    if (first == SITE_NONE)
        return site_new(address, object, address);
    unsigned site = first;
    if (sites.site[first].object != object) {
        uint64_t key = object_key(object, address);
        site = intern_find(&sites.keys, key);
        if (site == SITE_NONE)
            site = site_new(key, object, address);
    }
    __atomic_store_n(&sites.site[first].current, (uint16_t)site, __ATOMIC_RELEASE);
    return site;
}

/* The same from anywhere. False: a signal handler in the middle of such work asks; nothing can be known. */
static bool site_get(const struct slab *slab, uintptr_t address, unsigned *site)
{
    *site = site_find(address);
    if (*site != SITE_NONE)
        return true;
    struct accounting accounting;
    if (!accounting_lock(slab, &accounting))
        return false;
    *site = site_intern(address);
    accounting_close(&accounting);
    return true;
}

static bool is_wrapper(const struct slab *slab, uintptr_t address)
{
    unsigned site;
    return site_get(slab, address, &site) && sites.site[site].wrapper;
}

uintptr_t site_behind_wrappers(struct slab *slab, uintptr_t caller, uintptr_t slot)
{
    for (unsigned levels = 1; levels <= WRAPPERS_DEEP; levels++) {
        if (!is_wrapper(slab, caller))
            return caller;
        if (levels == 1)
            slab->wrapper = caller;
        uintptr_t further = stack_caller(&slab->trace, slot, levels);
        if (further == 0)
            return caller;
        caller = further;
    }
    return caller;
}

/* ---- its contexts ---- */

/* A context without a site is its tag's. */
static uint64_t key_of(unsigned site, unsigned size_class, unsigned scope, unsigned tag)
{
    bool apart = options.callers && site != SITE_NONE;
    return apart ? context_key(site, size_class, scope) : context_key(SITE_NONE, size_class, tag);
}

/* A thread's rule before its site's; that before what tags=thread says of a thread. (tags=module says it of a site.) */
static unsigned tag_at(const struct slab *slab, unsigned site)
{
    unsigned scope = (unsigned)slab->scope;
    if (scope_depth(slab) != 0 || scope != slab->scopes[0])
        return scope; /* asked for, and no thread's name */
    unsigned own = sites.site[site].tag;
    bool by_site = scope == TAG_UNTAGGED || (own != TAG_UNTAGGED && rule_for_thread(slab->name) == NULL);
    return by_site ? own : scope;
}

/* Under the accounting lock. */
static unsigned context_new(struct slab *slab, uintptr_t caller, unsigned site, unsigned size_class)
{
    bool wrapper;
    unsigned scope = (unsigned)slab->scope;
    bool by_caller = site == SITE_NONE && scope == TAG_UNTAGGED;
    unsigned tag = by_caller ? tag_of(OBJECT_NONE, caller, &wrapper) : tag_at(slab, site);
    unsigned context = context_intern(key_of(site, size_class, scope, tag), tag);
    slab_limit(slab);
    return context;
}

static unsigned context_of(struct slab *slab, uintptr_t caller, unsigned size_class)
{
    unsigned site;
    if (!site_get(slab, caller, &site))
        return context_last_resort(size_class);
    unsigned scope = (unsigned)slab->scope;
    unsigned context = site != SITE_NONE ? context_find(key_of(site, size_class, scope, tag_at(slab, site))) : 0;
    if (context != 0)
        return context;
    struct accounting accounting;
    if (!accounting_lock(slab, &accounting))
        return context_last_resort(size_class);
    context = context_new(slab, caller, site, size_class);
    accounting_close(&accounting);
    return context;
}

uint64_t site_template(struct slab *slab, uintptr_t caller, size_t size)
{
    unsigned log = size_class(size);
    uint64_t key = slab_key_slow(slab, caller, size);
    uint64_t template = slab_recall(slab, key);
    if (template != 0)
        return template;
    unsigned context = context_of(slab, caller, log);
    template = block_template(context_tag(context), context);
    bool last_resort = context < SIZE_CLASSES; /* for this once */
    bool wrapper = UNLIKELY(state_is_slow(SLOW_WRAPPERS)) && is_wrapper(slab, caller);
    if (!last_resort && !wrapper && log < state_watched_class)
        slab_remember(slab, key, template);
    return template;
}

/* The context of a site under exactly that tag, be it the site's own or one that was asked for; 0: there is none, and
 * no space for it. */
static unsigned context_under(struct slab *slab, unsigned site, unsigned size_class, unsigned tag)
{
    unsigned context = site != SITE_NONE ? context_find(context_key(site, size_class, TAG_UNTAGGED)) : 0;
    if (context != 0 && context_tag(context) == tag)
        return context;
    uint64_t key = context_key(site, size_class, tag);
    context = context_find(key);
    if (context != 0)
        return context_tag(context) == tag ? context : 0;
    struct accounting accounting;
    if (!accounting_lock(slab, &accounting))
        return 0;
    context = context_intern(key, tag);
    accounting_close(&accounting);
    return context_tag(context) == tag ? context : 0;
}

unsigned site_context_resized(struct slab *slab, const struct block *block, unsigned size_class)
{
    unsigned context = context_under(slab, (unsigned)context_site(block->context), size_class, block->tag);
    return context != 0 ? context : block->context;
}

unsigned site_context_handed(struct slab *slab, const struct block *block, unsigned tag)
{
    unsigned site = (unsigned)context_site(block->context);
    if (tag == TAG_UNTAGGED)
        tag = sites.site[site].tag;
    return tag == block->tag ? block->context : context_under(slab, site, context_class(block->context), tag);
}

/* ---- unloading ---- */

void site_before_unload(uintptr_t dynamic)
{
    unsigned count = site_count();
    for (unsigned site = 1; site < count; site++) {
        const struct object *object = object_get(sites.site[site].object);
        if (object->dynamic == dynamic && !object->is_program && !object_is_gone(object))
            name_learn(sites.site[site].object, site_address(site), thread_self());
    }
}

/* Those that have gone just now. */
static void retire_stacks(uint64_t now_ms)
{
    for (unsigned i = 1; i < object_count(); i++) {
        const struct object *object = object_get(i);
        if (cell_read(&object->gone_ms) == now_ms)
            stack_retire(object->begin, object->end, i);
    }
}

/* A time that no unloading had before: what has gone just now is told from what went in the same millisecond by it.
 * Never 0: that is a loaded one's. Under the accounting lock. */
static uint64_t time_of_unloading(void)
{
    static uint64_t last_ms;
    uint64_t now_ms = clock_uptime_ms() + 1;
    last_ms = now_ms > last_ms ? now_ms : last_ms + 1;
    return last_ms;
}

void site_after_unload(void)
{
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return;
    uint64_t now_ms = time_of_unloading();
    bool gone = object_check(now_ms);
    if (gone)
        retire_stacks(now_ms);
    lock_release(&lock_accounting);
    if (gone) {
        slab_forget_sites();
        unwind_forget();
    }
}
