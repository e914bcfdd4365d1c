/* A slab's site cache: what its owner learned of call sites, at two places of one cache line. */
#include "slab.h"

static uint32_t sites_epoch;

/* Who is on the fast path meets the tick that is none before anything else. The next one that is published is new to
 * everybody. */
void slab_forget_sites(void)
{
    __atomic_fetch_add(&sites_epoch, 1, __ATOMIC_RELEASE); /* pairs with slab_refresh_sites */
    clock_retract();
}

void slab_refresh_sites(struct slab *slab)
{
    uint32_t epoch = __atomic_load_n(&sites_epoch, __ATOMIC_ACQUIRE);
    if (LIKELY(slab->epoch == epoch))
        return;
    slab->epoch = epoch;
    slab->wrapper = 0;
    for (uint64_t at = 0; at <= slab->sites_mask / SITE_BYTES; at++)
        __atomic_store_n(&slab->site[at].key, 0, __ATOMIC_RELAXED);
}

/* The other entry of the same cache line. */
static struct slab_site *site_secondary(struct slab_site *site)
{
    return (struct slab_site *)((uintptr_t)site ^ SITE_BYTES);
}

_Static_assert(SITES_WAYS *SITE_BYTES == CACHE_LINE, "two entries share a line");

/* A signal handler that allocates in between may take the same place: then the entry is dropped. */
static void site_write(struct slab *slab, struct slab_site *site, uint64_t key, uint64_t template)
{
    __atomic_store_n(&site->key, 0, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&site->template, template, __ATOMIC_RELAXED);
    __atomic_store_n(&site->cell, &slab->cell[(uint16_t)(template >> 16)], __ATOMIC_RELAXED);
    __atomic_store_n(&site->tag, &slab->tag[(uint16_t) template], __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&site->key, key, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&site->template, __ATOMIC_RELAXED) != template)
        __atomic_store_n(&site->key, 0, __ATOMIC_RELAXED);
}

/* An entry that changes while it is read (by a signal handler's allocation) is left where it is. So is one that would
 * come home: the thread may be interrupted while it looks there for that very key, with the word of what was there
 * before already read (track_allocated compares the key last). It is pushed out instead of another. */
static void site_move(struct slab *slab, const struct slab_site *from, struct slab_site *to)
{
    uint64_t key = __atomic_load_n(&from->key, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint64_t template = slab_site_template(from, key);
    if (template != 0 && slab_site(slab, key) != to)
        site_write(slab, to, key, template);
}

/* Doubles the site cache, up to `most` entries, when keys have missed their home often enough: what is at its old
 * place is then never found. Whether it did. */
static bool sites_grow(struct slab *slab, uint64_t most)
{
    if (++slab->misses <= slab->sites_mask / SITE_BYTES / 8 || slab->sites_mask >= (most - 1) * SITE_BYTES)
        return false;
    slab->misses = 0;
    slab->sites_mask = 2 * slab->sites_mask + SITE_BYTES;
    return true;
}

uint64_t slab_recall(struct slab *slab, uint64_t key)
{
    struct slab_site *primary = slab_site(slab, key);
    struct slab_site *secondary = site_secondary(primary);
    uint64_t template = slab_site_template(primary, key);
    if (template != 0)
        return template;
    template = slab_site_template(secondary, key);
    if (template == 0)
        return 0;
    if (primary->key != 0 && sites_grow(slab, SITES_SWAPPED)) {
        primary = slab_site(slab, key);
        secondary = site_secondary(primary);
    }
    site_move(slab, primary, secondary);
    site_write(slab, primary, key, template);
    return template;
}

void slab_remember(struct slab *slab, uint64_t key, uint64_t template)
{
    struct slab_site *primary = slab_site(slab, key);
    struct slab_site *secondary = site_secondary(primary);
    struct slab_tag *counts = &slab->tag[(uint16_t) template];
    if (counts->net_base == 0)
        slab_push(slab, (uint16_t) template); /* nothing: centers what is held back */
    if (primary->key != 0 && secondary->key != 0 && sites_grow(slab, SITES_MAX)) {
        primary = slab_site(slab, key);
        secondary = site_secondary(primary);
    }
    if (primary->key != 0)
        site_move(slab, primary, secondary);
    site_write(slab, primary, key, template);
}
