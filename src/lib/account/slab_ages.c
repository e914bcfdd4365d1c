/* A slab's ages: what lives moves into the wheels when a tick ends; and how a fork is kept from copying that half done.
 */
#include "slab.h"

#include <string.h>

#include "lib/sys/lock.h"
#include "lib/sys/sys.h"

enum { WHEELS_AT_ONCE = 32 };

_Static_assert(sizeof(struct age_wheel) % PAGE_BYTES == 0, "a wheel's young levels share one page");

static struct {
    uint64_t made;
    char *space; /* for more */
    size_t left;
} wheels;

static SPARSE struct amount live_by_tag[TAGS_MAX]; /* slab_fold's working table, zero between two calls */

uint64_t slab_wheels_resident(void)
{
    return wheels.made * PAGE_BYTES;
}

struct age_wheel *slab_wheel(struct slab *slab, unsigned tag)
{
    struct slab_tag *counts = &slab->tag[tag];
    if (counts->wheel != NULL)
        return counts->wheel;
    if (wheels.left == 0) {
        char *space = sys_memory(WHEELS_AT_ONCE * sizeof(struct age_wheel));
        if (space == NULL)
            return NULL;
        wheels.space = space;
        wheels.left = WHEELS_AT_ONCE;
    }
    struct age_wheel *wheel = (struct age_wheel *)wheels.space;
    wheels.space += sizeof *wheel;
    wheels.left--;
    wheels.made++;
    __atomic_store_n(&counts->wheel, wheel, __ATOMIC_RELEASE);
    return wheel;
}

void slab_add_tag(const struct slab *slab, unsigned tag, uint32_t now, struct slab_tag_sums *to)
{
    const struct slab_tag *from = &slab->tag[tag];
    to->resizes += cell_read(&from->resizes);
    to->failures += cell_read(&from->failures);
    for (unsigned row = 0; row < AGE_ROWS; row++)
        to->lifetime[row] += cell_read(&from->lifetime[row]);
    if (from->wheel == NULL)
        return;
    struct amount old = age_sum(from->wheel, slab->tick, now, to->age);
    struct amount *young = &to->age[slab_young_row(slab, now)];
    young->blocks -= old.blocks;
    young->bytes -= old.bytes;
}

/* Blocks freed in the tick they were born in have no lifetime counter: they are what the others leave. */
void slab_finish_sums(struct slab_tag_sums *sums, uint64_t freed_blocks)
{
    uint64_t aged = 0;
    age_balance(sums->age);
    for (unsigned row = 0; row < AGE_ROWS; row++)
        aged += sums->lifetime[row];
    sums->lifetime[0] += not_negative(freed_blocks - aged);
}

/* Adds up, tag by tag, what this slab's contexts hold. */
void slab_live(const struct slab *slab, struct amount live[TAGS_MAX])
{
    unsigned contexts = context_count();
    for (unsigned context = 1; context < contexts; context++) {
        const struct slab_cell *cell = &slab->cell[context];
        uint64_t blocks = cell_read(&cell->allocated.blocks) - cell_read(&cell->freed.blocks);
        uint64_t bytes = cell_read(&cell->allocated.bytes) - cell_read(&cell->freed.bytes);
        if ((blocks | bytes) == 0)
            continue;
        struct amount *sum = &live[context_tag(context)];
        sum->blocks += blocks;
        sum->bytes += bytes;
    }
}

/* What the tag holds beyond its settled blocks was born in the tick that ends now. */
static void age_live(struct slab *slab, unsigned tag, struct amount live, uint32_t tick)
{
    struct slab_tag *counts = &slab->tag[tag];
    uint64_t blocks = live.blocks - counts->aged.blocks;
    uint64_t bytes = live.bytes - counts->aged.bytes;
    if (counts->wheel != NULL)
        age_advance(counts->wheel, slab->tick, tick);
    if ((blocks | bytes) == 0)
        return;
    struct age_wheel *wheel = slab_wheel(slab, tag);
    if (wheel == NULL)
        return; /* no memory: the blocks stay young until there is some */
    struct amount *cell = age_cell(wheel, slab->tick, tick);
    cell_add(&cell->blocks, blocks);
    cell_add(&cell->bytes, bytes);
    cell_add(&counts->aged.blocks, blocks);
    cell_add(&counts->aged.bytes, bytes);
}

