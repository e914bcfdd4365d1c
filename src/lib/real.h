/* The next allocator in line, and a small arena for the time before it is known. */
#ifndef TM_REAL_H
#define TM_REAL_H

#include <pthread.h>
#include <stdio.h>
#include <sys/types.h>

#include "base.h"
#include "functions.h"

#define REAL_POINTER(result, name, parameters) result(*name) parameters;
struct real {
    FUNCTIONS(REAL_POINTER)
};
#undef REAL_POINTER

/* Until real_find has run, the allocator's own entries bring the library up, so that no fast path asks whether it
 * is. An entry that the next libraries do not have is NULL. */
SHARED struct real real;

/* Looks everything up, at once: dlsym from inside a later malloc can deadlock under the loader's lock. */
void real_find(void);

/* From now on every block of real.malloc and real.calloc has so many bytes more than it was asked for. Once. */
void real_give_room(size_t bytes);

/* Whether the next allocator is glibc's: it tells a foreign pointer from a wild one. */
bool real_is_glibc(void);

/* Fills in operator new and delete where the C++ library came later, under a name that is not global. Only for a
 * call that is about to throw anyway: it asks the loader. */
void real_find_cxx(void);

/* The C library's own handle (dlsym finds its functions past whatever is preloaded). */
void *real_libc(void);

/* What realloc(p, 0) does below us: frees and returns NULL (glibc, tcmalloc), or resizes (jemalloc, mimalloc). */
bool real_realloc_zero_frees(void);

/* A block's base that came from the arena, while the library came up; never given back. */
bool real_from_arena(const void *base);

#endif
