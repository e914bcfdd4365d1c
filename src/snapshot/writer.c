#include "writer.h"

#include <string.h>

enum { DIGITS_MOST = 32 /* 2^64 with its commas has 26 */ };

/* How many of `count` bytes there is space for, where there is any. */
static inline size_t fitting(const struct writer *out, size_t count)
{
    const size_t space = out->capacity - out->length;
    return count < space ? count : space;
}

void writer_bytes(struct writer *out, const char *bytes, size_t count)
{
    if (out->length < out->capacity)
        memcpy(out->out + out->length, bytes, fitting(out, count));
    out->length += count;
}

void writer_text(struct writer *out, const char *text)
{
    writer_bytes(out, text, strlen(text));
}

void writer_fill(struct writer *out, char byte, size_t count)
{
    if (out->length < out->capacity)
        memset(out->out + out->length, byte, fitting(out, count));
    out->length += count;
}

void writer_printable(struct writer *out, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const bool control = (unsigned char)bytes[i] < ' ' || bytes[i] == 127;
        writer_bytes(out, control ? "?" : &bytes[i], 1);
    }
}

void writer_digits(struct writer *out, uint64_t value, unsigned least, bool commas)
{
    char digits[DIGITS_MOST];
    size_t start = sizeof digits;
    for (unsigned written = 0; value > 0 || written < least; written++, value /= 10) {
        if (commas && written > 0 && written % 3 == 0)
            digits[--start] = ',';
        digits[--start] = (char)('0' + value % 10);
    }
    writer_bytes(out, digits + start, sizeof digits - start);
}

void writer_hex(struct writer *out, uint64_t value)
{
    char digits[16];
    size_t start = sizeof digits;
    do
        digits[--start] = "0123456789abcdef"[value & 15];
    while ((value >>= 4) != 0);
    writer_bytes(out, digits + start, sizeof digits - start);
}
