/* A slab: the counters of one thread. Only its owner writes them, anybody may read, a total is a sum over slabs.
 *
 * Slabs are sparse memory (a page is there once it is written to), they are handed on when a thread ends, and
 * never taken down: whatever is freed by a thread's last destructors still finds a home. A thread that cannot
 * have one of its own shares slab_shared with the like of it, under the accounting lock. */
#ifndef TM_SLAB_H
#define TM_SLAB_H

#include "age.h"
#include "block.h"
#include "context.h"
#include "lib/config/state.h"
#include "lib/stack/stack.h"
#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "sample.h"
#include "tag.h"

enum {
    SITES_MAX = 16384,    /* entries of the site cache once it has grown */
    SITES_FIRST = 128,    /* and before */
    SITES_SWAPPED = 1024, /* as far as it grows for keys that only take each other's home */
    SITES_WAYS = 2,       /* entries of one cache line: a key may be in either of them */
    SITE_BYTES = 32,
    SITES_HASH_SHIFT = 45,
    THREAD_NAME = 16,
    SCOPES_MAX = 64, /* that tell their tags; deeper ones are only counted */

    /* A peak may be off by this for each live thread: what a thread holds back of a tag is pushed when it passes the
     * tag's share. (From 64 tags on: NET_LIMIT_LEAST for each tag.) */
    NET_ERROR = 64 * 1024,
    NET_LIMIT_LEAST = 1024,

    SLABS_SHARE = 32 /* of an address space that is limited (RLIMIT_AS): one part in so many is for slabs */
};

/* What one context did in this thread. A resize moves the allocation to its new size: it adds the difference,
 * or moves one block from the old size's context to the new one's. */
struct slab_cell {
    struct amount allocated;
    struct amount freed;
};

/* What one tag did in this thread. Its live blocks are `settled` (born in an earlier tick of this slab's: they
 * are in the wheel) and young (born in this tick: live by the cells, less settled). */
struct slab_tag {
    /* Net bytes since the last push, above net_base: below 0 or above the slab's net_most they are pushed. So a free
     * learns from the subtraction itself that it is time. */
    _Alignas(128) uint64_t net;
    uint64_t net_base;
    struct amount aged;
    struct age_wheel *wheel;     /* NULL until a block settles */
    uint64_t lifetime[AGE_ROWS]; /* settled blocks freed, by the age they reached; young ones are the rest */
    uint64_t resizes;
    uint64_t failures;
};

/* The blocks of one context that have settled, and the sum of their births: for their mean age. */
struct slab_births {
    uint64_t blocks;
    uint64_t births;
};

/* One entry of the site cache: a key (context.h), the header word of its blocks ready-made, and where they are
 * counted. Nothing but the owner sees it. */
struct slab_site {
    uint64_t key;
    uint64_t template;
    struct slab_cell *cell;
    struct slab_tag *tag;
};

struct slab {
    uint32_t tick;       /* the owner's: the one its young blocks were born in */
    uint64_t sites_mask; /* of byte offsets: (entries - 1) * SITE_BYTES */
    uint64_t scope;      /* the tag that the thread asks for, as a part of a key */
    int64_t net_most;    /* twice a tag's share of NET_ERROR */
    uint32_t pushed;     /* scopes (scope.h) */
    uint32_t popped;
    /* ---- rarely used from here on ---- */
    uint16_t scopes[SCOPES_MAX + 1]; /* by each scope, from 1; outside of all scopes, by the thread itself */
    uint16_t base_before;            /* what asked[0] was before it got another value (scope.h) */
    uint32_t epoch;                  /* of its site cache: slab_forget_sites */
    uint32_t misses;                 /* keys that were not at its primary place in the site cache since it last grew */
    uint32_t tid;                    /* 0: nobody owns it */
    uintptr_t owner;                 /* the owner's pthread_t */
    uintptr_t wrapper;               /* the wrapper that was seen through last, while the site cache is good; or 0 */
    struct slab *next;               /* all slabs, newest first; never removed */
    char name[THREAD_NAME];
    struct slab_cell before; /* the sum of the cells when the owner took over */

    struct sampler sampler;   /* where stacks are sampled */
    struct stack_trace trace; /* where stacks are taken, or wrappers seen through */

