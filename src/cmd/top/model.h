/* What `top` shows: the snapshots, the view, and the state that keys change. No input or output. */
#ifndef TM_MODEL_H
#define TM_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/segment/find.h"
#include "history.h"
#include "rows.h"
#include "snapshot/snapshot.h"
#include "view.h"

enum { MODEL_FILTER = 64, MODEL_MESSAGE = 128 };

struct view_state {
    enum field by;
    bool reversed;
    char filter[MODEL_FILTER];
    int cursor;   /* index among the rows shown */
    uint64_t key; /* of the row there: the cursor follows its row, but a cursor on the first row stays there */
    int scroll;
};

struct model {
    enum view_number view;
    struct view_state state[VIEWS];
    struct snapshot *now; /* these three: owned, or NULL */
    struct snapshot *before;
    struct snapshot *baseline;
    struct history history;
    struct namer namer;
    enum process_state process;
    const char *file; /* the file that the snapshot was read from; NULL: of a process */
    struct rows rows; /* of the view */
    struct key_set open;
    bool tree_begun; /* the tree was opened to its first branch, once */
    bool paused;
    bool help;
    bool typing; /* keys go to the filter */
    int page;    /* rows that fit on the screen */
    char message[MODEL_MESSAGE];
};

/* Keys that are not characters. */
enum model_key {
    MODEL_UP = 0x10000,
    MODEL_DOWN,
    MODEL_LEFT,
    MODEL_RIGHT,
    MODEL_PAGE_UP,
    MODEL_PAGE_DOWN,
    MODEL_HOME,
    MODEL_END,
    MODEL_ENTER,
    MODEL_BACKSPACE,
    MODEL_ESCAPE,
    MODEL_HELP
};

/* What a key asks of the caller. */
enum model_request { REQUEST_NOTHING, REQUEST_QUIT, REQUEST_OPEN /* the process at the cursor */ };

void model_begin(struct model *model, enum view_number view, struct namer namer);
void model_end(struct model *model);

/* Drops all that is known of the process, before another one. */
void model_forget(struct model *model);
/* Takes a newer snapshot, and frees it later. */
void model_take(struct model *model, struct snapshot *snapshot);
/* Takes the rows of the view of processes, and frees them later. */
void model_take_processes(struct model *model, struct rows *rows);

/* Collects the rows, after a change of the view or the snapshots. Arranges them only, after a change of the order, the
 * filter or what is open. */
void model_collect(struct model *model);
void model_arrange(struct model *model);

/* One key: a byte, or an enum model_key. */
enum model_request model_press(struct model *model, int key);

/* The state of the view that is shown. */
struct view_state *model_state(struct model *model);
/* The row at the cursor; NULL: there is none. */
const struct row *model_here(const struct model *model);
/* Shows a message at the foot of the screen, until the next key. */
void model_show_message(struct model *model, const char *message);
/* Allocations, or bytes, a second between the last two snapshots. */
int64_t model_rate(const struct model *model, bool bytes);
/* Scrolls so that the cursor is on the page, which has `page` rows. */
void model_scroll(struct model *model, int page);

#endif
