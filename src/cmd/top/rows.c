#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

const struct field_kind fields[FIELDS] = {
    [FIELD_END] = {"", 0, FIGURE_NONE, ""},
    [FIELD_LIVE] = {"LIVE", 7, FIGURE_BYTES, "bytes allocated and not freed"},
    [FIELD_SINCE] = {"SINCE B", 8, FIGURE_CHANGE, "how much more than when b was pressed"},
    [FIELD_SHARE] = {"SHARE", 6, FIGURE_SHARE, "of all live bytes"},
    [FIELD_AGES] = {"BY AGE", 12, FIGURE_NONE, "live bytes beside the largest row's, youngest first"},
    [FIELD_BAR] = {"", 12, FIGURE_NONE, ""},
    [FIELD_BLOCKS] = {"BLOCKS", 6, FIGURE_COUNT, "allocated and not freed"},
    [FIELD_MINUTE] = {"1 MIN", 8, FIGURE_CHANGE, "live bytes more than a minute ago"},
    [FIELD_MINUTES] = {"10 MIN", 8, FIGURE_CHANGE, "live bytes more than ten minutes ago"},
    [FIELD_PEAK] = {"PEAK", 7, FIGURE_BYTES, "the most live bytes there ever were"},
    [FIELD_RATE] = {"RATE", 7, FIGURE_RATE, "allocations a second, lately"},
    [FIELD_AGE] = {"MEAN AGE", 8, FIGURE_TIME, "of live blocks"},
    [FIELD_ALLOCATIONS] = {"ALLOCS", 6, FIGURE_COUNT, "allocations since start"},
    [FIELD_ALLOCATED] = {"ALLOC'D", 7, FIGURE_BYTES, "bytes allocated since start"},
    [FIELD_FREED] = {"FREED", 7, FIGURE_BYTES, "bytes freed since start, whoever allocated them"},
    [FIELD_NET] = {"NET", 8, FIGURE_CHANGE, "bytes allocated less bytes freed by this thread"},
    [FIELD_THREAD] = {"TID", 7, FIGURE_ID, "the thread's number"},
    [FIELD_PROCESS] = {"PID", 7, FIGURE_ID, "the process's number"},
    [FIELD_RESIDENT] = {"RSS", 7, FIGURE_BYTES, "memory that the process has in use"},
    [FIELD_UPTIME] = {"UP", 7, FIGURE_TIME, "how long it runs, or ran"},
    [FIELD_NOTE] = {"", 9, FIGURE_NONE, ""},
};

struct row *rows_add(struct rows *rows, uint64_t key)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity != 0 ? 2 * rows->capacity : 64;
        rows->row = must_resize(rows->row, (size_t)rows->capacity * sizeof *rows->row);
    }
    struct row *row = &rows->row[rows->count++];
    memset(row, 0, sizeof *row);
    row->key = key;
    row->parent = ROW_NONE;
    for (int i = 0; i < FIELDS; i++)
        row->value[i] = FIGURE_UNKNOWN;
    return row;
}

void rows_clear(struct rows *rows)
{
    rows->count = rows->shown = 0;
}

void rows_free(struct rows *rows)
{
    free(rows->row);
    free(rows->order);
    *rows = (struct rows){.row = NULL};
}

int rows_find(const struct rows *rows, uint64_t key)
{
    for (int i = 0; i < rows->shown; i++)
        if (rows->row[rows->order[i]].key == key)
            return i;
    return ROW_NONE;
}

/* ---- compared with each other ---- */

void rows_share(struct rows *rows, enum field of, uint64_t total)
{
    for (int i = 0; i < rows->count; i++) {
        int64_t value = rows->row[i].value[of];
        if (value != FIGURE_UNKNOWN && total != 0)
            rows->row[i].value[FIELD_SHARE] = figure_round((double)value * 1000.0 / (double)total);
    }
}

static int rows_by_key(const void *a, const void *b)
{
    uint64_t x = ((const struct row *)a)->key, y = ((const struct row *)b)->key;
    return (x > y) - (x < y);
}

void rows_compare(struct rows *rows, struct rows *earlier, enum field of, enum field into, double seconds)
{
    bool others = false;
    for (int i = 0; i < earlier->count; i++)
        others |= earlier->row[i].at_end;
    if (earlier->count != 0)
        qsort(earlier->row, (size_t)earlier->count, sizeof *earlier->row, rows_by_key);
    for (int i = 0; i < rows->count; i++) {
        struct row *row = &rows->row[i];
        const struct row *before =
            earlier->count != 0 ? bsearch(row, earlier->row, (size_t)earlier->count, sizeof *row, rows_by_key) : NULL;
        int64_t then = before != NULL ? before->value[of] : others ? FIGURE_UNKNOWN : 0;
        if (then != FIGURE_UNKNOWN && row->value[of] != FIGURE_UNKNOWN)
            row->value[into] = figure_round(((double)row->value[of] - (double)then) / seconds);
    }
}

/* ---- what is open ---- */