    _Alignas(512) struct slab_site site[SITES_MAX];
    _Alignas(PAGE_BYTES) struct slab_tag tag[TAGS_MAX];
    _Alignas(PAGE_BYTES) struct slab_cell cell[CONTEXTS_MAX];
    _Alignas(PAGE_BYTES) struct slab_births births[CONTEXTS_MAX];
};

_Static_assert(sizeof(struct slab_tag) == 128, "an index is a shift");
_Static_assert(sizeof(struct slab_cell) == 32 && sizeof(struct slab_site) == SITE_BYTES,
               "no cell crosses a cache line");

SHARED struct slab slab_shared;

/* The finalizer's multiplier of MurmurHash3 (Austin Appleby). The product's top bits depend on site, class and tag
 * alike. Multipliers of 32 bits save an instruction, and let the classes of one site, or sites 16 bytes apart, fall
 * into each other's lines. */
#define SITES_HASH 0xff51afd7ed558ccdu

/* What the thread's site cache is asked for: a call site, a size class, and the tag of the thread's scope. */
HOT uint64_t slab_key(const struct slab *slab, uintptr_t caller, unsigned size_class)
{
    return context_key(caller, size_class, 0) | slab->scope;
}

/* The same beside the fast path. Where stacks are taken, the key is one that the fast path never asks for: so each
 * allocation comes by. No code is at both addresses that the bit makes of one. */
HOT uint64_t slab_key_slow(const struct slab *slab, uintptr_t caller, size_t size)
{
    enum { STACKS_SHIFT = 62 };
    uint64_t stacks = state_is_slow(SLOW_STACKS);
    return slab_key(slab, caller, size_class(size)) ^ stacks << STACKS_SHIFT;
}

/* A key's home in the site cache. */
HOT struct slab_site *slab_site(struct slab *slab, uint64_t key)
{
    return (struct slab_site *)((char *)slab->site + (key * SITES_HASH >> SITES_HASH_SHIFT & slab->sites_mask));
}

/* What an entry says of a key, or 0. A signal handler may replace the entry at any instruction: the key is compared on
 * both sides, so that not even one who puts this very key there in between gives it the word that he found. */
