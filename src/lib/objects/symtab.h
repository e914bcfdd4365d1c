/* The functions that one symbol table of an object names, read in pieces.
 *
 * A table that lies about itself ends early; it is never read past its image. About 50 KiB: static, not on a stack. */
#ifndef TM_SYMTAB_H
#define TM_SYMTAB_H

#include <elf.h>

#include "image.h"

enum {
    SYMTAB_PIECE = 2048,          /* symbols read at once: 48 KiB */
    SYMTAB_SYMBOLS_MAX = 1 << 22, /* more than any program has; each costs a few nanoseconds */
    SYMBOL_NAME = 512             /* bytes of a name, the closing zero included; longer ones (C++ has them) are cut */
};

struct symtab {
    struct image image;
    uint64_t symbols, count;     /* position of the first, how many */
    uint64_t names, names_bytes; /* position of their names */
    uint64_t next;               /* the walk: the symbol to read next, and the piece that was read */
    unsigned taken, held;
    union {
        Elf64_Sym piece[SYMTAB_PIECE];
        uint32_t words[SYMTAB_PIECE]; /* before the walk: buckets of the hash */
    };
};

/* A function: addresses as the file gives them. */
struct symbol {
    uint64_t value;
    uint64_t bytes; /* 0: not said (hand-written code) */
    uint32_t name;  /* offset among the names */
};

/* The dynamic table, by the object's dynamic section, which is at `dynamic`. Of a loaded object, no file is
 * needed for it. False: there is none, or it cannot be read. */
bool symtab_dynamic(struct symtab *table, const struct image *image, uint64_t dynamic);

/* The table of that section type (SHT_SYMTAB: also static functions; SHT_DYNSYM), by a file's section headers. */
bool symtab_section(struct symtab *table, const struct image *image, uint32_t type);

/* The next function that is defined here; false at the end. */
bool symtab_next(struct symtab *table, struct symbol *symbol);
void symtab_rewind(struct symtab *table);

/* The function that an address is in (as the file gives addresses): the last one to begin among those that cover
 * it; else one of unknown size that begins within a page below, with nothing between. Walks the whole table. */
bool symtab_find(struct symtab *table, uint64_t address, struct symbol *found);

/* Its name without a version ("@@GLIBC_2.34"), control characters as '?'. The length, 0: cannot be read. */
size_t symtab_name(const struct symtab *table, const struct symbol *symbol, char name[SYMBOL_NAME]);

#endif
