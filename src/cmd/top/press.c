/* What each key does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "model.h"

/* ---- the view ---- */

static void show_view(struct model *model, enum view_number view)
{
    if (view != VIEW_PROCESSES && model->now == NULL)
        return model_show_message(model, "choose a process first: arrow keys, then Enter");
    model->view = view;
    model_collect(model);
}

/* Sorts by the next column to the left or to the right. The name is to the left of the first column. */
static void sort_beside(struct model *model, int step)
{
    struct view_state *state = model_state(model);
    const uint8_t *column = views[model->view].column;
    int columns = 0, at = -1;
    for (; column[columns] != FIELD_END; columns++)
        if (column[columns] == state->by)
            at = columns;
    do
        at += step;
    while (at >= 0 && at < columns && column[at] == FIELD_SINCE && model->baseline == NULL);
    if (at < -1 || at >= columns)
        return;
    state->by = at >= 0 ? column[at] : FIELD_END;
    state->reversed = false;
    model_arrange(model);
}

static void set_baseline(struct model *model)
{
    if (model->view == VIEW_PROCESSES || model->now == NULL)
        return model_show_message(model, "a baseline is set where a process is shown");
    free(model->baseline);
    model->baseline = must_allocate(model->now->bytes);
    memcpy(model->baseline, model->now, model->now->bytes);
    model_show_message(model, "from here on, SINCE B tells what has grown");
    model_collect(model);
}

static void move_cursor(struct model *model, int to)
{
    struct view_state *state = model_state(model);
    state->cursor = to < 0 ? 0 : to;
    if (state->cursor >= model->rows.shown)
        state->cursor = model->rows.shown > 0 ? model->rows.shown - 1 : 0;
    if (model->rows.shown > 0)
        state->key = model->rows.row[model->rows.order[state->cursor]].key;
}

/* ---- rows ---- */

static void open_all(struct model *model)
{
    for (int i = 0; model->view == VIEW_STACKS && i < model->rows.count; i++)
        if (model->rows.row[i].children != 0)
            key_set_add(&model->open, model->rows.row[i].key);
    model_arrange(model);
}

static void open_here(struct model *model)
{
    if (model->view != VIEW_STACKS || model->rows.shown == 0)
        return;
    calltree_open(&model->rows, model->rows.order[model_state(model)->cursor], &model->open);
    model_arrange(model);
}

/* Closes the row; from one that is closed, moves to its parent. */
static void close_here(struct model *model)
{
    const struct row *here = model_here(model);
    if (model->view != VIEW_STACKS || here == NULL)
        return;
    if (key_set_has(&model->open, here->key) && here->children != 0)
        key_set_remove(&model->open, here->key);
    else if (here->parent != ROW_NONE)
        move_cursor(model, rows_find(&model->rows, model->rows.row[here->parent].key));
    model_arrange(model);
}

/* From a tag to its call sites, from a call site to its stacks. */
static void show_inside(struct model *model, enum view_number view)
{
    const struct row *here = model_here(model);
    if (here == NULL || here->at_end)
        return;
    struct view_state *inside = &model->state[view];
    snprintf(inside->filter, sizeof inside->filter, "%s%.*s", view == VIEW_SITES ? "=" : "", MODEL_FILTER - 2,
             here->name);
    inside->cursor = 0;
    show_view(model, view);
}

static enum model_request press_enter(struct model *model)
{
    const struct row *here = model_here(model);
    if (model->view == VIEW_PROCESSES)
        return here != NULL ? REQUEST_OPEN : REQUEST_NOTHING;
    if (model->view == VIEW_TAGS)
        show_inside(model, VIEW_SITES);
    else if (model->view == VIEW_SITES)
        show_inside(model, VIEW_STACKS);
    else if (here != NULL && here->open)
        close_here(model);
    else
        open_here(model);
    return REQUEST_NOTHING;
}

/* ---- the filter ---- */

static void press_in_filter(struct model *model, int key)
{
    char *filter = model_state(model)->filter;
    size_t length = strlen(filter);
    if (key == MODEL_ENTER || key == MODEL_ESCAPE)
        model->typing = false;
    if (key == MODEL_ESCAPE)
        filter[0] = '\0';
    if (key == MODEL_BACKSPACE && length > 0) {
        while (length > 1 && (filter[length - 1] & 0xC0) == 0x80) /* the other bytes of its character */
            length--;
        filter[length - 1] = '\0';
    }
    if (key >= ' ' && key < 0x100 && key != 0x7F && length + 1 < MODEL_FILTER) {
        filter[length] = (char)key;
        filter[length + 1] = '\0';
    }
    model_arrange(model);
}

static void clear_filter(struct model *model)
{
    model_state(model)->filter[0] = '\0';
    model_arrange(model);
}

/* ---- all of them ---- */

static bool press_movement(struct model *model, int key)
{
    int cursor = model_state(model)->cursor;
    switch (key) {
    case MODEL_UP:
        return move_cursor(model, cursor - 1), true;
    case MODEL_DOWN:
        return move_cursor(model, cursor + 1), true;
    case MODEL_PAGE_UP:
        return move_cursor(model, cursor - model->page), true;
    case MODEL_PAGE_DOWN:
        return move_cursor(model, cursor + model->page), true;
    case MODEL_HOME:
        return move_cursor(model, 0), true;
    case MODEL_END:
        return move_cursor(model, model->rows.shown - 1), true;
    default:
        return false;
    }
}

static bool press_view(struct model *model, int key)
{
    for (int i = 0; i < VIEWS; i++)
        if (key == views[i].key)
            return show_view(model, (enum view_number)i), true;
    return false;
}

static bool press_order(struct model *model, int key)
{
    switch (key) {
    case '<':
    case ',':
        return sort_beside(model, -1), true;
    case '>':
    case '.':
        return sort_beside(model, +1), true;
    case 'i':
        model_state(model)->reversed = !model_state(model)->reversed;
        return model_arrange(model), true;
    default:
        return false;
    }
}

static bool press_tree(struct model *model, int key)
{
    switch (key) {
    case MODEL_RIGHT:
    case '+':
        return open_here(model), true;
    case MODEL_LEFT:
    case '-':
        return close_here(model), true;
    case '*':
        return open_all(model), true;
    default:
        return false;
    }
}

static enum model_request press_other(struct model *model, int key)
{
    switch (key) {
    case 'q':
        return REQUEST_QUIT;
    case MODEL_ENTER:
        return press_enter(model);
    case 'h':
    case '?':
    case MODEL_HELP:
        model->help = true;
        break;
    case '/':
        model->typing = true;
        break;
    case MODEL_ESCAPE:
        clear_filter(model);
        break;
    case ' ':
        model->paused = !model->paused;
        break;
    case 'b':
        set_baseline(model);
        break;
    default:
        break;
    }
    return REQUEST_NOTHING;
}

enum model_request model_press(struct model *model, int key)
{
    model->message[0] = '\0';
    if (model->typing)
        return press_in_filter(model, key), REQUEST_NOTHING;
    if (model->help) {
        model->help = false;
        return REQUEST_NOTHING;
    }
    if (press_movement(model, key) || press_view(model, key) || press_order(model, key) || press_tree(model, key))
        return REQUEST_NOTHING;
    return press_other(model, key);
}
