/* The rows of any view: a name, and a value for each field that the view knows of. Pure. */
#ifndef TM_ROWS_H
#define TM_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "figure.h"
#include "snapshot/snapshot.h"

enum { ROW_NAME = 256, ROW_NOTE = 64, ROW_NONE = -1 };

/* What a row may tell, in the order of fields[]. */
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
    uint64_t key; /* the same row in another snapshot has the same */
    int64_t value[FIELDS];
    uint64_t age[SNAPSHOT_AGE_ROWS]; /* live bytes by age */
    unsigned rank;                   /* before its name, where rows are sorted by that */
    int parent;                      /* in a tree: its number; ROW_NONE: none */
    int children;
    int depth;
    bool open;   /* its children are shown */
    bool ages;   /* it knows them */
    bool at_end; /* stands behind all others: what has no row of its own; a process that is dead */
    char name[ROW_NAME];
    char note[ROW_NOTE];
};

struct rows {
    struct row *row;
    int count;
    int capacity;
    int *order; /* which are shown, one after the other */
    int shown;
};

/* A new row, all unknown; it stays where it is until the next is added. */
struct row *rows_add(struct rows *rows, uint64_t key);
void rows_clear(struct rows *rows); /* keeps the memory */
void rows_free(struct rows *rows);

/* Where the row with this key is among those shown; ROW_NONE: nowhere. */
int rows_find(const struct rows *rows, uint64_t key);

/* SHARE: of `total`. */
void rows_share(struct rows *rows, enum field of, uint64_t total);
/* into = of - of in the earlier rows, divided by `seconds`: the earlier ones are sorted by key. A row that was not
 * there began at 0, unless it may have stood among those without a row. */
void rows_compare(struct rows *rows, struct rows *earlier, enum field of, enum field into, double seconds);

/* Keys of rows that are open, sorted. */
struct key_set {
    uint64_t *key;
    int count;
};
bool key_set_has(const struct key_set *set, uint64_t key);
void key_set_add(struct key_set *set, uint64_t key);
void key_set_remove(struct key_set *set, uint64_t key);

struct arrangement {
    enum field by; /* FIELD_END: by name */
    bool reversed; /* the smallest first */
    /* "": all; else rows whose name or note has it, whatever the case, and their ancestors; "=word": is that word */
    const char *filter;
    const struct key_set *open;
};

/* Fills `order`. The row of the others stands last. */
void rows_arrange(struct rows *rows, const struct arrangement *how);

#endif
