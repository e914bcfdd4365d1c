/* What a section of a text says, whatever its columns' widths. */
#ifndef TM_CMD_SECTION_H
#define TM_CMD_SECTION_H

#include <string.h>

#include "harness.h"

/* The lines from `from` to the next blank one, each run of blanks as one; good until the next call. */
static inline const char *section(const char *text, const char *from)
{
    static char lines[8192];
    char *to = lines;
    const char *at = strstr(text, from);
    if (at == NULL)
        return "";
    const char *end = strstr(at, "\n\n");
    for (; *at != '\0' && at != end && to < lines + sizeof lines - 1; at++)
        if (*at != ' ' || to[-1] != ' ')
            *to++ = *at;
    *to = '\0';
    return lines;
}

static inline void assert_line(const char *text, const char *from, const char *line)
{
    const char *lines = section(text, from);
    if (strstr(lines, line) == NULL)
        fail_msg("no line \"%s\" in\n%.700s", line, lines[0] != '\0' ? lines : text);
}

#endif
