/* The lines above the table: the process and its figures. */
#include <stdio.h>
#include <string.h>

#include "bar.h"
#include "draw.h"

/* Writes words side by side on one line; a word that does not fit is left out. */
struct line_writer {
    const struct canvas *canvas;
    int row;
    int column;
};

static bool draw_word(struct line_writer *out, enum look look, const char *word, const char *value)
{
    int gap = out->column > 0 ? 2 : 0;
    int width = canvas_width(out->canvas, word) + canvas_width(out->canvas, value);
    if (out->column + gap + width > out->canvas->columns)
        return false;
    out->column += gap;
    out->column += canvas_put(out->canvas, out->row, out->column, width, LOOK_PLAIN, word);
    out->column += canvas_put(out->canvas, out->row, out->column, width, look, value);
    return true;
}

static void draw_figure(struct line_writer *out, const char *word, enum figure_kind kind, int64_t value)
{
    char text[FIGURE_TEXT];
    enum look look = kind != FIGURE_CHANGE ? LOOK_STRONG : value > 0 ? LOOK_MORE : LOOK_LESS;
    draw_word(out, look, word, figure_text(text, kind, value));
}

/* ---- the lines ---- */

static void draw_state(const struct model *model, struct line_writer *out)
{
    static const char *const words[][2] = {
        [PROCESS_LIVING] = {"running", "runs"},
        [PROCESS_ENDED] = {"has ended; its last snapshot", "ended"},
        [PROCESS_DEAD] = {"is gone; its last snapshot", "gone"},
        [PROCESS_FAR] = {"in another pid namespace", "far"},
    };
    enum look look = model->process == PROCESS_LIVING || model->file != NULL ? LOOK_PLAIN : LOOK_ALERT;
    if (model->file != NULL)
        draw_word(out, look, "file ", model->file);
    else if (!draw_word(out, look, "", words[model->process][0]))
        draw_word(out, look, "", words[model->process][1]);
}

static void draw_process(const struct model *model, struct line_writer *out, int64_t wall_seconds)
{
    const struct snapshot *now = model->now;
    char text[128];
    char up[FIGURE_TEXT];
    int64_t age = wall_seconds - now->wall_seconds;
    bool living = model->process == PROCESS_LIVING && model->file == NULL;
    snprintf(text, sizeof text, "%s[%u]", now->program, now->pid);
    draw_word(out, LOOK_STRONG, "", text);
    draw_state(model, out);
    if (model->paused)
        draw_word(out, LOOK_ALERT, "", "PAUSED");
    snprintf(text, sizeof text, "up %s", figure_text(up, FIGURE_TIME, figure_of(now->uptime_ms)));
    draw_word(out, LOOK_PLAIN, "", text);
    if (age > (living ? 2 : 0) && age < INT32_MAX) {
        char seen[FIGURE_TEXT];
        snprintf(text, sizeof text, "seen %s ago", figure_text(seen, FIGURE_TIME, age * 1000));
        draw_word(out, LOOK_PLAIN, "", text);
    }
}

static void draw_command(const struct model *model, struct line_writer *out)
{
    char line[SNAPSHOT_COMMAND + 1];
    view_command(model->now, line, sizeof line);
    canvas_put(out->canvas, out->row, 0, out->canvas->columns, LOOK_FAINT, line);
}

static void draw_live(const struct model *model, struct line_writer *out)
{
    const struct snapshot *now = model->now;
    const uint64_t live = now->total.live.bytes;
    draw_figure(out, "live ", FIGURE_BYTES, figure_of(live));
    draw_figure(out, "blocks ", FIGURE_COUNT, figure_of(now->total.live.blocks));
    draw_figure(out, "peak ", FIGURE_BYTES, figure_of(now->total.peak_bytes));
    if (model->baseline != NULL)
        draw_figure(out, "since b ", FIGURE_CHANGE, figure_change(live, model->baseline->total.live.bytes));
    if ((now->total_past.known & 1) != 0)
        draw_figure(out, "1 min ", FIGURE_CHANGE, figure_change(live, now->total_past.live_bytes[0]));
    if ((now->total_past.known & 2) != 0)
        draw_figure(out, "10 min ", FIGURE_CHANGE, figure_change(live, now->total_past.live_bytes[1]));
}

