#include "layout.h"

enum { GAP = 1, NAME_LEAST = 12, BAR_MOST = 40, NOTE_MOST = 24 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

struct choice {
    bool chosen[VIEW_COLUMNS];
    int left; /* columns of the line that are not taken */
};

static void choose_column(struct choice *choice, int number, enum field field)
{
    int width = fields[field].width + GAP;
    if (choice->chosen[number] || width > choice->left)
        return;
    choice->chosen[number] = true;
    choice->left -= width;
}

static struct choice choose_columns(const struct view *view, int space, enum field by, bool since)
{
    struct choice choice = {.left = space};
    for (int i = 0; i < VIEW_COLUMNS && view->column[i] != FIELD_END; i++)
        if (view->column[i] == by)
            choose_column(&choice, i, by);
    for (int i = 0; i < VIEW_COLUMNS && view->column[i] != FIELD_END; i++)
        if (view->column[i] != FIELD_SINCE || since)
            choose_column(&choice, i, view->column[i]);
    return choice;
}

/* The columns of the screen that a column takes of those left over. */
static int widening(enum field field, int left)
{
    bool bar = field == FIELD_BAR || field == FIELD_AGES;
    int wanted = bar ? BAR_MOST : field == FIELD_NOTE ? NOTE_MOST : fields[field].width;
    return smaller(left, wanted - fields[field].width);
}

struct layout layout_of(const struct view *view, int width, int longest, enum field by, bool since)
{
    struct layout layout = {.name = smaller(smaller(longest, width), larger(NAME_LEAST, width * 2 / 5))};
    struct choice choice = choose_columns(view, width - layout.name, by, since);
    int longer = smaller(choice.left, larger(0, longest - layout.name));
    layout.name += longer;
    choice.left -= longer;
    int at = layout.name;
    for (int i = 0; i < VIEW_COLUMNS && view->column[i] != FIELD_END; i++) {
        if (!choice.chosen[i])
            continue;
        enum field field = view->column[i];
        int wider = widening(field, choice.left);
        choice.left -= wider;
        layout.column[layout.columns].field = field;
        layout.column[layout.columns].at = at + GAP;
        layout.column[layout.columns].width = fields[field].width + wider;
        layout.columns++;
        at += GAP + fields[field].width + wider;
    }
    return layout;
}
