/* The public API: tags, and the scopes that ask for them. */
#include "api.h"

#include <string.h>

#include "lib/account/scope.h"
#include "lib/sys/lock.h"
#include "lib/thread/accounting.h"
#include "lib/thread/thread.h"

/* ---- tags ---- */

/* A name of the library's own kind may be had, but for the two that mean "none" and "too many". */
static int tag_result(unsigned tag, tm_tag *result)
{
    if (tag == TAG_UNTAGGED || tag == TAG_OTHER)
        return api_misuse(MISUSE_NAME, TM_INVALID);
    *result = tag;
    return TM_OK;
}

static bool tags_are_full(void)
{
    return tag_count() == TAGS_MAX;
}

static int register_tag(const char *name, tm_tag *result)
{
    size_t length = strnlen(name, SNAPSHOT_NAME);
    if (!tag_name_is_good(name, length) || strcmp(name, tag_name(TAG_UNTAGGED)) == 0)
        return api_misuse(MISUSE_NAME, TM_INVALID);
    unsigned tag = tag_find(name, length);
    if (tag != TAG_UNTAGGED)
        return tag_result(tag, result);
    if (tags_are_full())
        return api_misuse(MISUSE_TAGS_FULL, TM_FULL);
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return TM_BUSY;
    tag = tag_intern(name, length);
    lock_release(&lock_accounting);
    if (tag == TAG_OTHER) /* another thread took the last place */
        return api_misuse(MISUSE_TAGS_FULL, TM_FULL);
    return tag_result(tag, result);
}

PUBLIC tm_tag tm_tag_register(const char *name, int *error)
{
    tm_tag tag = TM_UNTAGGED;
    int result = TM_ABSENT;
    if (api_tracks())
        result = name != NULL ? register_tag(name, &tag) : api_misuse(MISUSE_NULL, TM_INVALID);
    if (error != NULL)
        *error = result;
    return tag;
}

PUBLIC tm_tag tm_tag_count(void)
{
    return api_tracks() ? tag_count() : 0;
}

PUBLIC const char *tm_tag_name(tm_tag tag)
{
    return api_knows(tag) ? tag_name(tag) : NULL;
}

/* ---- scopes ---- */

/* A thread that can get no slab - its last destructors have run, or there is no memory - is in no scope. */
static bool have_slab(void)
{
    if (!api_tracks())
        return false;
    if (thread_has_slab())
        return true;
    struct accounting accounting = accounting_open();
    accounting_close(&accounting);
    return thread_has_slab();
}

static COLD int push_slow(tm_tag tag)
{
    if (!have_slab())
        return TM_ABSENT;
    bool known = api_knows(tag);
    scope_push_deep(thread_slab, known ? tag : TAG_UNTAGGED);
    if (!known)
        return api_misuse(MISUSE_TAG, TM_UNKNOWN);
    return scope_depth(thread_slab) > SCOPES_MAX ? api_misuse(MISUSE_DEPTH, TM_FULL) : TM_OK;
}

/* Of a scope that asks for a tag. A thread without a slab has a depth that is too deep. */
PUBLIC int tm_push(tm_tag tag)
{
    struct slab *slab = thread_slab;
    uint32_t depth = scope_depth(slab);
    if (UNLIKELY(depth >= SCOPES_MAX) || UNLIKELY(tag - 1 >= word_read(&tags_last)))
        return push_slow(tag);
    scope_push(slab, depth, tag);
    return TM_OK;
}

static COLD int pop_slow(void)
{
    if (!have_slab())
        return TM_ABSENT;
    uint32_t depth = scope_depth(thread_slab);
    if (depth == 0)
        return api_misuse(MISUSE_POP, TM_UNBALANCED);
    scope_restore(thread_slab, depth - 1);
    return TM_OK;
}

PUBLIC int tm_pop(void)
{
    struct slab *slab = thread_slab;
    uint32_t depth = scope_depth(slab);
    if (UNLIKELY(depth - 1 >= SCOPES_MAX))
        return pop_slow();
    scope_pop(slab, depth);
    return TM_OK;
}

PUBLIC int tm_depth(void)
{
    return thread_has_slab() ? (int)scope_depth(thread_slab) : 0;
}

static COLD int restore_slow(int depth)
{
    if (!have_slab())
        return TM_ABSENT;
    return api_misuse(MISUSE_RESTORE, depth < 0 ? TM_INVALID : TM_UNBALANCED);
}

PUBLIC int tm_restore(int depth)
{
    struct slab *slab = thread_slab;
    if (UNLIKELY((uint32_t)depth > scope_depth(slab)) || UNLIKELY(!thread_has_slab()))
        return restore_slow(depth);
    scope_restore(slab, (uint32_t)depth);
    return TM_OK;
}

static COLD int enter_slow(tm_tag tag)
{
    int depth = tm_depth();
    push_slow(tag);
    return depth;
}

PUBLIC int tm_enter(tm_tag tag)
{
    struct slab *slab = thread_slab;
    uint32_t depth = scope_depth(slab);
    if (UNLIKELY(depth >= SCOPES_MAX) || UNLIKELY(tag - 1 >= word_read(&tags_last)))
        return enter_slow(tag);
    scope_push(slab, depth, tag);
    return (int)depth;
}

PUBLIC tm_tag tm_current(void)
{
    return have_slab() ? (tm_tag)thread_slab->scope : TM_UNTAGGED;
}
