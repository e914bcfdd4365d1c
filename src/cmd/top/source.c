#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/segment/load.h"
#include "cmd/segment/process.h"
#include "snapshot/segment.h"

void source_begin(struct source *source, const struct found *found, bool plain)
{
    *source = (struct source){.found = *found, .plain = plain, .file = -1};
}

void source_end(struct source *source)
{
    if (source->file >= 0)
        close(source->file);
    source->file = -1;
}

/* After exec, the new program has a new file of the same name. */
static const char *open_newest(struct source *source)
{
    const char *path = source->found.path;
    struct stat status;
    if (source->file >= 0 && (stat(path, &status) != 0 || status.st_ino == source->inode))
        return NULL;
    int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (source->plain ? 0 : O_NOFOLLOW);
    int file = source->plain ? -1 : open(path, O_RDWR | flags);
    if (file < 0)
        file = open(path, O_RDONLY | flags);
    if (file < 0 || fstat(file, &status) != 0) {
        const char *why = strerror(errno);
        if (file >= 0)
            close(file);
        return source->file < 0 ? why : NULL;
    }
    source_end(source);
    source->file = file;
    source->inode = status.st_ino;
    source->written = 0;
    return NULL;
}

/* Cheaper than a copy: the segment's head counts the snapshots. */
static bool has_newer(const struct source *source)
{
    struct segment head;
    return source->written == 0 || pread(source->file, &head, sizeof head, 0) != sizeof head ||
           head.written != source->written;
}

struct snapshot *source_read(struct source *source, const char **why)
{
    struct loaded loaded;
    char path[64];
    *why = open_newest(source);
    if (*why != NULL || !has_newer(source))
        return NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", source->file);
    if (!load_file(path, &loaded, why))
        return NULL;
    source->written = loaded.head.written;
    struct snapshot *snapshot = loaded.snapshot;
    loaded.snapshot = NULL;
    loaded_free(&loaded);
    return snapshot;
}

void source_watch(const struct source *source, uint32_t ms, uint64_t lasting_ms)
{
    enum { LASTING_MOST_MS = 50000 }; /* processes ignore requests that last more than a minute */
    struct timespec now;
    if (source->plain || source->file < 0)
        return;
    if (lasting_ms > LASTING_MOST_MS)
        lasting_ms = LASTING_MOST_MS;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    struct segment_control control = {
        .watched_until_ns = now_ns + (uint64_t)process_clock_ahead_ns(source->found.pid) + lasting_ms * 1000000,
        .watch_ms = ms < SEGMENT_WATCH_MS_LEAST ? SEGMENT_WATCH_MS_LEAST : ms,
    };
    const size_t from = offsetof(struct segment_control, watched_until_ns);
    const size_t bytes = offsetof(struct segment_control, reserved) - from;
    /* If this fails, the process goes on writing snapshots at the interval of its reports. */
    ssize_t written = pwrite(source->file, (const char *)&control + from, bytes, SEGMENT_CONTROL_AT + (off_t)from);
    (void)written;
}

enum process_state source_state(const struct source *source)
{
    struct segment head;
    if (source->plain)
        return PROCESS_DEAD;
    enum process_state state = find_state(&source->found);
    bool removed = access(source->found.path, F_OK) != 0; /* by the process, at its exit */
    bool ended = removed || (source->file >= 0 && pread(source->file, &head, sizeof head, 0) == sizeof head &&
                             head.state == SEGMENT_ENDED);
    return state == PROCESS_DEAD && ended ? PROCESS_ENDED : state;
}
