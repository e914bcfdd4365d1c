#include "diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/format.h"

/* ---- what may be shown ---- */

size_t clean_text(const char *text, char *clean, size_t room)
{
    size_t length = 0;
    for (size_t left = strlen(text); left > 0;) {
        bool good;
        size_t taken = format_character(text, left, &good);
        size_t shown = good ? taken : 1;
        if (length + shown >= room)
            break;
        if (good)
            memmove(clean + length, text, taken);
        else
            clean[length] = '?';
        length += shown;
        text += taken;
        left -= taken;
    }
    if (room != 0)
        clean[length] = '\0';
    return length;
}

/* ---- errors ---- */

enum { LINE_BYTES = 8192 };

int report_error(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    clean_text(line, line, sizeof line);
    fprintf(stderr, "trackmalloc: %s\n", line);
    return STATUS_FAILED;
}

/* ---- memory ---- */

static void *there_is(void *memory)
{
    if (memory != NULL)
        return memory;
    report_error("out of memory");
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

char *xasprintf(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return there_is(length >= 0 ? text : NULL);
}
