/* Opens the file that an object of a snapshot was loaded from, if it is still the same file. */
#ifndef TM_BINARY_H
#define TM_BINARY_H

#include <stdint.h>

#include "debug.h"
#include "snapshot/snapshot.h"

struct binary_search {
    uint32_t pid;           /* of the process; 0: it has ended */
    int64_t loaded;         /* when the object was loaded, in seconds since 1970 */
    const char *debug_path; /* DEBUG_PATH, or another list like it */
};

/* Looks at the object's path in the process's root directory and in ours, at the process's executable, and among the
 * debug files by build-id. The file must have the object's build-id. For an object without one, the file must not have
 * changed since it was loaded, and the executable must have the object's path. NULL: there is no such file. */
struct debug *binary_open(const struct snapshot_object *object, const struct binary_search *search);

#endif
