/* The bounded text writer: piece by piece into the caller's buffer, of which what no longer fits is counted and not
 * written. So a text that was cut shows (writer_is_cut), and without a buffer it is measured.
 *
 * No allocation, no locale, no state but the caller's, no libc but memcpy, memset and strlen: for any thread and any
 * signal handler, though not before our own relocations are made. */
#ifndef TM_SNAPSHOT_WRITER_H
#define TM_SNAPSHOT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
    char *out;
    size_t capacity;
    size_t length; /* of all that was given; `out` holds its first `capacity` bytes */
};

void writer_bytes(struct writer *out, const char *bytes, size_t count);
void writer_text(struct writer *out, const char *text);
void writer_fill(struct writer *out, char byte, size_t count);

/* The bytes, with '?' for each control character of ASCII. */
void writer_printable(struct writer *out, const char *bytes, size_t count);

/* At least so many digits; with commas, 1,234,567. */
void writer_digits(struct writer *out, uint64_t value, unsigned least, bool commas);

/* deadbeef: without leading zeros. */
void writer_hex(struct writer *out, uint64_t value);

/* 1234567, without commas. */
static inline void writer_number(struct writer *out, uint64_t value)
{
    writer_digits(out, value, 1, false);
}

static inline bool writer_is_cut(const struct writer *out)
{
    return out->length > out->capacity;
}

/* How many bytes of the text are in the buffer. */
static inline size_t writer_kept(const struct writer *out)
{
    return writer_is_cut(out) ? out->capacity : out->length;
}

/* The buffer as a string. The closing zero is in place of the last byte when the text takes all of the buffer, which
 * has one byte at least. */
static inline char *writer_end(struct writer *out)
{
    out->out[out->length < out->capacity ? out->length : out->capacity - 1] = '\0';
    return out->out;
}

#endif
