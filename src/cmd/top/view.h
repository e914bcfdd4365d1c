/* The views: which rows of a snapshot each shows, and which columns. Adding a column to a view is one word in its row
 * of views[]. Pure. */
#ifndef TM_VIEW_H
#define TM_VIEW_H

#include "rows.h"
#include "snapshot/snapshot.h"

enum { VIEW_COLUMNS = 12 };

enum view_number { VIEW_TAGS, VIEW_SITES, VIEW_STACKS, VIEW_THREADS, VIEW_SIZES, VIEW_PROCESSES, VIEWS };

/* Who knows more names of addresses than the snapshot: `find` is NULL, or returns NULL, where there is none. */
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
    enum field measure;           /* what is compared with the baseline */
    enum field order;             /* what is sorted by at first */
    enum field counted;           /* what the rate is made of */
    uint8_t column[VIEW_COLUMNS]; /* enum field, the most wanted first; FIELD_END closes them */
    /* NULL: not out of one snapshot. */
    void (*collect)(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows);
};

extern const struct view views[VIEWS];

/* The view of that name; VIEWS: there is none. */
enum view_number view_named(const char *name);

/* The name of an address: as the namer has it, else as the snapshot ("": it has none), else where it is in its object.
 * `object` is a row or SNAPSHOT_NONE. */
void view_name(const struct snapshot *snapshot, const struct namer *namer, uint64_t address, uint32_t object,
               const char *known, char name[ROW_NAME]);
/* The key of an address: the same as long as the object stays where it is. */
uint64_t view_place_key(const struct snapshot *snapshot, uint64_t key, uint64_t address, uint32_t object);

/* The words of a snapshot's command, or else its program's name, in `capacity` bytes. */
void view_command(const struct snapshot *snapshot, char *command, size_t capacity);

/* calltree.c: the stacks, merged from their outermost frames inwards. */
void calltree_collect(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows);
/* Opens a row and, as long as each has one child only, those below it. */
void calltree_open(const struct rows *rows, int number, struct key_set *open);

#endif
