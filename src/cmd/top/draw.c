#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "bar.h"
#include "layout.h"

enum { HEADER_LINES = 6, LINES_FOR_ONE = 4 /* the header has at most one line for so many of the screen */ };

/* ---- names ---- */

static int indent_of(const struct row *row, const struct model *model)
{
    return model->view == VIEW_STACKS ? row->depth + 2 : 0;
}

static int longest_name(const struct model *model, const struct canvas *canvas)
{
    int longest = (int)strlen(views[model->view].rows);
    for (int i = 0; i < model->rows.shown; i++) {
        const struct row *row = &model->rows.row[model->rows.order[i]];
        int width = indent_of(row, model) + canvas_width(canvas, row->name);
        longest = width > longest ? width : longest;
    }
    return longest;
}

static const char *branch_mark(const struct canvas *canvas, const struct row *row)
{
    if (row->children == 0)
        return " ";
    if (canvas->utf8)
        return row->open ? "▾" : "▸";
    return row->open ? "-" : "+";
}

/* A name that is too long, module!function+0x12, first loses the end of its module. */
static void draw_short_name(const struct canvas *canvas, int line, int at, int space, enum look look, const char *name)
{
    enum { DOTS = 2, MODULE_LEAST = 4 };
    char text[ROW_NAME + DOTS];
    const char *function = strchr(name, '!');
    int module = function != NULL ? (int)(function - name) : 0;
    int keep = space - DOTS - canvas_width(canvas, function != NULL ? function : name);
    if (canvas_width(canvas, name) > space && keep >= MODULE_LEAST && keep < module)
        snprintf(text, sizeof text, "%.*s..%s", keep, name, function);
    else
        snprintf(text, sizeof text, "%s", name);
    canvas_put_name(canvas, line, at, space, look, text);
}

/* In a deep tree, at least half of the column is for the name. */
static void draw_name(const struct model *model, const struct canvas *canvas, int line, int space,
                      const struct row *row, enum look look)
{
    int indent = indent_of(row, model);
    if (indent > space / 2)
        indent = space / 2;
    if (indent >= 2)
        canvas_put(canvas, line, indent - 2, space, look, branch_mark(canvas, row));
    draw_short_name(canvas, line, indent, space - indent, look, row->name);
}

/* ---- the table ---- */

struct table {
    const struct model *model;
    const struct canvas *canvas;
    struct layout layout;
    enum field by;
    uint64_t largest; /* live bytes of any row */
};

static bool is_left_aligned(enum field field)
{
    return field == FIELD_NOTE || field == FIELD_BAR || field == FIELD_AGES;
}

/* The column that the rows are sorted by has a mark. */
static void draw_column_title(const struct table *table, int line, int at, int width, enum field field,
                              const char *title)
{
    char text[32];
    bool sorted = table->by == field;
    bool reversed = table->model->state[table->model->view].reversed;
    bool rising = reversed != (field == FIELD_END || field == FIELD_NOTE);
    const char *mark = table->canvas->utf8 ? (rising ? "▴" : "▾") : rising ? "^" : "v";
    snprintf(text, sizeof text, "%s%s%s", sorted && !is_left_aligned(field) && field != FIELD_END ? mark : "", title,
             sorted && (is_left_aligned(field) || field == FIELD_END) ? mark : "");
    if (is_left_aligned(field) || field == FIELD_END)
        canvas_put(table->canvas, line, at, width, LOOK_BAR, text);
    else
        canvas_put_right(table->canvas, line, at, width, LOOK_BAR, text);
}

static void draw_column_titles(const struct table *table, int line)
{
    const struct view *view = &views[table->model->view];
    const char *filter = table->model->state[table->model->view].filter;
    canvas_paint(table->canvas, line, 0, table->canvas->columns, LOOK_BAR);
    draw_column_title(table, line, 0, table->layout.name, FIELD_END, view->rows);
    if (filter[0] != '\0')
        canvas_print(table->canvas, line, (int)strlen(view->rows) + 1, table->layout.name - (int)strlen(view->rows) - 1,
                     LOOK_BAR, "/%s", filter);
    for (int i = 0; i < table->layout.columns; i++) {
        enum field field = table->layout.column[i].field;
        draw_column_title(table, line, table->layout.column[i].at, table->layout.column[i].width, field,
                          field == FIELD_NOTE ? view->note : fields[field].title);
    }
}

static enum look look_of(enum figure_kind kind, int64_t value, enum look plain)
{
    if (plain != LOOK_PLAIN || kind != FIGURE_CHANGE || value == FIGURE_UNKNOWN || value == 0)
        return plain;
    return value > 0 ? LOOK_MORE : LOOK_LESS;
}

static void draw_bar(const struct table *table, int line, int at, int width, const struct row *row)
{
    int64_t live = row->value[FIELD_LIVE];
    if (row->ages)
        bar_put(table->canvas, line, at, width, row->age, table->largest);
    else if (live > 0)
        bar_plain(table->canvas, line, at, width, (uint64_t)live, table->largest);
}

static void draw_row(const struct table *table, int line, const struct row *row, bool here)
{
    enum look look = here ? LOOK_HERE : LOOK_PLAIN;
    if (here)
        canvas_paint(table->canvas, line, 0, table->canvas->columns, look);
    draw_name(table->model, table->canvas, line, table->layout.name, row, look);
    for (int i = 0; i < table->layout.columns; i++) {
        enum field field = table->layout.column[i].field;
        int at = table->layout.column[i].at, width = table->layout.column[i].width;
        char text[FIGURE_TEXT];
        if (field == FIELD_BAR || field == FIELD_AGES)
            draw_bar(table, line, at, width, row);
        else if (field == FIELD_NOTE)
            canvas_put_name(table->canvas, line, at, width, look, row->note);
        else
            canvas_put_right(table->canvas, line, at, width, look_of(fields[field].kind, row->value[field], look),
                             figure_text(text, fields[field].kind, row->value[field]));
    }
}

