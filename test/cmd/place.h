/* Names of segment files as this pid namespace's processes give them. */
#ifndef TM_CMD_PLACE_H
#define TM_CMD_PLACE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

/* When a process began, as /proc has it. */
static inline uint64_t place_started(pid_t pid)
{
    char path[64], line[1024];
    unsigned long long started = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    line[fread(line, 1, sizeof line - 1, file)] = '\0';
    fclose(file);
    const char *at = strrchr(line, ')') + 2; /* field 3 */
    for (int field = 3; field < 22; field++)
        at = strchr(at, ' ') + 1;
    assert_int_equal(sscanf(at, "%llu", &started), 1);
    return started;
}

/* The path of a segment; good for a few calls. */
static inline const char *place_of(uint32_t pid, uint64_t started)
{
    char link[64] = "", name[96];
    unsigned inode = 0;
    assert_true(readlink("/proc/self/ns/pid", link, sizeof link - 1) > 0);
    assert_int_equal(sscanf(link, "pid:[%u]", &inode), 1);
    if (inode == SEGMENT_FIRST_NAMESPACE)
        snprintf(name, sizeof name, "%u-%llu", pid, (unsigned long long)started);
    else
        snprintf(name, sizeof name, "%u-%llu-%u", pid, (unsigned long long)started, inode);
    return in_segments(name);
}

#endif
