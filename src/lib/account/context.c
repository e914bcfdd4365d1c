#include "context.h"

#include "intern.h"
#include "lib/config/full.h"

_Static_assert((int)CONTEXTS_MAX == (int)INTERN_MAX, "a number fits a header");

static struct {
    struct intern keys;         /* as they were looked up */
    uint16_t tag[CONTEXTS_MAX]; /* as it was booked */
} contexts SPARSE;

static unsigned context_add(uint64_t key, unsigned tag)
{
    contexts.tag[contexts.keys.count] = (uint16_t)tag; /* before the number is known to anybody */
    return intern_add(&contexts.keys, key);
}

void context_start(void)
{
    intern_start(&contexts.keys);
    for (unsigned last = 1; last < SIZE_CLASSES; last++)
        context_add(context_key(0, last, TAG_OTHER), TAG_OTHER);
}

unsigned context_last_resort(unsigned size_class)
{
    return size_class;
}

unsigned context_find(uint64_t key)
{
    return intern_find(&contexts.keys, key);
}

unsigned context_intern(uint64_t key, unsigned tag)
{
    unsigned context = context_find(key);
    if (context != 0)
        return context;
    if (contexts.keys.count < CONTEXTS_WITH_SITE)
        return context_add(key, tag);
    full_record(FULL_CONTEXTS);
    uint64_t siteless = context_key(0, key_class(key), tag);
    context = context_find(siteless);
    if (context != 0)
        return context;
    return contexts.keys.count < CONTEXTS_MAX ? context_add(siteless, tag) : context_last_resort(key_class(key));
}

void context_forked(void)
{
    intern_forked(&contexts.keys);
}

unsigned context_count(void)
{
    return intern_count(&contexts.keys);
}

unsigned context_tag(unsigned context)
{
    return contexts.tag[context];
}

uintptr_t context_site(unsigned context)
{
    return key_site(contexts.keys.key[context]);
}

unsigned context_class(unsigned context)
{
    return key_class(contexts.keys.key[context]);
}
