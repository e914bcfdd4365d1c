/* The public API: blocks made for a tag, handed over to another, and asked what they are. */
#include "api.h"

#include <string.h>

#include "lib/account/context.h"
#include "lib/account/scope.h"
#include "lib/code/name.h"
#include "lib/entry/resize.h"
#include "lib/entry/track.h"
#include "lib/sys/clock.h"
#include "lib/thread/pointer.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"

/* ---- made for a tag ---- */

static COLD struct slab *ask_slow(tm_tag tag)
{
    if (tag == TM_UNTAGGED || !api_tracks())
        return NULL;
    if (!api_knows(tag)) {
        api_misuse(MISUSE_TAG, TM_UNKNOWN);
        return NULL;
    }
    thread_take_slab(clock_now());
    if (!thread_has_slab())
        return NULL;
    scope_set(thread_slab, tag);
    return thread_slab;
}

/* What one allocation asks for, as a scope for itself: the slab that was told so, or NULL. */
HOT struct slab *ask_for(tm_tag tag)
{
    struct slab *slab = thread_slab;
    if (UNLIKELY(tag - 1 >= word_read(&tags_last)) || UNLIKELY(!thread_has_slab()))
        return ask_slow(tag);
    scope_set(slab, tag);
    return slab;
}

HOT void asked(struct slab *slab)
{
    if (LIKELY(slab != NULL))
        scope_apply(slab, scope_depth(slab));
}

PUBLIC void *tm_malloc(tm_tag tag, size_t size)
{
    struct slab *slab = ask_for(tag);
    void *block = track_malloc_for(size, CALLER, FAMILY_MALLOC);
    asked(slab);
    return block;
}

PUBLIC void *tm_calloc(tm_tag tag, size_t count, size_t size)
{
    struct slab *slab = ask_for(tag);
    void *block = track_calloc(count, size, CALLER);
    asked(slab);
    return block;
}

PUBLIC void *tm_aligned_alloc(tm_tag tag, size_t alignment, size_t size)
{
    struct slab *slab = ask_for(tag);
    void *block = track_memalign_rounded(alignment, size, CALLER);
    asked(slab);
    return block;
}

PUBLIC char *tm_strdup(tm_tag tag, const char *string)
{
    struct slab *slab = ask_for(tag);
    char *block = track_strndup(string, strlen(string), CALLER);
    asked(slab);
    return block;
}

PUBLIC void *tm_realloc(tm_tag tag, void *old, size_t size)
{
    struct slab *slab = ask_for(tag);
    void *block = track_realloc_other(old, size, CALLER);
    asked(slab);
    if (old != NULL && block != NULL && slab != NULL && pointer_is_ours(block) && block_of(block)->tag != tag)
        track_hand_over(block_of(block), tag);
    return block;
}

/* ---- handed over ---- */

PUBLIC int tm_retag(void *user, tm_tag tag)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (user == NULL)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    if (!api_knows(tag))
        return api_misuse(MISUSE_TAG, TM_UNKNOWN);
    if (pointer_block(user) == NULL)
        return api_misuse(MISUSE_FOREIGN, TM_FOREIGN);
    return track_hand_over(block_of(user), tag) ? TM_OK : TM_FULL;
}

/* ---- asked ---- */

_Static_assert((int)TM_MADE_NEW_ARRAY == (int)FAMILY_NEW_ARRAY && (int)TM_MADE_NEW == (int)FAMILY_NEW,
               "told as they are");

PUBLIC int tm_ask(const void *user, struct tm_block_info *info)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (user == NULL)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    const struct block *block = pointer_block(user);
    if (block == NULL)
        return TM_FOREIGN;
    uint32_t now = clock_now();
    struct tm_block_info answer = {.struct_size = sizeof answer};
    answer.tag = block->tag;
    answer.made = block_family(block);
    answer.size = block_size(block);
    answer.age_ms = now > block->birth ? (uint64_t)(now - block->birth) * TICK_MS : 0;
    answer.counted = !(block->flags & FLAG_UNCOUNTED);
    answer.site = answer.counted ? (uint32_t)context_site(block->context) : SITE_NONE;
    answer.call_site = answer.site != SITE_NONE ? (const void *)site_address(answer.site) : NULL;
    return api_give(info, &answer);
}

PUBLIC int tm_site_name(uint32_t site, char *name, size_t capacity)
{
    if (!api_tracks())
        return TM_ABSENT;
    if (name == NULL && capacity != 0)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    if (site == SITE_NONE || site >= site_count())
        return TM_UNKNOWN;
    char whole[TM_SITE_NAME];
    size_t length = name_copy(site_object(site), site_address(site), whole, thread_self());
    if (capacity != 0) {
        size_t fits = length < capacity ? length : capacity - 1;
        memcpy(name, whole, fits);
        name[fits] = '\0';
    }
    return (int)length;
}
