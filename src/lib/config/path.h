/* A path put together piece by piece, without libc; cut where it is too long. */
#ifndef TM_PATH_H
#define TM_PATH_H

#include "lib/sys/base.h"
#include "log.h"

enum { PATH_BYTES = 2048 };

struct path {
    size_t length;
    char text[PATH_BYTES];
};

static inline void path_put(struct path *path, const char *text, size_t length)
{
    for (size_t i = 0; i < length && path->length < PATH_BYTES - 1; i++)
        path->text[path->length++] = text[i];
    path->text[path->length] = '\0';
}

static inline void path_put_number(struct path *path, uint64_t number)
{
    struct log_line digits = {.length = 0};
    log_number(&digits, number);
    path_put(path, digits.text, digits.length);
}

#endif