HOT uint64_t slab_site_template(const struct slab_site *site, uint64_t key)
{
    if (__atomic_load_n(&site->key, __ATOMIC_RELAXED) != key)
        return 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint64_t template = __atomic_load_n(&site->template, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return LIKELY(__atomic_load_n(&site->key, __ATOMIC_RELAXED) == key) ? template : 0;
}

/* An entry as it would be for a word. */
HOT struct slab_site slab_site_of(struct slab *slab, uint64_t template)
{
    return (struct slab_site){
        .template = template, .cell = &slab->cell[(uint16_t)(template >> 16)], .tag = &slab->tag[(uint16_t) template]};
}

/* The cells of a block's context and tag. The offset stays out of the held address: it fits every instruction. */
HOT struct slab_cell *slab_cell(struct slab *slab, const struct block *block)
{
    char *at = (char *)slab + block->context * sizeof(struct slab_cell);
    HOLD(at);
    return (struct slab_cell *)(at + offsetof(struct slab, cell));
}

HOT struct slab_tag *slab_tag(struct slab *slab, const struct block *block)
{
    char *at = (char *)slab + block->tag * sizeof(struct slab_tag);
    HOLD(at);
    return (struct slab_tag *)(at + offsetof(struct slab, tag));
}

/* Another thread's cell: each counter is read once. */
HOT struct slab_cell slab_cell_read(const struct slab_cell *cell)
{
    return (struct slab_cell){{cell_read(&cell->allocated.blocks), cell_read(&cell->allocated.bytes)},
                              {cell_read(&cell->freed.blocks), cell_read(&cell->freed.bytes)}};
}

void slab_start(void); /* once, before the first allocation is booked */

/* All of these under the accounting lock. */

/* A slab for the calling thread: one that a finished thread left, or a new one; NULL when there is no memory, or slabs
 * have their share of an address space that is limited. */
struct slab *slab_take(uint32_t tid, uintptr_t owner, uint32_t tick);
void slab_leave(struct slab *slab);   /* its owner ends: pushes what it held back, and hands it on */
void slab_orphan(struct slab *alive); /* in a forked child: every slab but this one (or NULL) has lost its owner */
struct slab *slab_first(void);

/* All that count: the threads' slabs, and the shared one as the last. */
HOT const struct slab *slab_next(const struct slab *slab)
{
    const struct slab *next = slab == NULL ? slab_first() : slab->next;
    return next != NULL || slab == &slab_shared ? next : &slab_shared;
}

#define EACH_SLAB(slab) for (const struct slab *slab = slab_next(NULL); slab != NULL; slab = slab_next(slab))

/* What slabs counted of one tag, or of several. Signed sums modulo 2^64. */
struct slab_tag_sums {
    uint64_t resizes;
    uint64_t failures;
    uint64_t lifetime[AGE_ROWS];
    struct amount age[AGE_ROWS]; /* of what lives */
};

/* Adds what the slab counted of the tag; of ages, what is in its wheel, which is taken from the youngest row: to that
 * row the caller adds what lives (slab_young_row). */
void slab_add_tag(const struct slab *slab, unsigned tag, uint32_t now, struct slab_tag_sums *to);
/* When all slabs are added: no row is negative, and blocks that were never aged are among the lifetimes. */
void slab_finish_sums(struct slab_tag_sums *sums, uint64_t freed_blocks);

HOT unsigned slab_young_row(const struct slab *slab, uint32_t now)
{
    return age_row_shown(slab->tick, now);
}
void slab_sweep(uint32_t pid);                                         /* finds slabs whose owner has died unheard */
void slab_live(const struct slab *slab, struct amount live[TAGS_MAX]); /* adds what each tag holds */
struct slab *slab_of(uintptr_t owner);                                 /* NULL: that thread has none */
void slab_rename(struct slab *slab, const char *name);

/* Settles what is young, and brings the slab to a later tick; not while somebody forks: the slab then stays at its tick
 * until the next look. */
void slab_fold(struct slab *slab, uint32_t tick);
/* The tag's wheel, made if there is none; NULL when there is no memory. */
struct age_wheel *slab_wheel(struct slab *slab, unsigned tag);
/* The sum of the births of a context's live blocks, those of this tick included. */
uint64_t slab_births(const struct slab *slab, unsigned context);
/* What all contexts of a slab did together. */
struct slab_cell slab_sum(const struct slab *slab);

/* Around a fork, by who forks: no slab is folded meanwhile, so that none is copied half folded. Waits for a fold that
 * is under way, which waits for nobody, and no longer than a few milliseconds: where it has then not ended, the blocks
 * of that slab are in the child as old as the fork. Without the lock. */
void slab_fork_begins(struct lock_owner self);
void slab_fork_ended(void);
void slab_forked(void); /* in the child: repairs that */

/* Any thread, without the lock: whether to ask for one is worth while. Where one was refused, that is so again when one
 * is left, or in another tick. */
bool slab_may_be_had(uint32_t tick);

/* By the owner, without the lock. */
void slab_push(struct slab *slab, unsigned tag);
void slab_limit(struct slab *slab); /* shares NET_ERROR among the tags that there are now; needs the lock too */
/* All site caches forget what they hold, before the next allocation of their owners. Any thread. */
void slab_forget_sites(void);
void slab_refresh_sites(struct slab *slab); /* does so, when it was asked for */
/* The key's word where it is at its home or beside it, or 0; it is moved home, where the next look finds it.
 * Keys that keep taking each other's home make the cache grow. */
uint64_t slab_recall(struct slab *slab, uint64_t key);
void slab_remember(struct slab *slab, uint64_t key, uint64_t template);

/* What a tag holds right now; a push that is under way may be missing. Any thread, no lock. */
uint64_t slab_tag_bytes(unsigned tag);
/* The same of all; with many tags and threads, off as a peak is. */
uint64_t slab_all_bytes(void);

/* For the report. */
unsigned slab_owners_past(void);     /* threads that had a slab and have ended */
unsigned slab_peak_error(void);      /* bytes by which a peak may be off for each live thread */
uint64_t slab_resident(void);        /* memory that slabs and their tables occupy: an upper bound, by what is in use */
uint64_t slab_wheels_resident(void); /* of that, the wheels' part */

#endif
