#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "lifecycle.h"
#include "module.h"
#include "sys.h"

/* ---- the arena ---- */

/* glibc's dlsym needs some hundred bytes; a library beside us that allocates meanwhile may need more. */
enum { ARENA_BYTES = 256 * 1024 };

static struct {
    size_t used;
    _Alignas(16) char room[ARENA_BYTES];
} arena SPARSE;

static void *arena_take(size_t alignment, size_t size)
{
    if (size > ARENA_BYTES || alignment > PAGE_BYTES)
        return NULL;
    size_t room = (size + alignment + 15) & ~(size_t)15;
    size_t at = __atomic_fetch_add(&arena.used, room, __ATOMIC_RELAXED);
    if (at + room > ARENA_BYTES)
        return NULL;
    uintptr_t address = (uintptr_t)&arena.room[at];
    return (void *)((address + alignment - 1) & -alignment);
}

bool real_from_arena(const void *base)
{
    return (const char *)base >= arena.room && (const char *)base < arena.room + ARENA_BYTES;
}

/* ---- what stands in the table at first ---- */

static void *first_malloc(size_t size)
{
    return lifecycle_up() ? real.malloc(size) : arena_take(16, size);
}

static void *first_calloc(size_t count, size_t size)
{
    return lifecycle_up() ? real.calloc(count, size) : arena_take(16, count * size); /* track has checked them */
}

static void *first_memalign(size_t alignment, size_t size)
{
    return lifecycle_up() ? real.memalign(alignment, size) : arena_take(alignment, size);
}

static void *first_realloc(void *block, size_t size)
{
    return lifecycle_up() ? real.realloc(block, size) : NULL;
}

static void first_free(void *block)
{
    if (lifecycle_up())
        real.free(block);
}

static size_t first_usable_size(void *block)
{
    return lifecycle_up() ? real.malloc_usable_size(block) : 0;
}

/* By a library beside us that unmaps while we look for the next one. */
static int first_munmap(void *memory, size_t bytes)
{
    long result = sys2(SYS_munmap, memory, bytes);
    if (result == 0)
        return 0;
    errno = (int)-result;
    return -1;
}

struct real real = {
    .malloc = first_malloc,
    .calloc = first_calloc,
    .memalign = first_memalign,
    .realloc = first_realloc,
    .free = first_free,
    .malloc_usable_size = first_usable_size,
    .munmap = first_munmap,
};

/* ---- looking up ---- */

static bool is_glibc;

void *real_libc(void)
{
    return real.dlopen != NULL ? real.dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD) : NULL;
}

static bool lives_in_libc(void *function)
{
    struct dl_find_object home;
    return _dl_find_object(function, &home) == 0 && home.dlfo_link_map == real_libc();
}

/* A look-up in vain would leave an error for the program's next dlerror, and allocate its text: asked only for what
 * some object has. */
#define REAL_FIND(result, name, parameters) \
    found.name = module_defined(#name) ? (result(*) parameters)dlsym(RTLD_NEXT, #name) : NULL;

void real_find(void)
{
    struct real found;
    FUNCTIONS(REAL_FIND)
    real = found;
    is_glibc = lives_in_libc((void *)real.malloc);
}

/* ---- room ---- */

static struct {
    size_t bytes;
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
} given;

static void *malloc_with_room(size_t size)
{
    return given.malloc(size + given.bytes);
}

/* Only ever asked for one object (track.c), so that nothing overflows. */
static void *calloc_with_room(size_t count, size_t size)
{
    return given.calloc(count, size + given.bytes);
}

void real_give_room(size_t bytes)
{
    given.bytes = bytes;
    given.malloc = real.malloc;
    given.calloc = real.calloc;
    real.malloc = malloc_with_room;
    real.calloc = calloc_with_room;
}

void real_find_cxx(void)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};
    for (size_t i = 0; i < ARRAY_LENGTH(libraries) && real._Znwm == NULL; i++) {
        void *library = real.dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        if (library == NULL)
            continue;
#define CXX_FIND(result, name, parameters) real.name = (result(*) parameters)dlsym(library, #name);
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
