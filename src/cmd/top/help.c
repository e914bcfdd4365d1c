/* The screen that F1 shows. */
#include <string.h>

#include "bar.h"
#include "draw.h"

static const char *const keys[][2] = {
    {"t c s p z", "tags, call sites, stacks, threads, sizes"},
    {"l", "the list of processes; Enter chooses one"},
    {"Enter", "inside: a tag's call sites, a call site's stacks"},
    {"arrows, pages", "up and down; in stacks, right opens and left closes"},
    {"*", "opens all stacks"},
    {"< >", "sort by the column to the left, to the right"},
    {"i", "sort the other way round"},
    {"/", "show rows with a word only; =word: of that name; Esc: all"},
    {"b", "baseline: SINCE B tells the growth from now on"},
    {"space", "pause, and go on"},
    {"q", "quit"},
};

enum { KEYS = sizeof keys / sizeof *keys, WORDS_AT = 15 };

static int draw_help_of_keys(const struct canvas *canvas)
{
    canvas_put(canvas, 0, 0, canvas->columns, LOOK_STRONG, "trackmalloc top: the keys (any key goes back)");
    for (int i = 0; i < KEYS; i++) {
        canvas_put(canvas, i + 1, 0, WORDS_AT - 1, LOOK_KEY, keys[i][0]);
        canvas_put(canvas, i + 1, WORDS_AT, canvas->columns, LOOK_PLAIN, keys[i][1]);
    }
    return KEYS + 1;
}

static int draw_help_of_bars(const struct canvas *canvas, int line)
{
    static const char *const names[SNAPSHOT_AGE_ROWS] = {"younger than 1 s", "10 s", "100 s", "1000 s", "older"};
    int at = canvas_put(canvas, line, 0, canvas->columns, LOOK_STRONG, "Bars:");
    for (int i = 0; i < SNAPSHOT_AGE_ROWS; i++) {
        at += 1 + canvas_put(canvas, line, at + 1, 1, LOOK_AGE + i, bar_mark(canvas, i));
        at += 1 + canvas_put(canvas, line, at + 1, canvas->columns, LOOK_PLAIN, names[i]);
    }
    return line + 1;
}

void help_draw(const struct model *model, const struct canvas *canvas)
{
    const struct view *view = &views[model->view];
    int line = draw_help_of_bars(canvas, draw_help_of_keys(canvas));
    canvas_print(canvas, line++, 0, canvas->columns, LOOK_STRONG, "Columns of %s:", view->name);
    for (int i = 0; i < VIEW_COLUMNS && view->column[i] != FIELD_END; i++) {
        const struct field_kind *field = &fields[view->column[i]];
        if (field->meaning[0] == '\0')
            continue;
        canvas_put(canvas, line, 0, WORDS_AT - 1, LOOK_KEY, field->title);
        canvas_put(canvas, line++, WORDS_AT, canvas->columns, LOOK_PLAIN, field->meaning);
    }
}
