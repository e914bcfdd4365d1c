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

#include "cmd/diagnostics.h"
#include "cmd/segment/load.h"

enum { CLOCK_ERROR = 2 }; /* seconds: both times are whole ones */

/* ---- whether a file is the one ---- */

static bool has_build_id(int file, const struct snapshot_object *object)
{
    const void *id = NULL;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    ssize_t bytes = elf != NULL ? dwelf_elf_gnu_build_id(elf, &id) : -1;
    if (bytes > SNAPSHOT_BUILD_ID)
        bytes = SNAPSHOT_BUILD_ID; /* the snapshot cuts it */
    bool same = bytes > 0 && bytes == object->build_id_bytes && memcmp(id, object->build_id, (size_t)bytes) == 0;
    elf_end(elf);
    return same;
}

/* When a file that must not have changed last did so. Its name is no part of it: a file that is removed has a new
 * ctime, but the time of its content can be set at will, so that is only asked of one that nobody else can have put
 * there. */
enum witness { BY_CHANGE, BY_CONTENT };

static bool is_the_one(int file, const struct snapshot_object *object, const struct binary_search *search,
                       enum witness witness)
{
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    if (object->build_id_bytes != 0)
        return has_build_id(file, object);
    return (witness == BY_CHANGE ? status.st_ctime : status.st_mtime) <= search->loaded + CLOCK_ERROR;
}

static struct debug *try_by(enum witness witness, const char *path, const struct snapshot_object *object,
                            const struct binary_search *search)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* not blocked by a pipe */
    if (file < 0)
        return NULL;
    if (is_the_one(file, object, search, witness))
        return debug_open(file, path, search->debug_path);
    close(file);
    return NULL;
}

static struct debug *try(const char *path, const struct snapshot_object *object, const struct binary_search *search)
{
    return try_by(BY_CHANGE, path, object, search);
}

/* ---- where it may be ---- */

static struct debug *try_in_process(const struct snapshot_object *object, const struct binary_search *search)
{
    char path[sizeof object->path + 64];
    if (search->pid == 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/%u/root%s", search->pid, object->path);
    return try(path, object, search);
}

/* Whether the process still runs what it ran then: by the path, be it gone by now or not. */
static bool is_executable(const char *link, const struct snapshot_object *object)
{
    char path[PATH_MAX];
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    strip_deleted(path);
    return length > 0 && strcmp(path, object->path) == 0;
}

/* The kernel keeps it for the process, also when nobody else can open it any more. */
static struct debug *try_executable(const struct snapshot_object *object, const struct binary_search *search)
{
    char path[64];
    if (search->pid == 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/%u/exe", search->pid);
    if (object->build_id_bytes == 0 && !is_executable(path, object))
        return NULL;
    return try_by(BY_CONTENT, path, object, search);
}

/* DIRECTORY/.build-id/ab/cdef… is the file itself, with .debug behind its debug file, which has all that we want. */
static struct debug *try_by_id(const char *directory, const struct snapshot_object *object,
                               const struct binary_search *search)
{
    char id[2 * SNAPSHOT_BUILD_ID + 1];
    char path[PATH_MAX];
    for (uint32_t i = 0; i < object->build_id_bytes; i++)
        snprintf(id + (size_t)2 * i, 3, "%02x", object->build_id[i]);
    for (int i = 0; i < 2; i++) {
        int length =
            snprintf(path, sizeof path, "%s/.build-id/%.2s/%s%s", directory, id, id + 2, i == 0 ? "" : ".debug");
        struct debug *debug = length < (int)sizeof path ? try(path, object, search) : NULL;
        if (debug != NULL)
            return debug;
    }
    return NULL;
}

static struct debug *try_debug_path(const struct snapshot_object *object, const struct binary_search *search)
{
    struct debug *debug = NULL;
    char *directories = xasprintf("%s", search->debug_path);
    char *rest = directories;
    for (char *directory; debug == NULL && (directory = strsep(&rest, ":")) != NULL;)
        if (directory[0] == '/')
            debug = try_by_id(directory, object, search);
    free(directories);
    return debug;
}

struct debug *binary_open(const struct snapshot_object *object, const struct binary_search *search)
{
    struct debug *debug = NULL;
    if (object->path[0] == '/') {
        debug = try_in_process(object, search);
        if (debug == NULL)
            debug = try(object->path, object, search);
    }
    if (debug == NULL)
        debug = try_executable(object, search);
    if (debug == NULL && object->build_id_bytes > 1)
        debug = try_debug_path(object, search);
    return debug;
}
