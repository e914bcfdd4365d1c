/* Looking functions up without the loader's help: in the objects' own tables of symbols.
 *
 * dlsym and dlopen take the loader's lock, and allocate: a look-up in vain formats an error. The program's malloc may
 * be setting itself up under a lock of its own right now, and wait for itself (rustc, chromium, jemalloc before us).
 * What is read here - the list of objects, their dynamic sections, hash tables and symbols - is written before any code
 * of the program runs. The list is walked while the loader says that it is whole; what is loaded at start stays in it.
 */
#ifndef TM_LOOKUP_H
#define TM_LOOKUP_H

#include <link.h>

#include "lib/sys/base.h"

/* Whether our own relocations have been made: until then nothing of another library can be called. */
bool lookup_is_relocated(void);

/* The C library is glibc, not another one whose loader took us along (musl, by LD_PRELOAD in the environment). */
bool lookup_has_glibc(void);

/* The dynamic symbols of one object. */
struct lookup_symbols {
    const ElfW(Sym) * table; /* NULL: it has none */
    const char *names;
    const uint32_t *gnu_hash;
    const uint32_t *hash;
    const ElfW(Half) * versions;
};

struct lookup_symbols lookup_symbols(const struct link_map *map);

/* How GNU hash tables hash a name. */
uint32_t lookup_hash(const char *name);

/* The address of what an object defines under a name (of several versions, the default one), or NULL. `bias` is its
 * l_addr. */
void *lookup_defined(const struct lookup_symbols *symbols, uintptr_t bias, const char *name, uint32_t hash);

/* The same of one object; NULL as well where there is no object. */
void *lookup_in(const struct link_map *map, const char *name);

/* Whether an object asks others for one of the names that begin so: it looks through all that it asks for. */
bool lookup_imports(const struct link_map *map, const char *beginning);

/* The loaded objects of the program's namespace: the first one; ours; the one of that base name; NULL: there is none.
 */
const struct link_map *lookup_first(void);
const struct link_map *lookup_own(void);
const struct link_map *lookup_object(const char *name);

/* The function of that name in the objects after ours, or NULL. */
void *lookup_next(const char *name);

#endif
