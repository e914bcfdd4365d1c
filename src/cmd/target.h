/* The process or file that a subcommand is to look at: the one that was named, or the only one there is. */
#ifndef TM_TARGET_H
#define TM_TARGET_H

#include <stdbool.h>

struct arguments_source;
struct found;
struct loaded;

/* The only tracked process of this user that is running. false: there is none, or there are several; a message has said
 * so, and has listed them. */
bool target_find_only(const char *directory, struct found *found);

/* The snapshot of what was named, or of that process. false: a message has said why there is none. */
bool target_load(const struct arguments_source *source, struct loaded *loaded);

#endif
