/* The views: which rows of a snapshot each shows, and which columns. A column is added to a view by one word in its row
 * of views[]. No input or output. */
#ifndef TM_VIEW_H
#define TM_VIEW_H

#include "rows.h"
#include "snapshot/snapshot.h"

enum { VIEW_COLUMNS = 12 };

enum view_number { VIEW_TAGS, VIEW_SITES, VIEW_STACKS, VIEW_THREADS, VIEW_SIZES, VIEW_PROCESSES, VIEWS };

/* A source of more names of addresses than the snapshot has. `find` may be NULL; it returns NULL if it has no name. */
struct namer {
    const char *(*find)(void *of, const struct snapshot *snapshot, uint32_t object, uint64_t address);
    void *of;
};

struct view {
    const char *name; /* in the row of views; also what --view takes */
    char key;
    const char *rows;             /* "TAG": heads the column of names */
    const char *note;             /* heads FIELD_NOTE */
    const char *empty;            /* why there may be no row */
    enum field measure;           /* compared with the baseline */
    enum field order;             /* the rows are first sorted by it */
    enum field counted;           /* its change is the rate */
    uint8_t column[VIEW_COLUMNS]; /* enum field, most important first; ends with FIELD_END */
    /* NULL: its rows are not of one snapshot. */
    void (*collect)(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows);
};

extern const struct view views[VIEWS];

/* The view of that name; VIEWS: there is none. */
enum view_number view_named(const char *name);

/* The name of an address: of the namer, else `known`, the one in the snapshot (or ""), else OBJECT+0x12. `object` is a
 * row or SNAPSHOT_NONE. */
void view_name(const struct snapshot *snapshot, const struct namer *namer, uint64_t address, uint32_t object,
               const char *known, char name[ROW_NAME]);
/* The key of an address, carried on from `key`: the same as long as the object is loaded at the same address. */
uint64_t view_place_key(const struct snapshot *snapshot, uint64_t key, uint64_t address, uint32_t object);

/* The command line in the snapshot, or the name of the program if it has none, cut to `capacity` bytes. */
void view_command(const struct snapshot *snapshot, char *command, size_t capacity);

/* calltree.c: the stacks, merged from their outermost frames inwards. */
void calltree_collect(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows);
/* Opens a row, and the rows below it down to the first with several children. */
void calltree_open(const struct rows *rows, int number, struct key_set *open);

#endif
