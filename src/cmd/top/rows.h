/* The rows of any view: a name, and a value for each field that the view has. No input or output. */
#ifndef TM_ROWS_H
#define TM_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "figure.h"
#include "snapshot/snapshot.h"

enum { ROW_NAME = 256, ROW_NOTE = 64, ROW_NONE = -1 };

/* What a row may have, in the order of fields[]. */
enum field {
    FIELD_END, /* closes a view's list */
    FIELD_LIVE,
    FIELD_SINCE,
    FIELD_SHARE,
    FIELD_AGES,
    FIELD_BAR,
    FIELD_BLOCKS,
    FIELD_MINUTE,
    FIELD_MINUTES,
    FIELD_PEAK,
    FIELD_RATE,
    FIELD_AGE,
    FIELD_ALLOCATIONS,
    FIELD_ALLOCATED,
    FIELD_FREED,
    FIELD_NET,
    FIELD_THREAD,
    FIELD_PROCESS,
    FIELD_RESIDENT,
    FIELD_UPTIME,
    FIELD_NOTE,
    FIELDS
};

struct field_kind {
    const char *title;
    int width;
    enum figure_kind kind;
    const char *meaning;
};

extern const struct field_kind fields[FIELDS];

struct row {
    uint64_t key; /* equal for the same row of another snapshot */
    int64_t value[FIELDS];
    uint64_t age[SNAPSHOT_AGE_ROWS]; /* live bytes by age */
    unsigned rank;                   /* compared before the names where rows are sorted by name */
    int parent;                      /* in a tree: the parent's number; ROW_NONE: none */
    int children;
    int depth;
    bool open;   /* its children are shown */
    bool ages;   /* `age` is known */
    bool at_end; /* sorted after all others: the sum of what has no row of its own; a process that has ended */
    char name[ROW_NAME];
    char note[ROW_NOTE];
};

struct rows {
    struct row *row;
    int count;
    int capacity;
    int *order; /* numbers of the rows that are shown, in their order */
    int shown;
};

/* A new row without any value. The pointer is valid until the next row is added. */
struct row *rows_add(struct rows *rows, uint64_t key);
void rows_clear(struct rows *rows); /* keeps the memory */
void rows_free(struct rows *rows);

/* The index in `order` of the row with this key; ROW_NONE: it is not shown. */
int rows_find(const struct rows *rows, uint64_t key);

/* Sets FIELD_SHARE: the part that `of` is of `total`. */
void rows_share(struct rows *rows, enum field of, uint64_t total);
/* Sets `into` to the change of `of` since the earlier rows, divided by `seconds`; sorts the earlier rows by key. A row
 * that is new began at 0, unless earlier rows were left out: then it is not known. */
void rows_compare(struct rows *rows, struct rows *earlier, enum field of, enum field into, double seconds);

/* The keys of the rows that are open, sorted. */
struct key_set {
    uint64_t *key;
    int count;
};
bool key_set_has(const struct key_set *set, uint64_t key);
void key_set_add(struct key_set *set, uint64_t key);
void key_set_remove(struct key_set *set, uint64_t key);

struct arrangement {
    enum field by; /* FIELD_END: by name */
    bool reversed; /* smallest first */
    /* "": all rows. "=word": those whose name or note is the word. Else those with the text in their name or note,
     * whatever the case. Their ancestors are shown too. */
    const char *filter;
    const struct key_set *open;
};

/* Fills `order`. Rows with `at_end` come last. */
void rows_arrange(struct rows *rows, const struct arrangement *how);

#endif
