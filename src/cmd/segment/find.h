/* Where segments are, and whose. */
#ifndef TM_FIND_H
#define TM_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum process_state {
    PROCESS_LIVING,
    PROCESS_ENDED, /* by its own exit, with keep=on */
    PROCESS_DEAD,  /* killed; or it left without a word; or it is another program now (exec) */
    PROCESS_FAR    /* in another pid namespace: nobody here can tell */
};

struct found {
    char path[PATH_MAX];
    uint32_t pid;             /* as we count; its own where it is far */
    uint32_t own_pid;         /* as its pid namespace counts, and as the file is named */
    uint64_t started_ticks;   /* as its own /proc/PID/stat says; 0: not known */
    uint32_t namespace_inode; /* of its pid namespace */
    uint32_t uid;             /* whose the file is */
    enum process_state state;
};

struct found_list {
    struct found *row; /* by pid, then start */
    size_t rows;
};

/* In place of a directory: everybody's, as far as we may look; $TRACKMALLOC_DIR is one place of many then. */
extern const char find_everybody[];

/* All segments of this user: in $XDG_RUNTIME_DIR/trackmalloc, /run/user/UID/trackmalloc, /dev/shm/trackmalloc-UID, and
 * where each process of his has them by its own environment and root. Or those in `directory` alone, unless it and
 * $TRACKMALLOC_DIR are NULL.
 *
 * Neither a directory nor a file is believed that is not its process's user's or root's, or that others may write to;
 * one that was asked for is left out with a line. */
struct found_list find_all(const char *directory);
void found_free(struct found_list *list);

/* Whether its process runs, as far as can be told from here; whether it is known to run no more. Of one in another pid
 * namespace neither is. */
bool found_is_running(const struct found *found);
bool found_has_ended(const struct found *found);

/* Removes the rows that the condition is not true of. */
void found_keep(struct found_list *list, bool condition(const struct found *found));

/* The segment of a process: the living one, else the one that died last. Root finds anybody's. false: there is none. */
bool find_pid(const char *directory, uint32_t pid, struct found *found);

/* Where it was looked for, in a line which the caller frees; pid 0: for those of find_all. */
char *find_looked(const char *directory, uint32_t pid);

/* Whether a process is that one still. */
enum process_state find_state(const struct found *found);

#endif
