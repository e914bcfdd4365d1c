/* Which DWARF entry covers an address: compilation units of a file, functions of a unit. */
#ifndef TM_SPANS_H
#define TM_SPANS_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    Dwarf_Addr begin;
    Dwarf_Addr end;
    Dwarf_Die die;
    uint32_t number; /* of the caller's choice */
};

/* All zero: none yet. */
struct spans {
    struct span *row;
    size_t rows;
    size_t capacity;
};

/* Adds every address range of an entry. After the last one, they must be sorted. */
void spans_add(struct spans *spans, Dwarf_Die *die, uint32_t number);
void spans_sort(struct spans *spans);

/* Of the spans that contain the address, the one that begins last; NULL: none. */
struct span *spans_find(const struct spans *spans, Dwarf_Addr address);
void spans_free(struct spans *spans);

#endif
