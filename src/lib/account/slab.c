#include "slab.h"

#include <errno.h>
#include <string.h>

#include "lib/config/full.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"

SPARSE struct slab slab_shared;

static struct {
    struct slab first; /* the main thread's: costs no system call, and counts against no limit later */
    bool first_given;
    struct slab *all;
    uint64_t bytes;        /* of all but the first */
    unsigned ownerless;    /* how many of them have no owner */
    uint32_t refused_tick; /* when one was last refused */
    unsigned owners_past;
} slabs SPARSE;

/* ---- whose slab it is ---- */

/* Most of a slab is never touched, but all of it counts against a limit of address space. */
static struct slab *slab_map(void)
{
    uint64_t bytes = slabs.bytes + sizeof(struct slab);
    if (bytes > sys_address_limit() / SLABS_SHARE) {
        full_record(FULL_SLABS);
        return NULL;
    }
    struct slab *slab = sys_memory(sizeof *slab);
    if (slab != NULL)
        slabs.bytes = bytes;
    return slab;
}

static struct slab *slab_new(void)
{
    struct slab *slab = &slabs.first;
    if (slabs.first_given) {
        slab = slab_map();
        if (slab == NULL)
            return NULL;
    }
    slabs.first_given = true;
    slab->sites_mask = (SITES_FIRST - 1ul) * SITE_BYTES;
    slab->next = slabs.all;
    __atomic_store_n(&slabs.all, slab, __ATOMIC_RELEASE); /* pairs with slab_first */
    return slab;
}

static struct slab *slab_ownerless(void)
{
    struct slab *slab = slabs.ownerless != 0 ? slabs.all : NULL;
    while (slab != NULL && slab->tid != 0)
        slab = slab->next;
    return slab;
}

static void count_ownerless(int change)
{
    __atomic_store_n(&slabs.ownerless, slabs.ownerless + (unsigned)change, __ATOMIC_RELAXED);
}

bool slab_may_be_had(uint32_t tick)
{
    return __atomic_load_n(&slabs.ownerless, __ATOMIC_RELAXED) != 0 ||
           __atomic_load_n(&slabs.refused_tick, __ATOMIC_RELAXED) != tick;
}

void slab_start(void)
{
    slab_shared.sites_mask = (SITES_FIRST - 1ul) * SITE_BYTES;
    slab_limit(&slab_shared);
}

struct slab *slab_take(uint32_t tid, uintptr_t owner, uint32_t tick)
{
    struct slab *slab = slab_ownerless();
    if (slab != NULL)
        count_ownerless(-1);
    else
        slab = slab_new();
    if (slab == NULL) {
        __atomic_store_n(&slabs.refused_tick, tick, __ATOMIC_RELAXED);
        return NULL;
    }
    slab->tid = tid;
    slab->owner = owner;
    slab->scope = slab->scopes[0] = slab->base_before = 0;
    slab->pushed = slab->popped = 0;
    stack_reset(&slab->trace);
    slab_refresh_sites(slab);
    slab->before = slab_sum(slab);
    if (slab->tick == 0)
        slab->tick = tick; /* a new one holds nothing that could be folded */
    slab_fold(slab, tick);
    slab_limit(slab);
    return slab;
}

void slab_leave(struct slab *slab)
{
    for (unsigned tag = 0; tag < tag_count(); tag++)
        if (slab->tag[tag].net_base != 0)
            slab_push(slab, tag);
    slabs.owners_past += slab->tid != 0;
    count_ownerless(slab->tid != 0);
    slab->tid = 0;
    slab->owner = 0;
}

/* Counted anew: another thread of the parent's may have been about to take one. */
void slab_orphan(struct slab *alive)
{
    unsigned ownerless = 0;
    for (struct slab *slab = slabs.all; slab != NULL; slab = slab->next) {
        if (slab != alive)
            slab_leave(slab);
        ownerless += slab->tid == 0;
    }
    __atomic_store_n(&slabs.ownerless, ownerless, __ATOMIC_RELAXED);
}

struct slab *slab_first(void)
{
    return __atomic_load_n(&slabs.all, __ATOMIC_ACQUIRE);
}

