#include "lookup.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/sys/glibc.h"

/* The linker's own: no other object has a say in it. NOLINTNEXTLINE(readability-redundant-declaration) */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

enum { HIDDEN_VERSION = 0x8000 };

/* ---- what is there ---- */

/* A word that our relocations make: it stands as 0 in the file (RELA). Read through volatile: the compiler knows it. */
static const volatile void *const volatile relocated = &relocated;

bool lookup_is_relocated(void)
{
    return relocated != NULL;
}

bool lookup_has_glibc(void)
{
    return &_dl_find_object != NULL;
}

/* ---- the list of objects ---- */

/* Where the loader does not export its record for debuggers, the executable's dynamic section points to it. */
static const struct r_debug *record_of_executable(void)
{
    const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uintptr_t bias = 0;
    const ElfW(Dyn) *entry = NULL;
    for (size_t i = 0; header != NULL && i < count; i++)
        if (header[i].p_type == PT_PHDR)
            bias = (uintptr_t)header - header[i].p_vaddr;
    for (size_t i = 0; header != NULL && i < count; i++)
        if (header[i].p_type == PT_DYNAMIC)
            entry = (const ElfW(Dyn) *)(bias + header[i].p_vaddr);
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_DEBUG)
            return (const struct r_debug *)entry->d_un.d_ptr;
    return NULL;
}

const struct link_map *lookup_first(void)
{
    const struct r_debug *record = &_r_debug != NULL ? &_r_debug : record_of_executable();
    return record != NULL ? record->r_map : NULL;
}

const struct link_map *lookup_own(void)
{
    const struct link_map *map = lookup_first();
    while (map != NULL && map->l_ld != _DYNAMIC)
        map = map->l_next;
    return map;
}

static bool has_base_name(const struct link_map *map, const char *name)
{
    const char *slash = map->l_name != NULL ? strrchr(map->l_name, '/') : NULL;
    return map->l_name != NULL && strcmp(slash != NULL ? slash + 1 : map->l_name, name) == 0;
}

const struct link_map *lookup_object(const char *name)
{
    const struct link_map *map = lookup_first();
    while (map != NULL && !has_base_name(map, name))
        map = map->l_next;
    return map;
}

/* ---- one object ---- */

struct lookup_symbols lookup_symbols(const struct link_map *map)
{
    struct lookup_symbols symbols = {.table = NULL};
    for (const ElfW(Dyn) *entry = map->l_ld; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        uintptr_t value = entry->d_un.d_ptr;
        /* glibc has relocated these, but not where it may not write (the vDSO); musl never does. */
        const void *at = (const void *)(value < map->l_addr ? value + map->l_addr : value);
        if (entry->d_tag == DT_SYMTAB)
            symbols.table = at;
        else if (entry->d_tag == DT_STRTAB)
            symbols.names = at;
        else if (entry->d_tag == DT_GNU_HASH)
            symbols.gnu_hash = at;
        else if (entry->d_tag == DT_HASH)
            symbols.hash = at;
        else if (entry->d_tag == DT_VERSYM)
            symbols.versions = at;
    }
    if (symbols.names == NULL)
        symbols.table = NULL;
    return symbols;
}

uint32_t lookup_hash(const char *name)
{
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (unsigned char)*c;
    return hash;
}

/* What dlsym would find: a function that is defined there, under no version or the default one. */
static bool is_wanted(const struct lookup_symbols *symbols, uint32_t number, const char *name)
{
    const ElfW(Sym) *symbol = &symbols->table[number];
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || type == STT_TLS || type == STT_SECTION)
        return false;
    if (symbols->versions != NULL && symbols->versions[number] & HIDDEN_VERSION)
        return false;
    return strcmp(symbols->names + symbol->st_name, name) == 0;
}

/* Ulrich Drepper, "How To Write Shared Libraries", 1.5.3. 0: there is none. */
static uint32_t find_by_gnu_hash(const struct lookup_symbols *symbols, const char *name, uint32_t hash)
{
    enum { WORD_BITS = 8 * sizeof(ElfW(Addr)), FIXED_WORDS = 4 };
    const uint32_t *table = symbols->gnu_hash;
    uint32_t buckets = table[0], first = table[1], filters = table[2], shift = table[3];
    const ElfW(Addr) *filter = (const ElfW(Addr) *)(table + FIXED_WORDS);
    ElfW(Addr) word = filters != 0 ? filter[hash / WORD_BITS & (filters - 1)] : 0;
    if (buckets == 0 || (word >> hash % WORD_BITS & word >> (hash >> shift) % WORD_BITS & 1) == 0)
        return 0;
    const uint32_t *bucket = (const uint32_t *)(filter + filters);
    const uint32_t *chain = bucket + buckets;
    for (uint32_t i = bucket[hash % buckets]; i >= first; i++) {
        if ((chain[i - first] | 1) == (hash | 1) && is_wanted(symbols, i, name))
            return i;
        if (chain[i - first] & 1)
            return 0;
    }
    return 0;
}

/* As old linkers wrote them: System V ABI, "Hash Table". */
static uint32_t find_by_hash(const struct lookup_symbols *symbols, const char *name)
{
    uint32_t hash = 0;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash << 4) + (unsigned char)*c;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
    }
    const uint32_t *table = symbols->hash;
    const uint32_t *chain = table + 2 + table[0];
    for (uint32_t i = table[0] != 0 ? table[2 + hash % table[0]] : 0; i != 0; i = chain[i])
        if (is_wanted(symbols, i, name))
            return i;
    return 0;
}

void *lookup_defined(const struct lookup_symbols *symbols, uintptr_t bias, const char *name, uint32_t hash)
{
    uint32_t number = 0;
    if (symbols->table == NULL)
        return NULL;
    if (symbols->gnu_hash != NULL)
        number = find_by_gnu_hash(symbols, name, hash);
    else if (symbols->hash != NULL)
        number = find_by_hash(symbols, name);
    if (number == 0)
        return NULL;
    const ElfW(Sym) *symbol = &symbols->table[number];
    void *found = (void *)(bias + symbol->st_value);
    if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
        found = ((void *(*)(void))found)();
    return found;
}

void *lookup_in(const struct link_map *map, const char *name)
{
    if (map == NULL)
        return NULL;
    struct lookup_symbols symbols = lookup_symbols(map);
    return lookup_defined(&symbols, map->l_addr, name, lookup_hash(name));
}

/* Those that are asked for are before the ones that the GNU hash covers; beside the old hash, anywhere. */
static uint32_t symbols_asked_for(const struct lookup_symbols *symbols)
{
    if (symbols->gnu_hash != NULL)
        return symbols->gnu_hash[1];
    return symbols->hash != NULL ? symbols->hash[1] : 0;
}

bool lookup_imports(const struct link_map *map, const char *beginning)
{
    struct lookup_symbols symbols = lookup_symbols(map);
    uint32_t count = symbols.table != NULL ? symbols_asked_for(&symbols) : 0;
    for (uint32_t i = 1; i < count; i++) {
        const ElfW(Sym) *symbol = &symbols.table[i];
        if (symbol->st_shndx == SHN_UNDEF &&
            strncmp(symbols.names + symbol->st_name, beginning, strlen(beginning)) == 0)
            return true;
    }
    return false;
}

void *lookup_next(const char *name)
{
    const struct link_map *map = lookup_own();
    void *found = NULL;
    while (map != NULL && (map = map->l_next) != NULL && found == NULL)
        found = lookup_in(map, name);
    return found;
}
