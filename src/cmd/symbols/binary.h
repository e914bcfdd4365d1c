/* The file that an object of a snapshot was loaded from, if it is that one still. */
#ifndef TM_BINARY_H
#define TM_BINARY_H

#include <stdint.h>

#include "debug.h"
#include "snapshot/snapshot.h"

struct binary_search {
    uint32_t pid;           /* of the process, while it lives; else 0 */
    int64_t loaded;         /* when the object was, in seconds since 1970 */
    const char *debug_path; /* DEBUG_PATH, or another list like it */
};

/* It is looked for as the process sees it, at its path here, as the process's executable, and among the debug files by
 * its build-id; whatever is found must have the object's build-id. An object without one must not have changed since it
 * was loaded, and as the executable it must have that path. NULL: there is no such file. */
struct debug *binary_open(const struct snapshot_object *object, const struct binary_search *search);

#endif
