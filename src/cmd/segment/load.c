#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "cmd/number.h"
#include "find.h"
#include "process.h"
#include "snapshot/check.h"

enum { TRIES = 100 }; /* a process publishes every 250 ms at most; a copy takes one */

static const char *cut_short = "it is cut short";

/* All of it, or a reason. */
static const char *read_at(int file, void *to, size_t bytes, off_t at)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t part = pread(file, (char *)to + done, bytes - done, at + (off_t)done);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return part < 0 ? strerror(errno) : cut_short;
        done += (size_t)part;
    }
    return NULL;
}

static const char *check_head(const struct segment *head)
{
    if (memcmp(head->magic, SEGMENT_MAGIC, sizeof head->magic) != 0)
        return "it is no snapshot of trackmalloc";
    if (head->version > SEGMENT_VERSION)
        return "it was made by a newer trackmalloc";
    if (head->version < SEGMENT_VERSION)
        return "it was made by an older trackmalloc";
    if (head->buffer_bytes > SEGMENT_BUFFER_MOST || head->buffer_bytes < sizeof(struct snapshot))
        return "its size makes no sense";
    return head->written == 0 ? "there is no snapshot in it yet" : NULL;
}

/* Copies one buffer; what it holds may still be torn. */
static const char *copy_buffer(int file, const struct segment *head, struct snapshot **snapshot, size_t *bytes)
{
    off_t at = SEGMENT_BUFFERS_AT + (off_t)(head->written % SEGMENT_BUFFERS) * head->buffer_bytes;
    struct snapshot first;
    const char *why = read_at(file, &first, sizeof first, at);
    if (why != NULL)
        return why;
    *bytes = first.bytes < sizeof first ? sizeof first : first.bytes;
    if (*bytes > head->buffer_bytes)
        return "its size makes no sense";
    *snapshot = must_allocate(*bytes);
    return read_at(file, *snapshot, *bytes, at);
}

/* Torn, whatever it looked like: the process has begun to write to this buffer again. */
static bool is_torn(int file, const struct segment *head)
{
    struct segment now;
    return read_at(file, &now, sizeof now, 0) == NULL && now.writing > head->written + 1;
}

static const char *read_segment(int file, struct loaded *loaded)
{
    for (int i = 0; i < TRIES; i++) {
        size_t bytes = 0;
        const char *why = read_at(file, &loaded->head, sizeof loaded->head, 0);
        if (why == NULL)
            why = check_head(&loaded->head);
        if (why != NULL)
            return why;
        why = copy_buffer(file, &loaded->head, &loaded->snapshot, &bytes);
        if (why == NULL)
            why = snapshot_check(loaded->snapshot, bytes);
        if (!is_torn(file, &loaded->head))
            return why;
        free(loaded->snapshot);
        loaded->snapshot = NULL;
    }
    return "it changes faster than it can be read";
}

void strip_deleted(char *path)
{
    static const char tail[] = " (deleted)";
    size_t length = strlen(path);
    if (length >= sizeof tail && strcmp(path + length - strlen(tail), tail) == 0)
        path[length - strlen(tail)] = '\0';
}

/* Nobody else need know what the kernel calls a file that is gone. */
static void strip_paths(struct snapshot *snapshot)
{
    struct snapshot_object *object = snapshot_writable_objects(snapshot);
    for (uint32_t i = 0; i < snapshot->objects; i++)
        strip_deleted(object[i].path);
}

/* Takes the descriptor; errno tells of one that is none. `uid`: whose it must be. */
static const char *read_opened(int file, const uint32_t *uid, struct loaded *loaded)
{
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "it is no regular file";
    if (uid != NULL && status.st_uid != *uid)
        return "it is another user's by now";
    return read_segment(file, loaded);
}

static bool load_opened(int file, const char *path, const uint32_t *uid, struct loaded *loaded, const char **why)
{
    *loaded = (struct loaded){.snapshot = NULL};
    *why = read_opened(file, uid, loaded);
    if (file >= 0)
        close(file);
    if (*why != NULL) {
        free(loaded->snapshot);
        loaded->snapshot = NULL;
        return false;
    }
    strip_paths(loaded->snapshot);
    loaded->path = xasprintf("%s", path);
    return true;
}

enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK /* not blocked by a pipe */ };

bool load_file(const char *path, struct loaded *loaded, const char **why)
{
    return load_opened(open(path, FLAGS), path, NULL, loaded, why);
}

bool load_found(const struct found *found, struct loaded *loaded, const char **why)
{
    if (!load_opened(open(found->path, FLAGS | O_NOFOLLOW), found->path, &found->uid, loaded, why))
        return false;
    loaded->living = found->state == PROCESS_LIVING;
    if (found->pid != found->own_pid)
        loaded->snapshot->pid = found->pid; /* as we count */
    return true;
}

bool load_names_process(const char *which)
{
    return number_is_digits(which) && strlen(which) < 10;
}

/* Why a process has no segment that we could find. */
static int report_no_segment(const char *directory, const char *which, uint32_t pid)
{
    struct process process;
    if (!process_lives(pid, 0, NULL))
        return report_error("process %s does not exist", which);
    char *places = find_looked(directory, pid);
    if (process_read(pid, &process) && process.uid != geteuid() && geteuid() != 0)
        report_error("process %s is another user's, who may look, or root; no segment of it is in %s", which, places);
    else
        report_error("process %s is not tracked: no segment of it is in %s", which, places);
    free(places);
    return STATUS_FAILED;
}

static bool load_pid(const char *directory, const char *which, struct loaded *loaded, const char **why)
{
    struct found found;
    uint32_t pid = number_read_pid(which);
    *why = NULL;
    if (!find_pid(directory, pid, &found))
        return report_no_segment(directory, which, pid) == STATUS_OK;
    return load_found(&found, loaded, why);
}

bool load(const char *directory, const char *which, struct loaded *loaded)
{
    const char *why;
    if (load_names_process(which) ? load_pid(directory, which, loaded, &why) : load_file(which, loaded, &why))
        return true;
    if (why != NULL)
        report_error("cannot open %s%s: %s", load_names_process(which) ? "the snapshot of process " : "", which, why);
    return false;
}

void loaded_free(struct loaded *loaded)
{
    free(loaded->snapshot);
    free(loaded->path);
    *loaded = (struct loaded){.snapshot = NULL};
}
