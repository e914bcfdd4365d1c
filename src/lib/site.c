#include "site.h"

#include "context.h"
#include "lock.h"
#include "module.h"
#include "options.h"
#include "tag.h"
#include "thread.h"

/* The tag that the site itself asks for. */
static unsigned tag_of_site(uintptr_t caller)
{
    if (options.tags != TAGS_BY_MODULE)
        return TAG_UNTAGGED;
    char name[SNAPSHOT_NAME];
    return tag_intern(name, module_name(caller, name));
}

static unsigned context_make(struct slab *slab, uint64_t key, uintptr_t caller, unsigned log)
{
    unsigned context = context_last_resort(log);
    if (lock_take(&lock_books, thread_self()) == LOCK_TAKEN) {
        unsigned scope = key_tag(key);
        context = context_intern(key, scope != 0 ? scope : tag_of_site(caller));
        slab_limit(slab);
        lock_release(&lock_books);
    }
    return context;
}

uint64_t site_word(struct slab *slab, uintptr_t caller, size_t size)
{
    unsigned log = size_class(size);
    uint64_t key = context_key(caller, log, 0) | slab->scope;
    const struct slab_site *site = slab_recall(slab, key);
    if (site != NULL)
        return site->word;
    unsigned context = context_find(key);
    if (context == 0) {
        /* The shared slab's user holds the lock already. */
        if (slab == &slab_shared)
            context = context_intern(key, slab->scope != 0 ? TAG_OTHER : tag_of_site(caller));
        else
            context = context_make(slab, key, caller, log);
    }
    uint64_t word = block_word(context_tag(context), context);
    if (context >= SIZE_CLASSES) /* else a last resort, for this once */
        slab_remember(slab, key, word);
    return word;
}

unsigned site_context_resized(struct slab *slab, const struct block *block, unsigned log)
{
    uint64_t key = context_key(context_site(block->context), log, block->tag);
    unsigned context = context_find(key);
    if (context == 0 && slab == &slab_shared)
        context = context_intern(key, block->tag);
    else if (context == 0)
        context = context_make(slab, key, 0, log);
    return context_tag(context) == block->tag ? context : block->context;
}