static struct table table_to_draw(const struct model *model, const struct canvas *canvas)
{
    struct table table = {.model = model, .canvas = canvas, .by = model->state[model->view].by};
    for (int i = 0; i < model->rows.count; i++) {
        int64_t live = model->rows.row[i].value[FIELD_LIVE];
        if (live > 0 && (uint64_t)live > table.largest)
            table.largest = (uint64_t)live;
    }
    table.layout =
        layout_of(&views[model->view], canvas->columns, longest_name(model, canvas), table.by, model->baseline != NULL);
    return table;
}

static void draw_empty_table(const struct model *model, const struct canvas *canvas, int line)
{
    const char *filter = model->state[model->view].filter;
    if (filter[0] != '\0' && model->rows.count != 0)
        canvas_print(canvas, line, 0, canvas->columns, LOOK_FAINT, "nothing here has \"%s\" in its name; Esc shows all",
                     filter);
    else
        canvas_put(canvas, line, 0, canvas->columns, LOOK_FAINT, views[model->view].empty);
}

static void draw_table(const struct model *model, const struct canvas *canvas, int line, int rows, int cursor)
{
    struct table table = table_to_draw(model, canvas);
    int scroll = model->state[model->view].scroll;
    draw_column_titles(&table, line++);
    if (model->rows.shown == 0 && rows > 0)
        draw_empty_table(model, canvas, line);
    for (int i = 0; i < rows && scroll + i < model->rows.shown; i++)
        draw_row(&table, line + i, &model->rows.row[model->rows.order[scroll + i]], scroll + i == cursor);
}

/* ---- the foot ---- */

struct key_word {
    const char *key;
    const char *word;
    int view; /* that the key shows, or VIEWS */
};

static const struct key_word key_words[] = {
    {"h", "help", VIEWS},       {"q", "quit", VIEWS},          {"t", "tags", VIEW_TAGS},
    {"c", "sites", VIEW_SITES}, {"s", "stacks", VIEW_STACKS},  {"p", "threads", VIEW_THREADS},
    {"z", "sizes", VIEW_SIZES}, {"l", "list", VIEW_PROCESSES}, {"/", "filter", VIEWS},
    {"<>", "sort", VIEWS},      {"b", "base", VIEWS},          {"space", "pause", VIEWS},
};

static void draw_key_words(const struct model *model, const struct canvas *canvas, int line)
{
    int at = 0;
    for (size_t i = 0; i < sizeof key_words / sizeof *key_words; i++) {
        const struct key_word *one = &key_words[i];
        int width = (int)(strlen(one->key) + strlen(one->word)) + 1;
        if (at + width > canvas->columns)
            break;
        enum look look = one->view == (int)model->view ? LOOK_BAR : LOOK_PLAIN;
        at += canvas_put(canvas, line, at, width, LOOK_KEY, one->key);
        at += canvas_put(canvas, line, at, 1, look, ":");
        at += canvas_put(canvas, line, at, width, look, one->word) + 1;
    }
}

static void draw_foot(const struct model *model, const struct canvas *canvas, int line)
{
    if (model->typing)
        canvas_print(canvas, line, 0, canvas->columns, LOOK_STRONG, "show those with: %s_",
                     model->state[model->view].filter);
    else if (model->message[0] != '\0')
        canvas_put(canvas, line, 0, canvas->columns, LOOK_STRONG, model->message);
    else
        draw_key_words(model, canvas, line);
}

/* ---- the whole ---- */

static int draw_head(const struct model *model, const struct canvas *canvas, int lines, int64_t wall_seconds)
{
    if (model->view != VIEW_PROCESSES && model->now != NULL)
        return header_draw(model, canvas, lines, wall_seconds);
    canvas_print(canvas, 0, 0, canvas->columns, LOOK_STRONG, "%d tracked %s", model->rows.count,
                 model->rows.count == 1 ? "process" : "processes");
    return 1;
}

void draw(struct model *model, const struct canvas *canvas, int64_t wall_seconds)
{
    int lines = canvas->rows / LINES_FOR_ONE;
    if (model->help)
        return help_draw(model, canvas);
    lines = lines < 1 ? 1 : lines > HEADER_LINES ? HEADER_LINES : lines;
    int head = draw_head(model, canvas, lines, wall_seconds);
    int rows = canvas->rows - head - 2; /* titles and foot */
    model_scroll(model, rows);
    draw_table(model, canvas, head, rows, model->state[model->view].cursor);
    for (int column = 0; column < canvas->columns; column++) /* on a low screen, the table may have been drawn here */
        canvas_put(canvas, canvas->rows - 1, column, 1, LOOK_PLAIN, " ");
    draw_foot(model, canvas, canvas->rows - 1);
}

int draw_page_rows(const struct model *model)
{
    return HEADER_LINES + 1 + (model->rows.shown > 0 ? model->rows.shown : 1);
}

void draw_page(struct model *model, const struct canvas *canvas, int64_t wall_seconds)
{
    int head = draw_head(model, canvas, HEADER_LINES, wall_seconds);
    model_scroll(model, model->rows.shown);
    draw_table(model, canvas, head, model->rows.shown > 0 ? model->rows.shown : 1, ROW_NONE);
}
