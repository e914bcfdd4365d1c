/* The next allocator in line, and the other functions that we are before; a small arena for the time before they are
 * known. */
#ifndef TM_REAL_H
#define TM_REAL_H

#include <pthread.h>
#include <stdio.h>
#include <sys/types.h>

#include "functions.h"
#include "lib/sys/base.h"

#define REAL_POINTER(result, name, parameters) result(*name) parameters;
struct real {
    FUNCTIONS(REAL_POINTER)
};
#undef REAL_POINTER

/* Empty until real_find has run, which no fast path asks: blocks of the next allocator are there afterwards only. An
 * entry that the next libraries do not have stays NULL. */
SHARED struct real real;

/* Fills the table by our own look-up, which takes no lock and allocates nothing. */
void real_find(void);

/* The next function of that name for who is called at any time: also before the table is filled, and while another
 * thread fills it. NULL: there is none, or our relocations have not been made. */
#define REAL_NEXT(name) ((__typeof__(real.name))real_next((void **)&real.name, #name))
void *real_look_up(const char *name);

HOT void *real_next(void **entry, const char *name)
{
    void *function = __atomic_load_n(entry, __ATOMIC_RELAXED);
    return LIKELY(function != NULL) ? function : real_look_up(name);
}

/* From now on every block of real.malloc and real.calloc has so many bytes more than it was asked for. Once. */
void real_add_space(size_t bytes);

/* Whether the next allocator is glibc's: it tells a foreign pointer from a wild one. */
bool real_is_glibc(void);

/* Fills in operator new and delete where the C++ library came later, under a name that is not global. Only for a
 * call that is about to throw anyway. */
void real_find_cxx(void);

/* A function of the C library's own, past whatever is preloaded, or NULL. */
void *real_of_libc(const char *name);

/* What realloc(p, 0) does below us: frees and returns NULL (glibc, tcmalloc), or resizes (jemalloc, mimalloc). */
bool real_realloc_zero_frees(void);

/* Zeroed memory from the arena, for blocks that are made before there is an allocator; never given back. NULL: the
 * kernel has none. Calls nothing of any library. `alignment`: a power of two. */
void *real_arena_take(size_t alignment, size_t size);
bool real_from_arena(const void *block);

#endif
