#include "real.h"

#include <string.h>

#include "lib/sys/sys.h"
#include "lookup.h"

struct real real;

/* ---- the arena ---- */

/* What a C++ library or another preloaded one allocates before its first constructor is done; for more, chunks are
 * mapped, one for each block. */
enum { ARENA_BYTES = 256 * 1024, ARENA_STEP = 16 };

struct chunk {
    struct chunk *next;
    size_t bytes; /* with this head */
};

static struct {
    size_t used;
    struct chunk *chunks;
    _Alignas(PAGE_BYTES) char space[ARENA_BYTES];
} arena SPARSE;

_Static_assert(sizeof(struct chunk) % ARENA_STEP == 0, "what follows it is aligned");

static char *map_chunk(size_t space)
{
    struct chunk *chunk = sys_memory(space + sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    chunk->bytes = space + sizeof *chunk;
    chunk->next = __atomic_load_n(&arena.chunks, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&arena.chunks, &chunk->next, chunk, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
    return (char *)(chunk + 1);
}

void *real_arena_take(size_t alignment, size_t size)
{
    size_t space;
    if (__builtin_add_overflow(size, alignment + ARENA_STEP, &space))
        return NULL;
    space &= -(size_t)ARENA_STEP;
    size_t at = space <= ARENA_BYTES ? __atomic_fetch_add(&arena.used, space, __ATOMIC_RELAXED) : ARENA_BYTES;
    char *memory = at + space <= ARENA_BYTES ? &arena.space[at] : map_chunk(space);
    return memory != NULL ? (void *)(((uintptr_t)memory + alignment - 1) & -alignment) : NULL;
}

static bool is_within(const void *block, const void *begin, size_t bytes)
{
    return (uintptr_t)block - (uintptr_t)begin < bytes;
}

bool real_from_arena(const void *block)
{
    if (is_within(block, arena.space, ARENA_BYTES))
        return true;
    const struct chunk *chunk = __atomic_load_n(&arena.chunks, __ATOMIC_ACQUIRE); /* pairs with map_chunk */
    while (chunk != NULL && !is_within(block, chunk, chunk->bytes))
        chunk = chunk->next;
    return chunk != NULL;
}

/* ---- looking up ---- */

static bool is_glibc;

static const struct {
    const char *name;
    size_t at; /* in struct real */
} functions[] = {
#define FUNCTION(result, name, parameters) {#name, offsetof(struct real, name)},
    FUNCTIONS(FUNCTION)
#undef FUNCTION
};

static void **entry_of(struct real *table, size_t function)
{
    return (void **)((char *)table + functions[function].at);
}

static const struct link_map *libc_map(void)
{
    return lookup_object("libc.so.6");
}

void *real_of_libc(const char *name)
{
    return lookup_in(libc_map(), name);
}

/* What an object has of that which none before it had. */
static void find_in(const struct link_map *map, struct real *table)
{
    struct lookup_symbols symbols = lookup_symbols(map);
    if (symbols.table == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        void **entry = entry_of(table, i);
        if (*entry == NULL)
            *entry = lookup_defined(&symbols, map->l_addr, functions[i].name, lookup_hash(functions[i].name));
    }
}

/* Each entry is stored whole: another thread may be about to call it (REAL_NEXT). */
void real_find(void)
{
    struct real found;
    const struct link_map *map = lookup_own();
    memset(&found, 0, sizeof found);
    while (map != NULL && (map = map->l_next) != NULL)
        find_in(map, &found);
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++)
        __atomic_store_n(entry_of(&real, i), *entry_of(&found, i), __ATOMIC_RELAXED);
    is_glibc = found.malloc != NULL && (void *)found.malloc == real_of_libc("malloc");
}

void *real_look_up(const char *name)
{
    return lookup_is_relocated() ? lookup_next(name) : NULL;
}

/* ---- room ---- */

static struct {
    size_t bytes;
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
} given;

static void *malloc_with_space(size_t size)
{
    return given.malloc(size + given.bytes);
}

/* Only ever asked for one object (track.c), so that nothing overflows. */
static void *calloc_with_space(size_t count, size_t size)
{
    return given.calloc(count, size + given.bytes);
}

void real_add_space(size_t bytes)
{
    given.bytes = bytes;
    given.malloc = real.malloc;
    given.calloc = real.calloc;
    real.malloc = malloc_with_space;
    real.calloc = calloc_with_space;
}

void real_find_cxx(void)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};
    for (size_t i = 0; i < ARRAY_LENGTH(libraries) && real._Znwm == NULL; i++) {
        const struct link_map *library = lookup_object(libraries[i]);
        if (library == NULL)
            continue;
#define CXX_FIND(result, name, parameters) real.name = (result(*) parameters)lookup_in(library, #name);
        FUNCTIONS_NEW(CXX_FIND)
        FUNCTIONS_DELETE(CXX_FIND)
#undef CXX_FIND
    }
}

bool real_is_glibc(void)
{
    return is_glibc;
}

bool real_realloc_zero_frees(void)
{
    static int frees = -1;
    if (frees < 0) {
        void *block = real.malloc(1);
        void *left = block != NULL ? real.realloc(block, 0) : NULL;
        frees = left == NULL;
        real.free(left);
    }
    return frees;
}
