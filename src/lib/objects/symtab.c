#include "symtab.h"

#include <string.h>

enum {
    DYNAMIC_ENTRIES_MAX = 512,
    BUCKETS_MAX = 1 << 20,
    NAMES_BYTES_MAX = 1 << 30,
    UNSIZED_REACH = 4096 /* hand-written functions are short; beyond, a name would be a guess */
};

/* ---- where the tables are ---- */

/* Keeps what is inside the image; false when nothing is. */
static bool bound(struct symtab *table)
{
    const struct image *image = &table->image;
    if (table->symbols < image->begin || table->symbols >= image->end || table->names < image->begin ||
        table->names >= image->end)
        return false;
    uint64_t symbols_most = (image->end - table->symbols) / sizeof(Elf64_Sym);
    uint64_t names_most = image->end - table->names;
    if (symbols_most > SYMTAB_SYMBOLS_MAX)
        symbols_most = SYMTAB_SYMBOLS_MAX;
    if (names_most > NAMES_BYTES_MAX)
        names_most = NAMES_BYTES_MAX;
    if (table->count > symbols_most)
        table->count = symbols_most;
    if (table->names_bytes > names_most)
        table->names_bytes = names_most;
    symtab_rewind(table);
    return table->count > 0 && table->names_bytes > 0;
}

/* What a dynamic section says; 0: nothing. */
struct dynamic {
    uint64_t symbols, symbol_bytes, names, names_bytes, hash, gnu_hash;
};

static void dynamic_entry(struct dynamic *dynamic, const struct image *image, const Elf64_Dyn *entry)
{
    switch (entry->d_tag) {
    case DT_SYMTAB:
        dynamic->symbols = image_position(image, entry->d_un.d_ptr);
        break;
    case DT_SYMENT:
        dynamic->symbol_bytes = entry->d_un.d_val;
        break;
    case DT_STRTAB:
        dynamic->names = image_position(image, entry->d_un.d_ptr);
        break;
    case DT_STRSZ:
        dynamic->names_bytes = entry->d_un.d_val;
        break;
    case DT_HASH:
        dynamic->hash = image_position(image, entry->d_un.d_ptr);
        break;
    case DT_GNU_HASH:
        dynamic->gnu_hash = image_position(image, entry->d_un.d_ptr);
        break;
    default:
        break;
    }
}

static struct dynamic dynamic_read(const struct image *image, uint64_t at)
{
    struct dynamic dynamic = {0};
    Elf64_Dyn entries[32];
    for (unsigned n = 0; n < DYNAMIC_ENTRIES_MAX; n += ARRAY_LENGTH(entries)) {
        size_t bytes = image_read(image, at + n * sizeof *entries, entries, sizeof entries);
        for (size_t i = 0; i < bytes / sizeof *entries; i++) {
            if (entries[i].d_tag == DT_NULL)
                return dynamic;
            dynamic_entry(&dynamic, image, &entries[i]);
        }
        if (bytes < sizeof entries)
            break;
    }
    return dynamic;
}

/* The highest symbol at which a chain begins. */
static uint32_t last_chain(const struct image *image, uint64_t buckets_at, uint32_t buckets, uint32_t *space)
{
    uint32_t last = 0;
    for (uint32_t done = 0; done < buckets; done += SYMTAB_PIECE) {
        size_t wanted = buckets - done < SYMTAB_PIECE ? buckets - done : SYMTAB_PIECE;
        size_t bytes = image_read(image, buckets_at + done * sizeof *space, space, wanted * sizeof *space);
        for (size_t i = 0; i < bytes / sizeof *space; i++)
            last = space[i] > last ? space[i] : last;
    }
    return last;
}

/* A GNU hash does not say how many symbols there are: the last chain's end does (its exit report is odd). */
static uint64_t count_by_gnu_hash(const struct image *image, uint64_t at, uint32_t *space)
{
    uint32_t head[4]; /* buckets, first symbol that is hashed, words of the Bloom filter, its shift */
    if (!image_read_whole(image, at, head, sizeof head) || head[0] > BUCKETS_MAX)
        return 0;
    uint64_t buckets_at = at + sizeof head + (uint64_t)head[2] * sizeof(uint64_t);
    uint64_t chains_at = buckets_at + (uint64_t)head[0] * sizeof *space;
    uint64_t symbol = last_chain(image, buckets_at, head[0], space);
    if (symbol < head[1])
        return head[1];
    for (;; symbol++) {
        uint32_t word;
        if (symbol > SYMTAB_SYMBOLS_MAX ||
            !image_read_whole(image, chains_at + (symbol - head[1]) * sizeof word, &word, sizeof word))
            return symbol;
        if (word & 1)
            return symbol + 1;
    }
}

static uint64_t count_by_hash(const struct image *image, uint64_t at)
{
    uint32_t head[2]; /* buckets, symbols */
    return image_read_whole(image, at, head, sizeof head) ? head[1] : 0;
}

