/* A build-id as tools write it: two hexadecimal digits a byte. */
#ifndef TM_BUILD_ID_H
#define TM_BUILD_ID_H

#include "snapshot/snapshot.h"

typedef char build_id_text[2 * SNAPSHOT_BUILD_ID + 1];

/* "" where the object has none. Returns `text`. */
static inline const char *build_id_write(build_id_text text, const struct snapshot_object *object)
{
    char *to = text;
    for (uint32_t i = 0; i < object->build_id_bytes; i++) {
        *to++ = "0123456789abcdef"[object->build_id[i] >> 4];
        *to++ = "0123456789abcdef"[object->build_id[i] & 15];
    }
    *to = '\0';
    return text;
}

#endif