/* A thread that first allocates in its very last destructor is not heard of again. */
void slab_sweep(uint32_t pid)
{
    for (struct slab *slab = slabs.all; slab != NULL; slab = slab->next)
        if (slab->tid > 1 && sys3(SYS_tgkill, pid, slab->tid, 0) == -ESRCH)
            slab_leave(slab);
}

struct slab *slab_of(uintptr_t owner)
{
    struct slab *slab = slabs.all;
    while (slab != NULL && slab->owner != owner)
        slab = slab->next;
    return slab;
}

void slab_rename(struct slab *slab, const char *name)
{
    size_t length = strnlen(name, THREAD_NAME - 1);
    memcpy(slab->name, name, length);
    memset(slab->name + length, 0, THREAD_NAME - length);
}

struct slab_cell slab_sum(const struct slab *slab)
{
    struct slab_cell sum = {{0, 0}, {0, 0}};
    unsigned contexts = context_count();
    for (unsigned context = 1; context < contexts; context++) {
        struct slab_cell cell = slab_cell_read(&slab->cell[context]);
        sum.allocated.blocks += cell.allocated.blocks;
        sum.allocated.bytes += cell.allocated.bytes;
        sum.freed.blocks += cell.freed.blocks;
        sum.freed.bytes += cell.freed.bytes;
    }
    return sum;
}

static uint64_t held_back(unsigned tag)
{
    uint64_t held = 0;
    EACH_SLAB (slab)
        held += cell_read(&slab->tag[tag].net) - cell_read(&slab->tag[tag].net_base);
    return held;
}

uint64_t slab_tag_bytes(unsigned tag)
{
    return not_negative(tag_level(tag) + held_back(tag));
}

static bool slabs_are_few(unsigned most)
{
    unsigned count = 0;
    for (const struct slab *slab = slab_first(); slab != NULL && count <= most; slab = slab->next)
        count++;
    return count <= most;
}

uint64_t slab_all_bytes(void)
{
    enum { LOOKS = 2048 }; /* some 10 us */
    uint64_t sum = total_level();
    unsigned tags = tag_count();
    if (!slabs_are_few(LOOKS / tags))
        return not_negative(sum);
    for (unsigned tag = 0; tag < tags; tag++)
        sum += held_back(tag);
    return not_negative(sum);
}

unsigned slab_owners_past(void)
{
    return slabs.owners_past;
}

unsigned slab_peak_error(void)
{
    unsigned least = NET_LIMIT_LEAST * tag_count();
    return least > NET_ERROR ? least : NET_ERROR;
}

static uint64_t pages(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

uint64_t slab_resident(void)
{
    uint64_t contexts = context_count();
    uint64_t sum = slab_wheels_resident() + pages(contexts * 2 * sizeof(struct slab_cell));
    for (const struct slab *slab = slabs.all; slab != NULL; slab = slab->next)
        sum += pages(offsetof(struct slab, site) + slab->sites_mask + SITE_BYTES) +
               pages(tag_count() * sizeof(struct slab_tag)) + pages(contexts * sizeof(struct slab_cell)) +
               pages(contexts * sizeof(struct slab_births));
    return sum;
}

/* ---- the owner's rare work ---- */

/* What is held back starts in the middle of its range. */
static void net_center(struct slab *slab, struct slab_tag *counts)
{
    uint64_t middle = (uint64_t)slab->net_most / 2;
    cell_add(&counts->net, middle - counts->net_base);
    counts->net_base = middle;
}

void slab_push(struct slab *slab, unsigned tag)
{
    struct slab_tag *counts = &slab->tag[tag];
    uint64_t held = cell_read(&counts->net) - counts->net_base;
    tag_push(tag, held);
    cell_sub(&counts->net, held);
    net_center(slab, counts);
}

void slab_limit(struct slab *slab)
{
    int64_t share = NET_ERROR / (int64_t)tag_count();
    int64_t most = 2 * (share > NET_LIMIT_LEAST ? share : NET_LIMIT_LEAST);
    if (most == slab->net_most)
        return;
    slab->net_most = most;
    for (unsigned tag = 0; tag < tag_count(); tag++)
        if (slab->tag[tag].net_base != 0)
            slab_push(slab, tag);
}
