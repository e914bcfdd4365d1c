/* Reads bytes that may be anything, and never one beyond their end: what is read from there is 0, and `bad` tells. */
#ifndef TM_CFI_READER_H
#define TM_CFI_READER_H

#include <string.h>

#include "lib/sys/base.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

/* The next `bytes` bytes (at most 8) as a number, lowest first. */
static inline uint64_t reader_fixed(struct reader *reader, size_t bytes)
{
    uint64_t value = 0;
    if ((size_t)(reader->end - reader->at) < bytes) {
        reader->bad = true;
        reader->at = reader->end;
        return 0;
    }
    memcpy(&value, reader->at, bytes);
    reader->at += bytes;
    return value;
}

/* The same with its sign. */
static inline int64_t reader_signed(struct reader *reader, size_t bytes)
{
    unsigned shift = 64 - 8 * (unsigned)bytes;
    return (int64_t)(reader_fixed(reader, bytes) << shift) >> shift;
}

static inline uint8_t reader_byte(struct reader *reader)
{
    return (uint8_t)reader_fixed(reader, 1);
}

static inline uint64_t reader_leb(struct reader *reader, bool has_sign)
{
    uint64_t value = 0;
    uint8_t byte = 0;
    unsigned shift = 0;
    do {
        byte = reader_byte(reader);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (has_sign && (byte & 0x40) != 0 && shift < 64)
        value |= ~(uint64_t)0 << shift;
    return value;
}

static inline uint64_t reader_uleb(struct reader *reader)
{
    return reader_leb(reader, false);
}

static inline int64_t reader_sleb(struct reader *reader)
{
    return (int64_t)reader_leb(reader, true);
}

/* Takes the next `bytes` bytes out, as a reader of their own. */
static inline struct reader reader_take(struct reader *reader, uint64_t bytes)
{
    struct reader taken = {reader->at, reader->at, false};
    if (bytes > (uint64_t)(reader->end - reader->at)) {
        reader->bad = taken.bad = true;
        reader->at = reader->end;
        return taken;
    }
    taken.end = reader->at += bytes;
    return taken;
}

#endif
