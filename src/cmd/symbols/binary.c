#include "binary.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/build_id.h"
#include "cmd/diagnostics.h"
#include "cmd/segment/load.h"

enum { CLOCK_ERROR = 2 }; /* seconds: both times are rounded to seconds */

/* ---- whether it is the same file ---- */

static bool has_build_id(int file, const struct snapshot_object *object)
{
    const void *id = NULL;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    ssize_t bytes = elf != NULL ? dwelf_elf_gnu_build_id(elf, &id) : -1;
    if (bytes > SNAPSHOT_BUILD_ID)
        bytes = SNAPSHOT_BUILD_ID; /* the snapshot has no more of it */
    bool same = bytes > 0 && bytes == object->build_id_bytes && memcmp(id, object->build_id, (size_t)bytes) == 0;
    elf_end(elf);
    return same;
}

/* Which time says when a file last changed. ctime cannot be forged, but also changes when the file is removed. mtime
 * can be set by anybody, so it is used only for /proc/PID/exe, which nobody can replace. */
enum changed_by { BY_CTIME, BY_MTIME };

static bool is_same_file(int file, const struct snapshot_object *object, const struct binary_search *search,
                         enum changed_by by)
{
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    if (object->build_id_bytes != 0)
        return has_build_id(file, object);
    return (by == BY_CTIME ? status.st_ctime : status.st_mtime) <= search->loaded + CLOCK_ERROR;
}

static struct debug *open_if_same(enum changed_by by, const char *path, const struct snapshot_object *object,
                                  const struct binary_search *search)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a pipe must not block */
    if (file < 0)
        return NULL;
    if (is_same_file(file, object, search, by))
        return debug_open(file, path, search->debug_path);
    close(file);
    return NULL;
}

static struct debug *open_if_unchanged(const char *path, const struct snapshot_object *object,
                                       const struct binary_search *search)
{
    return open_if_same(BY_CTIME, path, object, search);
}

/* ---- where it may be ---- */

static struct debug *open_in_process(const struct snapshot_object *object, const struct binary_search *search)
{
    char path[sizeof object->path + 64];
    if (search->pid == 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/%u/root%s", search->pid, object->path);
    return open_if_unchanged(path, object, search);
}

/* Whether the process still has the executable of the snapshot: the same path, even if the file was removed. */
static bool is_executable(const char *link, const struct snapshot_object *object)
{
    char path[PATH_MAX];
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    strip_deleted(path);
    return length > 0 && strcmp(path, object->path) == 0;
}

/* The kernel keeps it for the process, even if it was removed from its directory. */
static struct debug *open_executable(const struct snapshot_object *object, const struct binary_search *search)
{
    char path[64];
    if (search->pid == 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/%u/exe", search->pid);
    if (object->build_id_bytes == 0 && !is_executable(path, object))
        return NULL;
    return open_if_same(BY_MTIME, path, object, search);
}

/* DIRECTORY/.build-id/ab/cdef… is the file itself; with .debug appended, its debug file, which is enough. */
static struct debug *open_by_build_id(const char *directory, const struct snapshot_object *object,
                                      const struct binary_search *search)
{
    build_id_text id;
    char path[PATH_MAX];
    build_id_write(id, object);
    for (int i = 0; i < 2; i++) {
        int length =
            snprintf(path, sizeof path, "%s/.build-id/%.2s/%s%s", directory, id, id + 2, i == 0 ? "" : ".debug");
        struct debug *debug = length < (int)sizeof path ? open_if_unchanged(path, object, search) : NULL;
        if (debug != NULL)
            return debug;
    }
    return NULL;
}

static struct debug *open_in_debug_path(const struct snapshot_object *object, const struct binary_search *search)
{
    struct debug *debug = NULL;
    char *directories = xasprintf("%s", search->debug_path);
    char *rest = directories;
    for (char *directory; debug == NULL && (directory = strsep(&rest, ":")) != NULL;)
        if (directory[0] == '/')
            debug = open_by_build_id(directory, object, search);
    free(directories);
    return debug;
}

struct debug *binary_open(const struct snapshot_object *object, const struct binary_search *search)
{
    struct debug *debug = NULL;
    if (object->path[0] == '/') {
        debug = open_in_process(object, search);
        if (debug == NULL)
            debug = open_if_unchanged(object->path, object, search);
    }
    if (debug == NULL)
        debug = open_executable(object, search);
    if (debug == NULL && object->build_id_bytes > 1)
        debug = open_in_debug_path(object, search);
    return debug;
}
