/* The directory of this user's segment files. */
#ifndef TM_SEGMENTS_H
#define TM_SEGMENTS_H

#include "lib/config/path.h"
#include "lib/sys/base.h"

/* How many files of dead processes may stay: a service that dies once a second must not fill the memory. */
enum { SEGMENTS_DEAD = 64 };

/* Once, at start: where it is. `dir=`, else $XDG_RUNTIME_DIR/trackmalloc, else /dev/shm/trackmalloc-UID. false: a bad
 * one was asked for, and a line has said so: later the reporter may have no stderr. */
bool segments_find(void);

/* Opens it, made if need be: a directory of this user's that nobody else may write to, no link. Writes its path. Where
 * the runtime directory is another user's (a sudo that keeps the environment), the one in /dev/shm. A descriptor, or
 * -errno. */
long segments_open(struct path *path);

/* Removes the oldest files of dead processes of this pid namespace, so that SEGMENTS_DEAD stay when this one is dead
 * as well. Other files are left alone. */
void segments_sweep(long directory, const char *own_name);

#endif
