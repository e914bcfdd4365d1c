/* What the library has become in this process, and why an allocation may have to leave the fast path: set at start and
 * on rare occasions, asked everywhere. */
#ifndef TM_STATE_H
#define TM_STATE_H

#include "lib/sys/base.h"

enum state_phase { STATE_DOWN, STATE_COMING, STATE_UP };

struct state {
    enum state_phase phase;
    bool tracks;
    bool own_new;     /* the program has an operator new of its own: ours then leave all forms to the C++ library,
                       * whose forms call the program's */
    bool foreign_new; /* the next operator new is a library's own: then every form is passed on, the plain ones too, as
                       * the library may make its blocks in any way */
    bool
        own_realloc; /* the program has its own: reallocarray leaves it to the C library, whose reallocarray calls it */
};

SHARED struct state state;

/* Whether the library has come up. (lifecycle_up brings it up.) */
HOT bool state_is_up(void)
{
    return LIKELY(__atomic_load_n(&state.phase, __ATOMIC_ACQUIRE) == STATE_UP);
}

/* Whether allocations are counted; false as well until the library is up. They are not in a program with a malloc of
 * its own, and not where `only=` says so: then every block is passed on as it is. Pairs with state_track. */
HOT bool state_tracks(void)
{
    return __atomic_load_n(&state.tracks, __ATOMIC_ACQUIRE);
}

/* Once, when all is ready to count. */
void state_track(void);

/* Whether this process is the one whose accounting this is: not a child that only borrows our memory (vfork). In a
 * sandbox nobody can be asked, and it is taken to be. */
bool state_is_own_process(void);

/* ---- the fast path's limits ---- */

/* From this size on a malloc leaves the fast path at once: BLOCK_HUGE_SIZE while this program is tracked. 0 until the
 * library is up, where nothing may be called that the fast path calls, and where it is not tracked. */
SHARED size_t state_malloc_limit;
/* The same for operator new; 0 as well where that is the next library's own. */
SHARED size_t state_new_limit;
/* The same for realloc (compared with the size less 1); 0 as well where growth is sampled. */
SHARED size_t state_realloc_limit;

/* ---- why an allocation needs more than counting ---- */

enum slow {
    SLOW_WATCHED = 1,  /* blocks from some size on are reported to somebody (state_watched_least) */
    SLOW_STACKS = 2,   /* stacks are taken, of all blocks or of a sample */
    SLOW_WRAPPERS = 4, /* there are wrappers, whose callers are counted instead */
    SLOW_TRACED = SLOW_STACKS | SLOW_WRAPPERS,
    SLOW_PAUSE = 0x100, /* new blocks are not counted: as many times as somebody paused */
    SLOW_PAUSED = 0x7fffff00
};

/* Those reasons that hold. The fast path does not ask: whoever adds one makes the site caches forget what it found
 * there (slab_forget_sites), and a key or a size for which it holds is not remembered. */
SHARED uint32_t state_slow;
void state_slow_add(uint32_t reason);
void state_slow_remove(uint32_t reason);
void state_pause(void);
bool state_resume(void); /* false: nobody has paused */

SHARED uint64_t state_watched_least; /* the least size that is watched for, */
SHARED unsigned state_watched_class; /* and its class: none is as large as that at first */

HOT bool state_is_slow(uint32_t reasons)
{
    return (word_read(&state_slow) & reasons) != 0;
}

/* The reasons that hold for a block of that size. */
HOT uint32_t state_slow_for(size_t size)
{
    uint32_t slow = word_read(&state_slow);
    return size >= state_watched_least ? slow : slow & ~(uint32_t)SLOW_WATCHED;
}

/* ---- what lower rooms report to the life cycle ---- */

/* Set once, before anything is counted: called from an allocation. */
struct state_events {
    void (*unticked)(uint32_t now); /* there is no reporter thread to keep the tick */
    void (*thread_began)(void);     /* the calling thread has a slab now: its end must be noticed */
};

SHARED struct state_events state_events;

#endif
