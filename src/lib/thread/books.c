#include "books.h"

#include "lib/code/name.h"
#include "lib/config/full.h"
#include "lib/config/state.h"
#include "lib/sys/clock.h"
#include "thread.h"

static void meet_tick(struct slab *slab, uint32_t tick)
{
    if (lock_take(&lock_books, thread_self()) == LOCK_TAKEN) {
        slab_fold(slab, tick);
        lock_release(&lock_books);
    }
    if (UNLIKELY(name_waiting))
        name_catch_up(thread_self());
}

struct books books_open(void)
{
    uint32_t now = clock_now();
    full_tell_if_any();
    if (UNLIKELY(clock_tick() == CLOCK_SELF))
        state_events.unticked(now);
    if (UNLIKELY(!thread_has_slab()))
        thread_take_slab(now);
    if (LIKELY(thread_has_slab())) {
        if (thread_slab->tick != now)
            meet_tick(thread_slab, now);
        slab_refresh_sites(thread_slab);
        return (struct books){thread_slab, LOCK_BUSY};
    }
    struct books books = {&slab_shared, lock_take(&lock_books, thread_self())};
    if (slab_shared.tick != now && books.lock == LOCK_TAKEN)
        slab_fold(&slab_shared, now);
    if (books.lock == LOCK_TAKEN)
        slab_refresh_sites(&slab_shared);
    else
        thread_nested++;
    return books;
}

void books_close(const struct books *books)
{
    if (books->lock == LOCK_TAKEN)
        lock_release(&lock_books);
    else if (books->lock == LOCK_NESTED)
        thread_nested--;
}

bool books_hold(const struct slab *slab, struct books *books)
{
    books->lock = LOCK_BUSY; /* of books_open's: books_close leaves it alone */
    if (slab == &slab_shared)
        return thread_nested == 0;
    if (lock_take(&lock_books, thread_self()) != LOCK_TAKEN)
        return false;
    books->lock = LOCK_TAKEN;
    return true;
}

struct age_wheel *books_wheel(struct slab *slab, unsigned tag)
{
    if (LIKELY(slab->tag[tag].wheel != NULL))
        return slab->tag[tag].wheel;
    struct books books;
    if (!books_hold(slab, &books))
        return NULL;
    struct age_wheel *wheel = slab_wheel(slab, tag);
    books_close(&books);
    return wheel;
}
