#include "figure.h"

#include <inttypes.h>
#include <stdio.h>

#include "cmd/columns.h"

int64_t figure_of(uint64_t number)
{
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

int64_t figure_change(uint64_t now, uint64_t before)
{
    return now >= before ? figure_of(now - before) : -figure_of(before - now);
}

int64_t figure_round(double number)
{
    const double most = 9e18;
    return number >= most    ? INT64_MAX
           : number <= -most ? -INT64_MAX
                             : (int64_t)(number < 0 ? number - 0.5 : number + 0.5);
}

/* Three significant digits, or four below the next unit: 1023KiB. */
static void put_scaled(char text[FIGURE_TEXT], const char *sign, uint64_t value, uint64_t step,
                       const char *const units[])
{
    uint64_t one = 1;
    unsigned unit = 0;
    while (units[unit + 1] != NULL && value / one >= step) {
        one *= step;
        unit++;
    }
    double exact = (double)value / (double)one;
    int decimals = unit == 0 || exact >= 99.95 ? 0 : exact >= 9.995 ? 1 : 2;
    snprintf(text, FIGURE_TEXT, "%s%.*f%s", sign, decimals, exact, units[unit]);
}

static void put_bytes(char text[FIGURE_TEXT], const char *sign, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL};
    put_scaled(text, sign, bytes, 1024, units);
}

static void put_count(char text[FIGURE_TEXT], const char *sign, uint64_t count)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E", NULL};
    if (count < 1000000)
        snprintf(text, FIGURE_TEXT, "%s%" PRIu64, sign, count);
    else
        put_scaled(text, sign, count, 1000, units);
}

static void put_rate(char text[FIGURE_TEXT], const char *sign, uint64_t rate)
{
    static const char *const units[] = {"/s", "k/s", "M/s", "G/s", "T/s", NULL};
    put_scaled(text, sign, rate, 1000, units);
}

char *figure_text(char text[FIGURE_TEXT], enum figure_kind kind, int64_t value)
{
    const char *minus = value < 0 ? "-" : "";
    const char *sign = value > 0 ? "+" : minus;
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    snprintf(text, FIGURE_TEXT, "-");
    if (value == FIGURE_UNKNOWN)
        return text;
    switch (kind) {
    case FIGURE_BYTES:
        put_bytes(text, minus, size);
        break;
    case FIGURE_CHANGE:
        put_bytes(text, sign, size);
        break;
    case FIGURE_COUNT:
        put_count(text, minus, size);
        break;
    case FIGURE_RATE:
        put_rate(text, minus, size);
        break;
    case FIGURE_SHARE:
        snprintf(text, FIGURE_TEXT, "%" PRId64 ".%u%%", value / 10, (unsigned)(size % 10));
        break;
    case FIGURE_TIME:
        cell_put_duration(text, size);
        break;
    case FIGURE_ID:
        snprintf(text, FIGURE_TEXT, "%" PRId64, value);
        break;
    case FIGURE_NONE:
        text[0] = '\0';
        break;
    }
    return text;
}
