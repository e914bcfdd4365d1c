#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- what may be shown ---- */

/* Bytes of the UTF-8 character that begins here, and its code point; 0: none does. */
static size_t decode(const unsigned char *text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80             ? 1
                   : (text[0] & 0xE0) == 0xC0 ? 2
                   : (text[0] & 0xF0) == 0xE0 ? 3
                   : (text[0] & 0xF8) == 0xF0 ? 4
                                              : 0;
    if (bytes == 0)
        return 0;
    *point = bytes == 1 ? text[0] : text[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80) /* the closing zero too */
            return 0;
        *point = *point << 6 | (text[i] & 0x3F);
    }
    return *point >= least[bytes] && *point <= 0x10FFFF && (*point < 0xD800 || *point > 0xDFFF) ? bytes : 0;
}

/* No controls, nor what turns the direction of a line (which hides what stands in it: CVE-2021-42574). */
static bool is_harmless(uint32_t point)
{
    return point >= 0x20 && (point < 0x7F || point > 0x9F) && (point < 0x202A || point > 0x202E) &&
           (point < 0x2066 || point > 0x2069) && point != 0x2028 && point != 0x2029;
}

size_t clean_text(const char *text, char *clean, size_t room)
{
    const unsigned char *from = (const unsigned char *)text;
    size_t length = 0;
    while (*from != '\0') {
        uint32_t point = 0;
        size_t bytes = decode(from, &point);
        bool good = bytes != 0 && is_harmless(point);
        size_t taken = bytes != 0 ? bytes : 1;
        size_t shown = good ? bytes : 1;
        if (length + shown >= room)
            break;
        if (good)
            memmove(clean + length, from, bytes);
        else
            clean[length] = '?';
        length += shown;
        from += taken;
    }
    if (room != 0)
        clean[length] = '\0';
    return length;
}

/* ---- errors ---- */

int complain(const char *what, const char *why, ...)
{
    char line[1024];
    char reason[512];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(reason, sizeof reason, why, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "%s: %s", what, reason);
    clean_text(line, line, sizeof line);
    fprintf(stderr, "trackmalloc: %s\n", line);
    return STATUS_FAILED;
}

/* ---- memory ---- */

static void *there_is(void *memory)
{
    if (memory != NULL)
        return memory;
    complain("memory", "there is none left");
    exit(STATUS_FAILED);
}

void *must_allocate(size_t bytes)
{
    return there_is(calloc(1, bytes != 0 ? bytes : 1));
}

void *must_resize(void *memory, size_t bytes)
{
    return there_is(realloc(memory, bytes != 0 ? bytes : 1));
}

char *must_print(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return there_is(length >= 0 ? text : NULL);
}