bool symtab_dynamic(struct symtab *table, const struct image *image, uint64_t at)
{
    struct dynamic dynamic = dynamic_read(image, at);
    if (dynamic.symbols == 0 || dynamic.names == 0 || dynamic.symbol_bytes != sizeof(Elf64_Sym))
        return false;
    table->image = *image;
    table->symbols = dynamic.symbols;
    table->names = dynamic.names;
    table->names_bytes = dynamic.names_bytes;
    table->count = 0;
    if (dynamic.gnu_hash != 0)
        table->count = count_by_gnu_hash(image, dynamic.gnu_hash, table->words);
    else if (dynamic.hash != 0)
        table->count = count_by_hash(image, dynamic.hash);
    return bound(table);
}

static bool section_read(const struct image *image, const Elf64_Ehdr *head, uint32_t n, Elf64_Shdr *section)
{
    return n < head->e_shnum && image_read_whole(image, head->e_shoff + n * sizeof *section, section, sizeof *section);
}

bool symtab_section(struct symtab *table, const struct image *image, uint32_t type)
{
    Elf64_Ehdr head;
    Elf64_Shdr section;
    if (!image_read_whole(image, 0, &head, sizeof head) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof section)
        return false;
    for (uint32_t n = 0; section_read(image, &head, n, &section); n++) {
        Elf64_Shdr names;
        if (section.sh_type != type || section.sh_entsize != sizeof(Elf64_Sym) ||
            !section_read(image, &head, section.sh_link, &names) || names.sh_type != SHT_STRTAB)
            continue;
        table->image = *image;
        table->symbols = section.sh_offset;
        table->count = section.sh_size / sizeof(Elf64_Sym);
        table->names = names.sh_offset;
        table->names_bytes = names.sh_size;
        return bound(table);
    }
    return false;
}

/* ---- the walk ---- */

void symtab_rewind(struct symtab *table)
{
    table->next = 0;
    table->taken = table->held = 0;
}

static bool refill(struct symtab *table)
{
    uint64_t left = table->count - table->next;
    uint64_t wanted = left < SYMTAB_PIECE ? left : SYMTAB_PIECE;
    size_t bytes = image_read(&table->image, table->symbols + table->next * sizeof(Elf64_Sym), table->piece,
                              wanted * sizeof(Elf64_Sym));
    table->taken = 0;
    table->held = (unsigned)(bytes / sizeof(Elf64_Sym));
    table->next += wanted;
    return table->held > 0;
}

/* The next symbol as it is there, or NULL. */
static const Elf64_Sym *next_entry(struct symtab *table)
{
    if (table->taken == table->held && (table->next >= table->count || !refill(table)))
        return NULL;
    return &table->piece[table->taken++];
}

/* Thread-local variables, data, section names and what other objects define are no functions of this one. */
static bool is_function(const struct symtab *table, const Elf64_Sym *entry)
{
    unsigned type = ELF64_ST_TYPE(entry->st_info);
    bool of_function = type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_NOTYPE && entry->st_size != 0);
    return of_function && entry->st_shndx != SHN_UNDEF && entry->st_shndx != SHN_ABS && entry->st_shndx != SHN_COMMON &&
           entry->st_name != 0 && entry->st_name < table->names_bytes;
}

static struct symbol symbol_of(const Elf64_Sym *entry)
{
    return (struct symbol){entry->st_value, entry->st_size, entry->st_name};
}

bool symtab_next(struct symtab *table, struct symbol *symbol)
{
    const Elf64_Sym *entry;
    while ((entry = next_entry(table)) != NULL)
        if (is_function(table, entry)) {
            *symbol = symbol_of(entry);
            return true;
        }
    return false;
}

/* Nearly every symbol fails the first test: a table of 50,000 takes 0.2 ms, most of it the copying. */
bool symtab_find(struct symtab *table, uint64_t address, struct symbol *found)
{
    struct symbol below = {0};
    uint64_t least = UINT64_MAX;       /* from the function that covers it and begins last */
    uint64_t least_below = UINT64_MAX; /* from any that begins below; above, the difference wraps around */
    const Elf64_Sym *entry;
    symtab_rewind(table);
    while ((entry = next_entry(table)) != NULL) {
        uint64_t away = address - entry->st_value;
        bool nearer = away < entry->st_size && away < least;
        if ((!nearer && away >= least_below) || entry->st_value > address || !is_function(table, entry))
            continue;
        if (nearer) {
            *found = symbol_of(entry);
            least = away;
        }
        if (away < least_below) {
            below = symbol_of(entry);
            least_below = away;
        }
    }
    if (least == UINT64_MAX && least_below < UNSIZED_REACH && below.bytes == 0) {
        *found = below;
        return true;
    }
    return least != UINT64_MAX;
}

/* ---- names ---- */

size_t symtab_name(const struct symtab *table, const struct symbol *symbol, char name[SYMBOL_NAME])
{
    uint64_t left = symbol->name < table->names_bytes ? table->names_bytes - symbol->name : 0;
    size_t bytes = left < SYMBOL_NAME - 1 ? (size_t)left : SYMBOL_NAME - 1;
    bytes = image_read(&table->image, table->names + symbol->name, name, bytes);
    size_t length = 0;
    for (; length < bytes && name[length] != '\0' && name[length] != '@'; length++)
        if ((unsigned char)name[length] < ' ' || name[length] == 127)
            name[length] = '?';
    name[length] = '\0';
    return length;
}
