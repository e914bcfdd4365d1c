#include "format.h"

void format_number(struct writer *out, uint64_t value)
{
    writer_digits(out, value, 1, true);
}

void format_decimal(struct writer *out, uint64_t value, unsigned decimals)
{
    uint64_t one = 1;
    for (unsigned i = 0; i < decimals; i++)
        one *= 10;
    format_number(out, value / one);
    writer_bytes(out, ".", 1);
    writer_digits(out, value % one, decimals, false);
}

/* ---- sizes ---- */

void format_size(struct writer *out, uint64_t bytes)
{
    static const char units[][4] = {"B", "KiB", "MiB", "GiB", "TiB"};
    enum { LAST = sizeof units / sizeof *units - 1 };

    unsigned unit = 0;
    while (unit < LAST && bytes >> (10 * (unit + 1)) != 0)
        unit++;

    unsigned shift = 10 * unit;
    uint64_t one = (uint64_t)1 << shift;
    uint64_t tenths = (bytes >> shift) * 10 + ((bytes & (one - 1)) * 10 + one / 2) / one;
    if (tenths == 10240 && unit < LAST) { /* 1,023.97KiB would read 1,024.0KiB */
        tenths = 10;
        unit++;
    }
    format_decimal(out, tenths, 1);
    writer_text(out, units[unit]);
}

void format_change(struct writer *out, uint64_t from, uint64_t to)
{
    if (from != to)
        writer_bytes(out, to > from ? "+" : "-", 1);
    format_size(out, to > from ? to - from : from - to);
}

void format_address(struct writer *out, uint64_t address)
{
    writer_text(out, "0x");
    writer_hex(out, address);
}

void format_duration(struct writer *out, uint64_t ms)
{
    static const struct {
        uint64_t ms;
        char unit[4];
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};

    unsigned i = 0;
    while (i < sizeof units / sizeof *units - 1 && ms < units[i].ms)
        i++;
    const uint64_t tenth = units[i].ms / 10;
    format_decimal(out, ms / tenth + (ms % tenth >= tenth / 2), 1);
    writer_text(out, units[i].unit);
}

/* ---- dates ---- */

struct civil {
    int64_t year;
    unsigned month; /* 0: January */
    unsigned day;   /* of the month, from 1 */
};

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t floor_mod(int64_t value, int64_t by)
{
    return value % by + (value % by < 0 ? by : 0);
}

/* The proleptic Gregorian calendar repeats every 400 years = 146,097 days. A year that begins with March keeps
 * the leap day at its end, and its months then follow the rule (153 m + 2) / 5.
 * After Howard Hinnant, "chrono-compatible low-level date algorithms". */
static struct civil civil_from_days(int64_t days_since_1970)
{
    const int64_t days = days_since_1970 + 719468; /* since 0000-03-01 */
    const int64_t era = floor_div(days, 146097);
    const unsigned of_era = (unsigned)floor_mod(days, 146097);
    const unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned from_march = (5 * of_year + 2) / 153;

    return (struct civil){
        .year = era * 400 + year_of_era + (from_march >= 10),
        .month = (from_march + 2) % 12,
        .day = of_year - (153 * from_march + 2) / 5 + 1,
    };
}

static void put_clock(struct writer *out, unsigned second_of_day)
{
    writer_digits(out, second_of_day / 3600, 2, false);
    writer_bytes(out, ":", 1);
    writer_digits(out, second_of_day / 60 % 60, 2, false);
    writer_bytes(out, ":", 1);
    writer_digits(out, second_of_day % 60, 2, false);
}

void format_date(struct writer *out, int64_t seconds)
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    const int64_t days = floor_div(seconds, 86400);
    const struct civil date = civil_from_days(days);
    const int64_t weekday = floor_mod(days + 4, 7); /* 1970-01-01 was a Thursday */

    writer_bytes(out, weekdays + 3 * weekday, 3);
    writer_bytes(out, " ", 1);
    writer_bytes(out, months + 3 * (size_t)date.month, 3);
    writer_text(out, date.day < 10 ? "  " : " ");
    writer_digits(out, date.day, 1, false);
    writer_bytes(out, " ", 1);
    put_clock(out, (unsigned)floor_mod(seconds, 86400));
    writer_text(out, date.year < 0 ? " UTC -" : " UTC ");
    writer_digits(out, (uint64_t)(date.year < 0 ? -date.year : date.year), date.year < 0 ? 3 : 4, false);
}

/* ---- names ---- */

struct character {
    uint32_t code; /* 0 when the bytes are no character */
    size_t bytes;  /* then 1: the next may be good again */
};

/* One character of UTF-8; no overlong form, no surrogate, nothing beyond U+10FFFF. */
static struct character decode_utf8(const char *text, size_t rest)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const struct character broken = {0, 1};

    const unsigned char first = (unsigned char)text[0];
    const size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if ((first >= 0x80 && first < 0xc0) || first >= 0xf8 || more >= rest)
        return broken;

    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return broken;
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    }
    if (code < least[more] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
        return broken;
    return (struct character){code, more + 1};
}

/* Blanks and line ends of any script, C0 and C1 controls (0x9b alone starts an escape sequence), marks that are
 * not seen or that turn the direction of a line. */
static bool is_harmless(uint32_t code)
{
    static const struct {
        uint32_t from, to;
    } harmful[] = {{0, 0x20},        {0x7f, 0xa0},     {0xad, 0xad},      {0x61c, 0x61c},   {0x1680, 0x1680},
                   {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f},  {0x205f, 0x206f}, {0x3000, 0x3000},
                   {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

    if (code > ' ' && code < 0x7f)
        return true; /* most of what there is */
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++)
        if (code >= harmful[i].from && code <= harmful[i].to)
            return false;
    return true;
}

/* One character of a name, from `at` on; moves `at` behind it. */
static void put_character(struct writer *out, const char *name, size_t capacity, size_t *at)
{
    const struct character next = decode_utf8(name + *at, capacity - *at);
    if (is_harmless(next.code))
        writer_bytes(out, name + *at, next.bytes);
    else
        writer_bytes(out, "?", 1);
    *at += next.bytes;
}

size_t format_character(const char *text, size_t length, bool *shown)
{
    const struct character next = decode_utf8(text, length);
    *shown = next.code == ' ' || is_harmless(next.code);
    return next.bytes;
}

bool format_shows(const char *name, size_t length)
{
    bool shown = true;
    for (size_t at = 0; shown && at < length;)
        at += format_character(name + at, length - at, &shown);
    return shown;
}

size_t format_name(struct writer *out, const char *name, size_t capacity)
{
    size_t columns = 0;
    for (size_t at = 0; at < capacity && name[at] != '\0'; columns++)
        put_character(out, name, capacity, &at);
    if (columns > 0)
        return columns;
    writer_bytes(out, "?", 1);
    return 1;
}

size_t format_name_within(struct writer *out, const char *name, size_t capacity, size_t most)
{
    struct writer nowhere = {NULL, 0, 0};
    const size_t columns = format_name(&nowhere, name, capacity);
    if (columns <= most)
        return format_name(out, name, capacity);
    const size_t tail = (most - 3) / 3;
    const size_t head = most - 3 - tail;
    size_t at = 0;
    for (size_t column = 0; column < columns; column++) {
        const bool shown = column < head || column >= columns - tail;
        if (column == head)
            writer_text(out, "...");
        put_character(shown ? out : &nowhere, name, capacity, &at);
    }
    return most;
}
