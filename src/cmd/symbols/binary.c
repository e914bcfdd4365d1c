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

#include "cmd/command.h"

enum { CLOCK_ERROR = 2 }; /* seconds: both times are whole ones */

#define DELETED " (deleted)" /* what the kernel puts behind a path */

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

static bool is_the_one(int file, const struct snapshot_object *object, const struct binary_search *search)
{
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    if (object->build_id_bytes != 0)
        return has_build_id(file, object);
    return status.st_ctime <= search->loaded + CLOCK_ERROR;
}

static struct debug *try(const char *path, const struct snapshot_object *object, const struct binary_search *search)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* not blocked by a pipe */
    if (file < 0)
        return NULL;
    if (is_the_one(file, object, search))
        return debug_open(file, path, search->debug_path);
    close(file);
    return NULL;
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

static struct debug *try_here(const struct snapshot_object *object, const struct binary_search *search)
{
    char path[sizeof object->path];
    memcpy(path, object->path, sizeof path);
    size_t length = strlen(path), tail = strlen(DELETED);
    if (length > tail && strcmp(path + length - tail, DELETED) == 0)
        path[length - tail] = '\0';
    return try(path, object, search);
}

static struct debug *try_executable(const struct snapshot_object *object, const struct binary_search *search)
{
    char path[64];
    if (search->pid == 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/%u/exe", search->pid);
    return try(path, object, search);
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
    char *directories = must_print("%s", search->debug_path);
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
            debug = try_here(object, search);
    }
    if (debug == NULL && object->build_id_bytes > 1) {
        debug = try_executable(object, search);
        if (debug == NULL)
            debug = try_debug_path(object, search);
    }
    return debug;
}
