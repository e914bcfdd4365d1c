#include "state.h"

#include "lib/sys/clock.h"
#include "lib/sys/sys.h"
#include "log.h"

struct state state;
struct state_events state_events;
size_t state_malloc_limit;
size_t state_new_limit;
size_t state_realloc_limit;
uint32_t state_slow;
uint64_t state_watched_least = UINT64_MAX;
unsigned state_watched_class = UINT32_MAX;

bool state_is_own_process(void)
{
    return log_is_sandboxed() || clock_area.now.pid == (uint32_t)sys0(SYS_getpid);
}

void state_slow_add(uint32_t reason)
{
    __atomic_fetch_or(&state_slow, reason, __ATOMIC_RELEASE);
}

void state_slow_remove(uint32_t reason)
{
    __atomic_fetch_and(&state_slow, ~reason, __ATOMIC_RELEASE);
}

void state_pause(void)
{
    __atomic_fetch_add(&state_slow, SLOW_PAUSE, __ATOMIC_SEQ_CST);
}

bool state_resume(void)
{
    uint32_t slow = __atomic_load_n(&state_slow, __ATOMIC_RELAXED);
    do {
        if ((slow & SLOW_PAUSED) == 0)
            return false;
    } while (
        !__atomic_compare_exchange_n(&state_slow, &slow, slow - SLOW_PAUSE, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return true;
}

/* The limits come last: whoever finds one set finds all ready. */
void state_track(void)
{
    __atomic_store_n(&state.tracks, true, __ATOMIC_RELEASE);
    if (!state_is_slow(SLOW_STACKS))
        __atomic_store_n(&state_realloc_limit, BLOCK_HUGE_SIZE - 1, __ATOMIC_RELEASE);
    __atomic_store_n(&state_malloc_limit, BLOCK_HUGE_SIZE, __ATOMIC_RELEASE);
    __atomic_store_n(&state_new_limit, state.foreign_new ? 0 : BLOCK_HUGE_SIZE, __ATOMIC_RELEASE);
}
