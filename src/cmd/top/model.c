#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

struct view_state *model_state(struct model *model)
{
    return &model->state[model->view];
}

void model_show_message(struct model *model, const char *message)
{
    snprintf(model->message, sizeof model->message, "%s", message);
}

/* ---- rows ---- */

static void follow_cursor(struct model *model)
{
    struct view_state *state = model_state(model);
    int at = state->cursor > 0 ? rows_find(&model->rows, state->key) : 0;
    if (at != ROW_NONE)
        state->cursor = at;
    if (state->cursor >= model->rows.shown)
        state->cursor = model->rows.shown > 0 ? model->rows.shown - 1 : 0;
    if (model->rows.shown > 0)
        state->key = model->rows.row[model->rows.order[state->cursor]].key;
}

void model_arrange(struct model *model)
{
    const struct view_state *state = model_state(model);
    rows_arrange(&model->rows,
                 &(struct arrangement){
                     .by = state->by, .reversed = state->reversed, .filter = state->filter, .open = &model->open});
    follow_cursor(model);
}

static void open_first_branch(struct model *model)
{
    if (model->view != VIEW_STACKS || model->tree_begun || model->rows.shown == 0)
        return;
    model->tree_begun = true;
    calltree_open(&model->rows, model->rows.order[0], &model->open);
    model_arrange(model);
}

static void compare_with(struct model *model, const struct snapshot *with, enum field of, enum field into,
                         double seconds)
{
    const struct view *view = &views[model->view];
    struct rows earlier = {.row = NULL};
    view->collect(with, &(struct namer){NULL, NULL}, &earlier);
    rows_compare(&model->rows, &earlier, of, into, seconds);
    rows_free(&earlier);
}

static double seconds_between(const struct snapshot *before, const struct snapshot *now)
{
    return (double)(now->uptime_ms - before->uptime_ms) / 1000;
}

void model_collect(struct model *model)
{
    const struct view *view = &views[model->view];
    rows_clear(&model->rows);
    if (view->collect != NULL && model->now != NULL) {
        view->collect(model->now, &model->namer, &model->rows);
        rows_share(&model->rows, FIELD_LIVE, model->now->total.live.bytes);
        if (model->before != NULL && view->counted != FIELD_END)
            compare_with(model, model->before, view->counted, FIELD_RATE, seconds_between(model->before, model->now));
        if (model->baseline != NULL)
            compare_with(model, model->baseline, view->measure, FIELD_SINCE, 1);
    }
    model_arrange(model);
    open_first_branch(model);
}

int64_t model_rate(const struct model *model, bool bytes)
{
    if (model->before == NULL)
        return FIGURE_UNKNOWN;
    const struct snapshot_amount *now = &model->now->total.allocated, *then = &model->before->total.allocated;
    uint64_t more = bytes ? now->bytes - then->bytes : now->blocks - then->blocks;
    return figure_round((double)more / seconds_between(model->before, model->now));
}

const struct row *model_here(const struct model *model)
{
    return model->rows.shown != 0 ? &model->rows.row[model->rows.order[model->state[model->view].cursor]] : NULL;
}

void model_scroll(struct model *model, int page)
{
    struct view_state *state = model_state(model);
    model->page = page > 0 ? page : 1;
    if (state->scroll > model->rows.shown - model->page)
        state->scroll = model->rows.shown - model->page;
    if (state->scroll < 0)
        state->scroll = 0;
    if (state->cursor < state->scroll)
        state->scroll = state->cursor;
    if (state->cursor >= state->scroll + model->page)
        state->scroll = state->cursor - model->page + 1;
}

/* ---- snapshots ---- */

void model_begin(struct model *model, enum view_number view, struct namer namer)
{
    *model = (struct model){.view = view, .namer = namer, .page = 1};
    for (int i = 0; i < VIEWS; i++)
        model->state[i].by = views[i].order;
}

void model_forget(struct model *model)
{
    free(model->now);
    free(model->before);
    free(model->baseline);
    model->now = model->before = model->baseline = NULL;
    model->history.points = 0;
    model->open.count = 0;
    model->tree_begun = false;
    model->file = NULL;
    model_collect(model);
}

void model_end(struct model *model)
{
    model_forget(model);
    rows_free(&model->rows);
    free(model->open.key);
}

void model_take(struct model *model, struct snapshot *snapshot)
{
    if (model->now != NULL && snapshot->uptime_ms < model->now->uptime_ms)
        model_forget(model); /* the process has called exec */
    if (model->now != NULL && snapshot->uptime_ms > model->now->uptime_ms) {
        free(model->before);
        model->before = model->now;
    } else {
        free(model->now);
    }
    model->now = snapshot;
    history_take(&model->history, snapshot);
    if (model->view != VIEW_PROCESSES)
        model_collect(model);
}

void model_take_processes(struct model *model, struct rows *rows)
{
    if (model->view == VIEW_PROCESSES) {
        rows_free(&model->rows);
        model->rows = *rows;
        model_arrange(model);
    } else {
        rows_free(rows);
    }
    *rows = (struct rows){.row = NULL};
}
