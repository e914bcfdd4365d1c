#include "bar.h"

#include <string.h>

/* ---- parts ---- */

const char *bar_mark(const struct canvas *canvas, int part)
{
    static const char *const shades[] = {"·", "░", "▒", "▓", "█"};
    static const char *const letters[] = {".", "-", "+", "*", "#"};
    return canvas->utf8 ? shades[part] : letters[part];
}

static int rounded(double value)
{
    return (int)(value + 0.5);
}

/* The end of each part is rounded, not its length, so that rounding does not change the length of the bar. */
void bar_put(const struct canvas *canvas, int row, int column, int columns, const uint64_t part[SNAPSHOT_AGE_ROWS],
             uint64_t whole)
{
    double sum = 0, up_to = 0;
    for (int i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        sum += (double)part[i];
    if (sum <= 0 || whole == 0)
        return;
    double scale = sum < (double)whole ? columns / (double)whole : columns / sum;
    if (sum * scale < 1)
        scale = 1 / sum;
    for (int i = 0, at = 0; i < SNAPSHOT_AGE_ROWS; i++) {
        up_to += (double)part[i];
        for (; at < rounded(up_to * scale); at++)
            canvas_put(canvas, row, column + at, columns - at, LOOK_AGE + i, bar_mark(canvas, i));
    }
}

void bar_plain(const struct canvas *canvas, int row, int column, int columns, uint64_t value, uint64_t whole)
{
    int length = whole != 0 ? rounded(columns * (double)value / (double)whole) : 0;
    for (int at = 0; at < length && at < columns; at++)
        canvas_put(canvas, row, column + at, 1, LOOK_PLAIN, canvas->utf8 ? "█" : "#");
}

/* ---- a line through time ---- */

static uint64_t largest(const struct snapshot_point *point, int points)
{
    uint64_t most = 0;
    for (int i = 0; i < points; i++)
        if (point[i].live_bytes > most)
            most = point[i].live_bytes;
    return most;
}

static const char *level_mark(const struct canvas *canvas, double share)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
    int level = (int)(share * 8);
    level = level > 7 ? 7 : level;
    return canvas->utf8 ? blocks[level] : letters[level];
}

void bar_line(const struct canvas *canvas, int row, int column, int columns, const struct snapshot_point *point,
              int points)
{
    uint64_t most = largest(point, points);
    if (points == 0 || most == 0)
        return;
    double begin = (double)point[0].uptime_ms;
    double span = (double)point[points - 1].uptime_ms - begin;
    uint64_t level = point[0].live_bytes;
    for (int i = 0, next = 0; i < columns; i++) {
        double end = begin + span * (i + 1) / columns;
        for (bool first = true; next < points && (double)point[next].uptime_ms <= end; next++, first = false)
            level = first || point[next].live_bytes > level ? point[next].live_bytes : level;
        canvas_put(canvas, row, column + i, 1, LOOK_LESS, level_mark(canvas, (double)level / (double)most));
    }
}
