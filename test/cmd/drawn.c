#include "drawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/top/draw.h"
#include "story.h"

const char *screen_of(struct model *model, int rows, int columns)
{
    static char *text;
    size_t length;
    struct canvas canvas = canvas_new(rows, columns, true);
    draw(model, &canvas, NOW);
    free(text);
    FILE *to = open_memstream(&text, &length);
    canvas_write(&canvas, to);
    fclose(to);
    canvas_free(&canvas);
    return text;
}

void assert_shows(struct model *model, const char *words)
{
    const char *screen = screen_of(model, 24, 80);
    if (strstr(screen, words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, screen);
}

void assert_hides(struct model *model, const char *words)
{
    const char *screen = screen_of(model, 24, 80);
    if (strstr(screen, words) != NULL)
        fail_msg("\"%s\" in:\n%s", words, screen);
}

void press_keys(struct model *model, const char *keys)
{
    for (; *keys != '\0'; keys++)
        assert_int_equal(model_press(model, (unsigned char)*keys), REQUEST_NOTHING);
}

const char *row_names(const struct model *model)
{
    static char names[4096];
    size_t length = 0;
    names[0] = '\0';
    for (int i = 0; i < model->rows.shown; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? " " : "",
                                   model->rows.row[model->rows.order[i]].name);
    return names;
}

const struct row *row_named(const struct model *model, const char *name)
{
    for (int i = 0; i < model->rows.shown; i++)
        if (strcmp(model->rows.row[model->rows.order[i]].name, name) == 0)
            return &model->rows.row[model->rows.order[i]];
    fail_msg("no row %s among: %s", name, row_names(model));
    return NULL;
}

struct model model_of_shop(enum view_number view)
{
    struct model model;
    struct story *story = story_new();
    model_begin(&model, view, (struct namer){NULL, NULL});
    model_take(&model, story_lay_out(story));
    free(story);
    return model;
}
