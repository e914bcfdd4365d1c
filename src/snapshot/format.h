/* Values as people read them: numbers, sizes, times, and names from outside. No allocation, no locale, no libc but
 * string.h. */
#ifndef TM_SNAPSHOT_FORMAT_H
#define TM_SNAPSHOT_FORMAT_H

#include "writer.h"

enum { FORMAT_FIELD = 32 }; /* bytes that hold any one number or size: 2^64 with its commas has 26 */

/* 1,234,567 */
void format_number(struct writer *out, uint64_t value);

/* 1234567: for what is a name rather than an amount, such as a pid. */
static inline void format_id(struct writer *out, uint64_t value)
{
    writer_number(out, value);
}

/* A value counted in tenths, hundredths, …: (12345, 1) is 1,234.5. */
void format_decimal(struct writer *out, uint64_t value, unsigned decimals);

/* 84.3MiB: the largest unit up to TiB of which there is at least one, rounded to the nearest tenth. */
void format_size(struct writer *out, uint64_t bytes);

/* By how much bytes have changed, as a size with its sign: +12.3MiB, -4.0KiB, 0.0B. */
void format_change(struct writer *out, uint64_t from, uint64_t to);

/* 0x7f12ab: an address. */
void format_address(struct writer *out, uint64_t address);

/* How long something lasts: 0.3s, 45.0s, 5.2min, 3.4h, 2.1d. */
void format_duration(struct writer *out, uint64_t ms);

/* Sat Nov 21 09:36:26 UTC 2026: as `date -u` prints it in the C locale, for any number of seconds since 1970. */
void format_date(struct writer *out, int64_t seconds);

/* A name from outside, at most `capacity` bytes of it, as one word: whatever could split a column or steer a
 * terminal (blanks, controls, direction marks, broken UTF-8) becomes '?', and so does a name that is empty.
 * Returns the columns it takes, one for each character. */
size_t format_name(struct writer *out, const char *name, size_t capacity);

/* Whether a name of so many bytes is written as it is, but for its blanks (U+0020). */
bool format_shows(const char *name, size_t length);

/* The bytes of the character that a text of `length` bytes, 1 or more, begins with (1 where none does), and whether it
 * is shown as it is, as a blank is here. */
size_t format_character(const char *text, size_t length, bool *shown);

/* The same in at most `most` columns (8 or more): a longer name loses its middle to "...". Of module!function+0x12,
 * that leaves the module, most of the function, and the offset. */
size_t format_name_within(struct writer *out, const char *name, size_t capacity, size_t most);

#endif
