#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "story.h"

uint64_t place_started(pid_t pid)
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

const char *place_name(uint32_t pid, uint64_t started)
{
    static char names[8][64];
    static unsigned next;
    char link[64] = "", *name = names[next++ % 8];
    unsigned inode = 0;
    assert_true(readlink("/proc/self/ns/pid", link, sizeof link - 1) > 0);
    assert_int_equal(sscanf(link, "pid:[%u]", &inode), 1);
    if (inode == SEGMENT_FIRST_NAMESPACE)
        snprintf(name, sizeof names[0], "%u-%llu", pid, (unsigned long long)started);
    else
        snprintf(name, sizeof names[0], "%u-%llu-%u", pid, (unsigned long long)started, inode);
    return name;
}

const char *place_of(uint32_t pid, uint64_t started)
{
    return in_segments(place_name(pid, started));
}

const char *place_leave(struct place place)
{
    const char *path = place_of(place.pid, place.started);
    struct story *story = story_new();
    struct snapshot *head = &story->head;
    head->pid = place.pid;
    head->started_ticks = place.started;
    head->parent = place.parent;
    head->total.live.bytes = place.mebibytes << 20;
    head->total_past.known = 1;
    head->total_past.live_bytes[0] = (place.mebibytes << 20) / 2;
    head->command_bytes = (uint32_t)strlen(place.command) + 1;
    memcpy(story->command, place.command, head->command_bytes);
    for (uint32_t i = 0; i < head->command_bytes; i++)
        if (story->command[i] == '|')
            story->command[i] = '\0';
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

int place_clear(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s/*", segments());
    return system(command);
}
