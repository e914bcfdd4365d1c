#include "spans.h"

#include <stdlib.h>

#include "cmd/diagnostics.h"

enum {
    ROWS_MOST = 1 << 22, /* a bound, for corrupt files; the largest browsers have a third of it */
    OVERLAPPING = 16     /* spans that may be tried: functions that the linker dropped can leave ranges from 0 on */
};

void spans_add(struct spans *spans, Dwarf_Die *die, uint32_t number)
{
    Dwarf_Addr base, begin, end;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &begin, &end)) > 0 && spans->rows < ROWS_MOST;) {
        if (begin >= end)
            continue;
        if (spans->rows == spans->capacity) {
            spans->capacity = spans->capacity != 0 ? 2 * spans->capacity : 64;
            spans->row = must_resize(spans->row, spans->capacity * sizeof *spans->row);
        }
        spans->row[spans->rows++] = (struct span){begin, end, *die, number};
    }
}

static int spans_by_begin(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

void spans_sort(struct spans *spans)
{
    if (spans->rows != 0)
        qsort(spans->row, spans->rows, sizeof *spans->row, spans_by_begin);
}

struct span *spans_find(const struct spans *spans, Dwarf_Addr address)
{
    size_t from = 0, to = spans->rows;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (spans->row[middle].begin <= address)
            from = middle + 1;
        else
            to = middle;
    }
    for (size_t tries = 0; from-- > 0 && tries < OVERLAPPING; tries++)
        if (address < spans->row[from].end)
            return &spans->row[from];
    return NULL;
}

void spans_free(struct spans *spans)
{
    free(spans->row);
    *spans = (struct spans){0};
}
