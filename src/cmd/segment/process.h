/* What the kernel says of a process, in /proc: who it is, whether it lives, how it began. */
#ifndef TM_CMD_PROCESS_H
#define TM_CMD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    uint32_t pid;
    uint32_t uid;       /* its effective one, as we count */
    uint32_t inner_pid; /* in its own pid namespace */
};

/* false: there is none, or it is hidden (proc(5), hidepid). */
bool process_read(uint32_t pid, struct process *process);

/* All that are there and not hidden: their numbers, which the caller frees. */
uint32_t *process_all(size_t *count);

/* The inode of its pid namespace; of our own where pid is 0. 0: nobody says. */
uint32_t process_namespace(uint32_t pid);

/* The one with that number in another pid namespace, which is below ours. false: nobody knows of one. */
bool process_inside(uint32_t namespace_inode, uint32_t inner_pid, struct process *process);

/* Whether the process with that number is the one that began at that time, by its own clock (0: not known), which is
 * not ours in another time namespace; or else the one that has the segment of that name among its mappings, for a
 * process that was restored (CRIU) began anew. `segment` may be NULL. Where the kernel says nothing, it is. */
bool process_lives(uint32_t pid, uint64_t started_ticks, const char *segment);

/* How far its CLOCK_MONOTONIC is ahead of ours: not at all, but in another time namespace. */
int64_t process_clock_ahead_ns(uint32_t pid);

/* Whether a file of that base name is among its mappings. */
enum process_maps { MAPS_NOT, MAPS_IT, MAPS_UNKNOWN };
enum process_maps process_maps(uint32_t pid, const char *name);

/* What a variable was when the process became what it is; NULL: it has none, or we may not read. The caller frees it.
 */
char *process_variable(uint32_t pid, const char *name);

/* The number that a user of the process has where it runs: in another user namespace another one than ours. */
uint32_t process_uid_inside(uint32_t pid, uint32_t uid);

/* What tells the process's files from others of the same paths: empty where it has ours, else its mounts and root.
 * false: we may not know. */
enum { PROCESS_VIEW = 96 };
bool process_view(uint32_t pid, char view[PROCESS_VIEW]);

#endif