/* Resident memory beyond the live blocks: free memory of the allocator, code, stacks, the library's accounting. */
static void draw_memory(const struct model *model, struct line_writer *out)
{
    const struct snapshot *now = model->now;
    uint64_t live = now->total.live.bytes, resident = now->memory.resident;
    if (now->memory.known != 0) {
        draw_figure(out, "RSS ", FIGURE_BYTES, figure_of(resident));
        draw_figure(out, resident >= live ? "beyond live " : "less than live by ", FIGURE_BYTES,
                    figure_of(resident >= live ? resident - live : live - resident));
        if (now->memory.swapped != 0)
            draw_figure(out, "swapped ", FIGURE_BYTES, figure_of(now->memory.swapped));
    }
    draw_figure(out, "allocations ", FIGURE_RATE, model_rate(model, false));
    if (model->before != NULL) {
        char bytes[FIGURE_TEXT], rate[FIGURE_TEXT + 2];
        snprintf(rate, sizeof rate, "%s/s", figure_text(bytes, FIGURE_BYTES, model_rate(model, true)));
        draw_word(out, LOOK_STRONG, "", rate);
    }
}

/* All live bytes by age, which also explains the marks of the bars. */
static void draw_ages(const struct model *model, struct line_writer *out)
{
    static const char *const names[SNAPSHOT_AGE_ROWS] = {"<1s ", "<10s ", "<100s ", "<1000s ", "older "};
    for (int i = 0; i < SNAPSHOT_AGE_ROWS; i++) {
        char value[FIGURE_TEXT];
        char text[64];
        figure_text(value, FIGURE_BYTES, figure_of(model->now->total.age[i].bytes));
        snprintf(text, sizeof text, "%s%s", names[i], value);
        int mark = out->column + (out->column > 0 ? 2 : 0);
        draw_word(out, LOOK_PLAIN, "  ", text);
        canvas_put(out->canvas, out->row, mark, 1, LOOK_AGE + i, bar_mark(out->canvas, i));
    }
}

static void draw_line(const struct model *model, struct line_writer *out)
{
    const struct history *history = &model->history;
    char most[FIGURE_TEXT], span[FIGURE_TEXT];
    uint64_t largest = 0;
    for (int i = 0; i < history->points; i++)
        if (history->point[i].live_bytes > largest)
            largest = history->point[i].live_bytes;
    if (history->points < 2)
        return;
    uint64_t ms = history->point[history->points - 1].uptime_ms - history->point[0].uptime_ms;
    draw_word(out, LOOK_PLAIN, "0 to ", figure_text(most, FIGURE_BYTES, figure_of(largest)));
    figure_text(span, FIGURE_TIME, figure_of(ms));
    int space = out->canvas->columns - out->column - 3 - canvas_width(out->canvas, span);
    bar_line(out->canvas, out->row, out->column + 1, space, history->point, history->points);
    canvas_put_right(out->canvas, out->row, 0, out->canvas->columns, LOOK_PLAIN, span);
}

/* ---- which lines ---- */

enum line { TITLE, COMMAND, LIVE, MEMORY, AGES, LINE, LINES };

/* Which lines to keep where there are few, most important first. */
static const enum line wanted[LINES] = {TITLE, LIVE, MEMORY, AGES, LINE, COMMAND};

static void draw_header_line(const struct model *model, struct line_writer *out, enum line line, int64_t wall_seconds)
{
    switch (line) {
    case TITLE:
        return draw_process(model, out, wall_seconds);
    case COMMAND:
        return draw_command(model, out);
    case LIVE:
        return draw_live(model, out);
    case MEMORY:
        return draw_memory(model, out);
    case AGES:
        return draw_ages(model, out);
    default:
        return draw_line(model, out);
    }
}

int header_draw(const struct model *model, const struct canvas *canvas, int lines, int64_t wall_seconds)
{
    bool chosen[LINES] = {false};
    struct line_writer out = {.canvas = canvas};
    for (int i = 0; i < lines && i < LINES; i++)
        chosen[wanted[i]] = true;
    for (int i = 0; i < LINES; i++) {
        if (!chosen[i])
            continue;
        draw_header_line(model, &out, (enum line)i, wall_seconds);
        out.row++;
        out.column = 0;
    }
    return out.row;
}
