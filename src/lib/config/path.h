/* A path put together piece by piece, by the text writer; cut where it is too long. */
#ifndef TM_PATH_H
#define TM_PATH_H

#include "lib/sys/base.h"
#include "snapshot/writer.h"

enum { PATH_BYTES = 2048 };

struct path {
    size_t length;
    char text[PATH_BYTES];
};

static inline struct writer path_writer(struct path *path)
{
    return (struct writer){.out = path->text, .capacity = PATH_BYTES - 1, .length = path->length};
}

static inline void path_end(struct path *path, const struct writer *out)
{
    path->length = writer_kept(out);
    path->text[path->length] = '\0';
}

static inline void path_put(struct path *path, const char *text, size_t length)
{
    struct writer out = path_writer(path);
    writer_bytes(&out, text, length);
    path_end(path, &out);
}

static inline void path_put_number(struct path *path, uint64_t number)
{
    struct writer out = path_writer(path);
    writer_number(&out, number);
    path_end(path, &out);
}

#endif