/* The index of the key, or where it would be inserted. */
static int place_of_key(const struct key_set *set, uint64_t key)
{
    int low = 0, high = set->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (set->key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool key_set_has(const struct key_set *set, uint64_t key)
{
    int at = place_of_key(set, key);
    return at < set->count && set->key[at] == key;
}

void key_set_add(struct key_set *set, uint64_t key)
{
    int at = place_of_key(set, key);
    if (key_set_has(set, key))
        return;
    set->key = must_resize(set->key, (size_t)(set->count + 1) * sizeof *set->key);
    memmove(set->key + at + 1, set->key + at, (size_t)(set->count - at) * sizeof *set->key);
    set->key[at] = key;
    set->count++;
}

void key_set_remove(struct key_set *set, uint64_t key)
{
    int at = place_of_key(set, key);
    if (!key_set_has(set, key))
        return;
    set->count--;
    memmove(set->key + at, set->key + at + 1, (size_t)(set->count - at) * sizeof *set->key);
}

/* ---- order ---- */

struct sorting {
    const struct rows *rows;
    const struct arrangement *how;
};

static int compare_values(const struct row *a, const struct row *b, const struct arrangement *how)
{
    if (how->by == FIELD_END)
        return a->rank != b->rank ? (a->rank > b->rank) - (a->rank < b->rank) : strcmp(a->name, b->name);
    if (how->by == FIELD_NOTE)
        return strcmp(a->note, b->note);
    enum field by = how->by == FIELD_BAR || how->by == FIELD_AGES ? FIELD_LIVE : how->by;
    return (a->value[by] < b->value[by]) - (a->value[by] > b->value[by]);
}

static int compare_rows(const void *a, const void *b, void *of)
{
    const struct sorting *sorting = of;
    const struct row *x = &sorting->rows->row[*(const int *)a];
    const struct row *y = &sorting->rows->row[*(const int *)b];
    if (x->at_end != y->at_end)
        return x->at_end - y->at_end;
    int way = compare_values(x, y, sorting->how);
    if (way == 0)
        way = (x->value[FIELD_LIVE] < y->value[FIELD_LIVE]) - (x->value[FIELD_LIVE] > y->value[FIELD_LIVE]);
    else if (sorting->how->reversed)
        way = -way;
    return way != 0 ? way : rows_by_key(x, y);
}

/* The children of each row as linked lists, sorted. One more list, behind them, has the rows without a parent. */
struct family {
    int *first;
    int *next;
    bool *wanted; /* the filter shows it */
};

static bool matches(const struct row *row, const char *filter)
{
    if (filter[0] == '=')
        return strcmp(row->name, filter + 1) == 0 || strcmp(row->note, filter + 1) == 0;
    return strcasestr(row->name, filter) != NULL || strcasestr(row->note, filter) != NULL;
}

/* Every row comes after its parent in the table, so that one pass from the end marks all ancestors. */
static void mark_wanted(const struct rows *rows, const char *filter, bool *wanted)
{
    for (int i = rows->count - 1; i >= 0; i--) {
        const struct row *row = &rows->row[i];
        wanted[i] = wanted[i] || matches(row, filter);
        if (wanted[i] && row->parent != ROW_NONE)
            wanted[row->parent] = true;
    }
}

static void join_family(const struct rows *rows, const int *sorted, const struct family *family)
{
    for (int i = 0; i <= rows->count; i++)
        family->first[i] = ROW_NONE;
    for (int i = rows->count - 1; i >= 0; i--) {
        int parent = rows->row[sorted[i]].parent != ROW_NONE ? rows->row[sorted[i]].parent : rows->count;
        family->next[sorted[i]] = family->first[parent];
        family->first[parent] = sorted[i];
    }
}

/* The row to show after this one: its first child if it is open. */
static int next_row(const struct rows *rows, const struct family *family, int row)
{
    if (rows->row[row].open)
        return family->first[row];
    while (row != ROW_NONE && family->next[row] == ROW_NONE)
        row = rows->row[row].parent;
    return row != ROW_NONE ? family->next[row] : ROW_NONE;
}

static void show_rows(struct rows *rows, const struct family *family, const struct arrangement *how)
{
    for (int i = family->first[rows->count]; i != ROW_NONE; i = next_row(rows, family, i)) {
        struct row *row = &rows->row[i];
        bool asked = how->filter[0] != '\0' || key_set_has(how->open, row->key);
        row->open = asked && row->children != 0 && family->wanted[i];
        if (family->wanted[i])
            rows->order[rows->shown++] = i;
    }
}

void rows_arrange(struct rows *rows, const struct arrangement *how)
{
    size_t count = (size_t)rows->count;
    struct family family = {must_allocate((count + 1) * sizeof(int)), must_allocate(count * sizeof(int)),
                            must_allocate(count * sizeof(bool))};
    int *sorted = must_allocate(count * sizeof *sorted);
    for (int i = 0; i < rows->count; i++)
        sorted[i] = i;
    qsort_r(sorted, count, sizeof *sorted, compare_rows, &(struct sorting){rows, how});
    rows->order = must_resize(rows->order, count * sizeof *rows->order);
    rows->shown = 0;
    mark_wanted(rows, how->filter, family.wanted);
    join_family(rows, sorted, &family);
    show_rows(rows, &family, how);
    free(family.first);
    free(family.next);
    free(family.wanted);
    free(sorted);
}
