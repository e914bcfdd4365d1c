/* Segments of made-up processes, named as those of this pid namespace are. */
#ifndef TM_CMD_PLACE_H
#define TM_CMD_PLACE_H

#include <stdint.h>
#include <sys/types.h>

enum { PLACE_NOBODY = 5000000 /* no process has this id or a higher one: the kernel ends at 2^22 */ };

struct place {
    uint32_t pid;
    uint64_t started;
    uint32_t parent;
    uint64_t mebibytes;  /* live; half of it a minute ago */
    const char *command; /* arguments, separated by '|' */
};

/* When a process began, as /proc has it. */
uint64_t place_started(pid_t pid);

/* The name of a segment, and its path; good for a few calls. */
const char *place_name(uint32_t pid, uint64_t started);
const char *place_of(uint32_t pid, uint64_t started);

/* Writes one, and returns its path. */
const char *place_leave(struct place place);

/* For cmocka: there are none. */
int place_clear(void **state);

#endif
