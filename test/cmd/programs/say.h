/* Says something on stdout, at once and without an allocation: dprintf has one, and frees it when others have read the
 * line already. */
#ifndef TM_CMD_SAY_H
#define TM_CMD_SAY_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (write(1, text, (size_t)length) != length)
        abort();
}

#endif
