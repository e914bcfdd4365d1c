#include "module.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "functions.h"
#include "sys.h"

static char program[SNAPSHOT_NAME];    /* as it was called */
static char executable[SNAPSHOT_NAME]; /* as its file is named */

const char *module_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static size_t copy_name(char name[SNAPSHOT_NAME], const char *from)
{
    size_t length = strnlen(from, SNAPSHOT_NAME - 1);
    memcpy(name, from, length);
    name[length] = '\0';
    return length;
}

size_t module_name(uintptr_t address, char name[SNAPSHOT_NAME])
{
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return copy_name(name, "(no module)");
    const char *path = found.dlfo_link_map->l_name;
    return copy_name(name, path == NULL || *path == '\0' ? program : module_base(path));
}

const char *module_program(void)
{
    return program;
}

const char *module_executable(void)
{
    return executable;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first = {0};
    struct stat second = {0};
    return sys2(SYS_stat, a, &first) == 0 && sys2(SYS_stat, b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

void module_start(void)
{
    char path[1024];
    long length = sys3(SYS_readlink, "/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    copy_name(executable, *path != '\0' ? module_base(path) : "(unknown)");
    /* redis-server is a link to redis-check-rdb: the name that the user typed is the one to show. Of a script, the
     * kernel names the script; then it is the interpreter's. */
    const char *called = (const char *)getauxval(AT_EXECFN);
    bool by_name = called != NULL && strncmp(called, "/proc/", 6) != 0 && same_file(called, "/proc/self/exe");
    copy_name(program, by_name ? module_base(called) : executable);
}

/* ---- the survey ---- */

/* The dynamic symbols of one object. Undefined ones stand in front of those that the hash covers. */
struct symbols {
    const ElfW(Sym) * table;
    const char *names;
    const uint32_t *gnu_hash;
    const uint32_t *hash;
};

static struct symbols symbols_of(const struct link_map *map)
{
    struct symbols symbols = {NULL, NULL, NULL, NULL};
    for (const ElfW(Dyn) *entry = map->l_ld; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        uintptr_t value = entry->d_un.d_ptr;
        /* glibc has relocated these, but not where it may not write (the vDSO). */
        const void *at = (const void *)(value < map->l_addr ? value + map->l_addr : value);
        if (entry->d_tag == DT_SYMTAB)
            symbols.table = at;
        else if (entry->d_tag == DT_STRTAB)
            symbols.names = at;
        else if (entry->d_tag == DT_GNU_HASH)
            symbols.gnu_hash = at;
        else if (entry->d_tag == DT_HASH)
            symbols.hash = at;
    }
    return symbols;
}

/* How many symbols may be undefined ones. */
static uint32_t symbols_before_hashed(const struct symbols *symbols)
{
    if (symbols->gnu_hash != NULL)
        return symbols->gnu_hash[1];
    return symbols->hash != NULL ? symbols->hash[1] : 0;
}

static bool imports_any(const struct symbols *symbols)
{
    static const char *const names[] = {
#define ASIDE_NAME(result, name, parameters) #name,
        FUNCTIONS_ASIDE(ASIDE_NAME)
#undef ASIDE_NAME
            "cap_set_proc"};
    uint32_t count = symbols_before_hashed(symbols);
    for (uint32_t i = 1; i < count; i++) {
        const char *name = symbols->names + symbols->table[i].st_name;
        if (*name != 's' && *name != 'u' && *name != 'c' && *name != 'p' && *name != 'i')
            continue;
        for (size_t n = 0; n < ARRAY_LENGTH(names); n++)
            if (strcmp(name, names[n]) == 0)
                return true;
    }
    return false;
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (unsigned char)*c;
    return hash;
}

/* Whether an object defines a symbol, by its GNU hash (Ulrich Drepper, "How To Write Shared Libraries", 1.5.3). */
static bool defines_hashed(const struct symbols *symbols, const char *wanted, uint32_t hash)
{
    if (symbols->gnu_hash == NULL)
        return false;
    uint32_t buckets = symbols->gnu_hash[0];
    uint32_t first = symbols->gnu_hash[1];
    const uint32_t *bucket = symbols->gnu_hash + 4 + symbols->gnu_hash[2] * (sizeof(ElfW(Addr)) / 4);
    const uint32_t *chain = bucket + buckets;
    uint32_t i = buckets != 0 ? bucket[hash % buckets] : 0;
    if (i < first)
        return false;
    for (;; i++) {
        const ElfW(Sym) *symbol = &symbols->table[i];
        if ((chain[i - first] | 1) == (hash | 1) && strcmp(symbols->names + symbol->st_name, wanted) == 0)
            return symbol->st_shndx != SHN_UNDEF;
        if (chain[i - first] & 1)
            return false;
    }
}

static bool defines(const struct symbols *symbols, const char *wanted)
{
    return defines_hashed(symbols, wanted, gnu_hash(wanted));
}

/* glibc itself, whose own calls never come back to us. */
static bool part_of_glibc(const char *name)
{
    static const char *const prefixes[] = {"libc.so", "ld-linux", "libpthread.so", "libm.so", "libdl.so", "linux-vdso"};
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static const struct link_map *our_map(void)
{
    struct dl_find_object found;
    return _dl_find_object((void *)(uintptr_t)&our_map, &found) == 0 ? found.dlfo_link_map : NULL;
}

static const struct link_map *first_map(void)
{
    const struct link_map *map = our_map();
    while (map != NULL && map->l_prev != NULL)
        map = map->l_prev;
    return map;
}

/* What was loaded at start, but for us: asked some forty times, so it is looked through once. */
static struct {
    unsigned count;
    struct {
        struct symbols symbols;
        uintptr_t dynamic;
    } object[1024]; /* no program has as many libraries */
} at_start SPARSE;

static void look_through(void)
{
    const struct link_map *us = our_map();
    for (const struct link_map *map = first_map(); map != NULL; map = map->l_next) {
        struct symbols symbols = symbols_of(map);
        if (map == us || symbols.table == NULL || symbols.names == NULL ||
            at_start.count == ARRAY_LENGTH(at_start.object))
            continue;
        at_start.object[at_start.count].dynamic = (uintptr_t)map->l_ld;
        at_start.object[at_start.count++].symbols = symbols;
    }
}

bool module_at_start(uintptr_t dynamic)
{
    for (unsigned i = 0; i < at_start.count; i++)
        if (at_start.object[i].dynamic == dynamic)
            return true;
    return false;
}

bool module_defined(const char *name)
{
    if (at_start.count == 0)
        look_through();
    uint32_t hash = gnu_hash(name);
    for (unsigned i = 0; i < at_start.count; i++)
        if (defines_hashed(&at_start.object[i].symbols, name, hash))
            return true;
    return false;
}

static bool defines_any_new(const struct symbols *symbols)
{
    static const char *const forms[] = {
#define FORM(result, name, parameters) #name,
        FUNCTIONS_NEW(FORM) FUNCTIONS_DELETE(FORM)
#undef FORM
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (defines(symbols, forms[i]))
            return true;
    return false;
}

struct module_survey module_survey(void)
{
    struct module_survey survey = {NULL, false, false, false};
    const struct link_map *us = our_map();
    bool before_us = true;
    for (const struct link_map *map = first_map(); map != NULL; map = map->l_next) {
        const char *name = module_base(map->l_name);
        if (map == us) {
            before_us = false;
            continue;
        }
        struct symbols symbols = symbols_of(map);
        if (part_of_glibc(name) || symbols.table == NULL || symbols.names == NULL)
            continue;
        survey.single_thread_only = survey.single_thread_only || imports_any(&symbols);
        if (!before_us)
            continue;
        if (survey.own_malloc == NULL && (defines(&symbols, "malloc") || defines(&symbols, "free")))
            survey.own_malloc = *name != '\0' ? name : program;
        survey.own_realloc = survey.own_realloc || defines(&symbols, "realloc");
        survey.own_new = survey.own_new || defines_any_new(&symbols);
    }
    return survey;
}