static uint64_t live_blocks(const struct slab *slab, unsigned context)
{
    const struct slab_cell *cell = &slab->cell[context];
    return cell_read(&cell->allocated.blocks) - cell_read(&cell->freed.blocks);
}

/* The same for the contexts: all that live are counted by their births. */
static void age_births(struct slab *slab)
{
    unsigned contexts = context_count();
    for (unsigned context = 1; context < contexts; context++) {
        struct slab_births *births = &slab->births[context];
        uint64_t young = live_blocks(slab, context) - births->blocks;
        if (young == 0)
            continue;
        cell_add(&births->blocks, young);
        cell_add(&births->births, young * slab->tick);
    }
}

uint64_t slab_births(const struct slab *slab, unsigned context)
{
    const struct slab_births *births = &slab->births[context];
    uint64_t young = live_blocks(slab, context) - cell_read(&births->blocks);
    return cell_read(&births->births) + young * slab->tick;
}

static void fold(struct slab *slab, uint32_t tick)
{
    age_births(slab);
    unsigned tags = tag_count();
    slab_live(slab, live_by_tag);
    for (unsigned tag = 0; tag < tags; tag++) {
        age_live(slab, tag, live_by_tag[tag], tick);
        live_by_tag[tag] = (struct amount){0, 0};
    }
    slab_limit(slab);
    __atomic_store_n(&slab->tick, tick, __ATOMIC_RELAXED);
}

/* ---- folding and forking ---- */

static struct {
    uint32_t begun;      /* forks under way */
    struct slab *folded; /* the slab that is being folded, under the accounting lock */
} forks;

/* Says that it folds before it looks whether somebody forks, who says that before he looks (slab_fork_begins). */
void slab_fold(struct slab *slab, uint32_t tick)
{
    if (tick < slab->tick)
        return; /* its last owner read the time a moment later than the one who asks now */
    __atomic_store_n(&forks.folded, slab, __ATOMIC_SEQ_CST);
    if (LIKELY(__atomic_load_n(&forks.begun, __ATOMIC_SEQ_CST) == 0))
        fold(slab, tick);
    __atomic_store_n(&forks.folded, NULL, __ATOMIC_RELEASE);
}

void slab_fork_begins(struct lock_owner self)
{
    enum { LOOKS = 1000 };
    __atomic_fetch_add(&forks.begun, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < LOOKS && __atomic_load_n(&forks.folded, __ATOMIC_SEQ_CST) != NULL; i++) {
        if (sys_calls != SYS_ANY)
            return;
        enum lock_state lock = lock_try(&lock_accounting, self);
        if (lock == LOCK_TAKEN)
            lock_release(&lock_accounting);
        if (lock != LOCK_BUSY)
            return; /* nobody folds; or this thread itself does, and a signal handler forks */
        sys0(SYS_sched_yield);
    }
}

void slab_fork_ended(void)
{
    __atomic_fetch_sub(&forks.begun, 1, __ATOMIC_RELEASE);
}

/* As if all that live had been born in this tick: what they hold is exact, whatever the copy of their ages says. */
static void forget_ages(struct slab *slab)
{
    for (unsigned tag = 0; tag < tag_count(); tag++) {
        struct slab_tag *counts = &slab->tag[tag];
        if (counts->wheel != NULL)
            memset(counts->wheel, 0, sizeof *counts->wheel);
        counts->aged = (struct amount){0, 0};
    }
    memset(slab->births, 0, context_count() * sizeof slab->births[0]);
    slab->tick = clock_read();
}

void slab_forked(void)
{
    struct slab *folded = forks.folded;
    forks.begun = 0;
    forks.folded = NULL;
    memset(live_by_tag, 0, sizeof live_by_tag);
    if (folded != NULL)
        forget_ages(folded);
}
