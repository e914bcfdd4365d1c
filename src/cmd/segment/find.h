/* Where segments are, and whose. */
#ifndef TM_FIND_H
#define TM_FIND_H

#include <limits.h>
#include <stdbool.h>
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
    uint32_t pid;
    uint64_t started_ticks;   /* as in /proc/PID/stat; 0: not known */
    uint32_t namespace_inode; /* of its pid namespace */
    enum process_state state;
};

struct found_list {
    struct found *row; /* by pid, then start */
    size_t rows;
};

/* All segments of this user, in $XDG_RUNTIME_DIR/trackmalloc and /dev/shm/trackmalloc-UID, or in `directory` alone
 * unless it is NULL. A directory that is not ours, or that others may write to, is left out with a line. */
struct found_list find_all(const char *directory);
void found_free(struct found_list *list);

/* The segment of a process: the living one, else the one that died last. false: there is none. */
bool find_pid(const char *directory, uint32_t pid, struct found *found);

/* Whether a process is that one still: its start time tells. */
enum process_state find_state(uint32_t pid, uint64_t started_ticks, uint32_t namespace_inode);

#endif
