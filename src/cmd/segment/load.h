/* A snapshot out of a segment: copied whole, and checked before anybody looks at it. */
#ifndef TM_LOAD_H
#define TM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/segment.h"
#include "snapshot/snapshot.h"

struct loaded {
    struct snapshot *snapshot; /* whole, checked; compact */
    struct segment head;       /* of its file */
    char *path;
    bool living; /* its process */
};

struct found;

/* Whether that is the pid of a process; else it is a path, which has a slash or some byte that is no digit. */
bool load_names_process(const char *which);

/* `which`: the pid of a process of this user, or the path of a segment or a saved snapshot. false: a line has said why.
 */
bool load(const char *directory, const char *which, struct loaded *loaded);
/* The same of a file. *why, a few words, instead of a line. */
bool load_file(const char *path, struct loaded *loaded, const char **why);
/* Takes away what the kernel puts behind the path of a file that is gone, or never had a name (memfd_create); the paths
 * of what is loaded have it no more. */
void strip_deleted(char *path);

/* The same of what find.h found: no link is followed, and it must still be whose it was. */
bool load_found(const struct found *found, struct loaded *loaded, const char **why);

void loaded_free(struct loaded *loaded);

#endif
