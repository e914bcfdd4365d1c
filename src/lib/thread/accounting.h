/* The books, opened for one piece of work, and the steps of counting: each once, for every path but the two fastest
 * ones (track.h). */
#ifndef TM_ACCOUNTING_H
#define TM_ACCOUNTING_H

#include "lib/account/block.h"
#include "lib/account/slab.h"
#include "lib/sys/base.h"
#include "lib/sys/lock.h"

struct accounting {
    struct slab *slab;
    enum lock_state lock; /* LOCK_BUSY: not held, the slab is this thread's own */
};

/* The thread's slab, brought to the present tick; or the shared one, locked. */
struct accounting accounting_open(void);
void accounting_close(const struct accounting *accounting);

/* The lock alone, for what all slabs share; whoever uses the shared slab holds it already. False: this thread is in the
 * middle of such work (a signal handler asks). Ends with accounting_close. */
bool accounting_lock(const struct slab *slab, struct accounting *accounting);

/* The tag's wheel, also where this thread has only freed what others made; NULL: no memory for it. */
struct age_wheel *accounting_wheel(struct slab *slab, unsigned tag);

HOT void count_net(struct slab *slab, unsigned tag, uint64_t net)
{
    cell_add(&slab->tag[tag].net, net);
    int64_t held = (int64_t)cell_read(&slab->tag[tag].net);
    if (UNLIKELY(slab->tag[tag].net_base == 0))
        return slab_push(slab, tag); /* freed or resized by a thread that never made one: centered now */
    if (held > slab->net_most || held < 0)
        slab_push(slab, tag);
}

HOT void count_allocated(struct slab *slab, const struct block *block, size_t size)
{
    amount_add(&slab->cell[block->context].allocated, size);
    count_net(slab, block->tag, size);
}

/* Settled blocks of a context, all born at once. */
HOT void count_birth(struct slab *slab, unsigned context, uint64_t blocks, uint32_t birth)
{
    cell_add(&slab->births[context].blocks, blocks);
    cell_add(&slab->births[context].births, blocks * birth);
}

/* Moves the settled part of the accounting by a change to a block that was born in an earlier tick. Without a wheel
 * the block passes for a young one: the ages then err, the totals do not. */
HOT void count_aged(struct slab *slab, const struct block *block, uint64_t blocks, uint64_t bytes)
{
    struct age_wheel *wheel = accounting_wheel(slab, block->tag);
    if (UNLIKELY(wheel == NULL))
        return;
    struct slab_tag *tag = &slab->tag[block->tag];
    count_birth(slab, block->context, blocks, block->birth);
    struct amount *cell = age_cell(wheel, block->birth, slab->tick);
    cell_add(&cell->blocks, blocks);
    cell_add(&cell->bytes, bytes);
    cell_add(&tag->aged.blocks, blocks);
    cell_add(&tag->aged.bytes, bytes);
}

/* As if it had never been: for a block that is counted again under another context. */
HOT void uncount_allocated(struct slab *slab, const struct block *block, size_t size)
{
    cell_sub(&slab->cell[block->context].allocated.blocks, 1);
    cell_sub(&slab->cell[block->context].allocated.bytes, size);
    if (block->birth != slab->tick)
        count_aged(slab, block, -(uint64_t)1, -(uint64_t)size);
    count_net(slab, block->tag, -(uint64_t)size);
}

HOT void count_freed(struct slab *slab, const struct block *block, size_t size)
{
    amount_add(&slab->cell[block->context].freed, size);
    if (block->birth != slab->tick) {
        uint32_t age = slab->tick > block->birth ? slab->tick - block->birth : 0;
        cell_add(&slab->tag[block->tag].lifetime[age_row(age)], 1);
        count_aged(slab, block, -(uint64_t)1, -(uint64_t)size);
    }
    count_net(slab, block->tag, -(uint64_t)size);
}

#endif
