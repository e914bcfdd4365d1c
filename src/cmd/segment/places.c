#include "places.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "process.h"

/* ---- the list ---- */

/* Takes path and key over. */
static void add_place(struct places *places, struct place place)
{
    for (size_t i = 0; i < places->rows; i++)
        if (strcmp(places->row[i].key, place.key) == 0) {
            places->row[i].anybodys |= place.anybodys;
            free(place.path);
            free(place.key);
            return;
        }
    places->row = must_resize(places->row, (places->rows + 1) * sizeof *places->row);
    places->row[places->rows++] = place;
}

static void add_here(struct places *places, char *path, struct place as)
{
    as.path = path;
    as.key = xasprintf("%s", path);
    add_place(places, as);
}

void places_free(struct places *places)
{
    for (size_t i = 0; i < places->rows; i++) {
        free(places->row[i].path);
        free(places->row[i].key);
    }
    free(places->row);
    *places = (struct places){NULL, 0};
}

char *places_text(const struct places *places)
{
    char *text = xasprintf("%s", "");
    for (size_t i = 0; i < places->rows; i++) {
        char *before = text;
        text = xasprintf("%s%s%s", before, i != 0 ? ", " : "", places->row[i].path);
        free(before);
    }
    return text;
}

/* ---- of this user ---- */

void places_add(struct places *places, const char *directory)
{
    add_here(places, xasprintf("%s", directory),
             (struct place){.uid = geteuid(), .anybodys = geteuid() == 0, .asked_for = true});
}

void places_of_user(struct places *places)
{
    const unsigned uid = geteuid();
    const struct place own = {.uid = uid, .anybodys = uid == 0, .asked_for = true};
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime != NULL && runtime[0] == '/')
        add_here(places, xasprintf("%s/trackmalloc", runtime), own);
    add_here(places, xasprintf("/run/user/%u/trackmalloc", uid), own);
    add_here(places, xasprintf("/dev/shm/trackmalloc-%u", uid), own);
}

/* ---- of a process ---- */

/* How it sees its files, and who it is there. */
struct seen {
    struct process process;
    char view[PROCESS_VIEW]; /* empty: as we do */
};

/* Takes the path over, which is one of the process's. */
static void add_of_process(struct places *places, const struct seen *seen, char *path)
{
    struct place place = {.uid = seen->process.uid};
    if (seen->view[0] == '\0') {
        add_here(places, path, place);
        return;
    }
    place.foreign = true;
    place.path = xasprintf("/proc/%u/root%s", seen->process.pid, path);
    place.key = xasprintf("%s %s", seen->view, path);
    add_place(places, place);
    free(path);
}

/* The last dir= among its options, which are separated by commas. */
static char *directory_in(const char *options)
{
    char *directory = NULL;
    for (const char *at = options; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, "dir=/", strlen("dir=/")) != 0)
            continue;
        free(directory);
        at += strlen("dir=");
        directory = xasprintf("%.*s", (int)strcspn(at, ","), at);
    }
    return directory;
}

static void add_of_environment(struct places *places, const struct seen *seen)
{
    char *options = process_variable(seen->process.pid, "TRACKMALLOC_OPTIONS");
    char *directory = directory_in(options);
    char *runtime = process_variable(seen->process.pid, "XDG_RUNTIME_DIR");
    if (directory != NULL)
        add_of_process(places, seen, directory);
    if (runtime != NULL && runtime[0] == '/')
        add_of_process(places, seen, xasprintf("%s/trackmalloc", runtime));
    free(options);
    free(runtime);
}

static void add_usual(struct places *places, const struct seen *seen, uint32_t uid)
{
    add_of_process(places, seen, xasprintf("/run/user/%u/trackmalloc", uid));
    add_of_process(places, seen, xasprintf("/dev/shm/trackmalloc-%u", uid));
}

/* One that began as root may be somebody else by now; its segment is where root's are. */
static void add_process(struct places *places, const struct process *process)
{
    struct seen seen = {.process = *process};
    if (!process_view(process->pid, seen.view))
        return;
    uint32_t inside = process_uid_inside(process->pid, process->uid);
    add_of_environment(places, &seen);
    add_usual(places, &seen, inside);
    if (inside != 0)
        add_usual(places, &seen, 0);
}

void places_of_process(struct places *places, uint32_t pid)
{
    struct process process;
    if (process_read(pid, &process))
        add_process(places, &process);
}

/* ---- of all ---- */

/* DIRECTORY/NAME behind those names that are `before` and a number. */
static void add_numbered(struct places *places, const char *directory, const char *before, const char *behind)
{
    DIR *stream = opendir(directory);
    const size_t length = strlen(before);
    for (struct dirent *entry; stream != NULL && (entry = readdir(stream)) != NULL;) {
        const char *number = entry->d_name + length;
        if (strncmp(entry->d_name, before, length) == 0 && *number != '\0' &&
            strspn(number, "0123456789") == strlen(number))
            add_here(places, xasprintf("%s/%s%s", directory, entry->d_name, behind), (struct place){.anybodys = true});
    }
    if (stream != NULL)
        closedir(stream);
}

void places_of_processes(struct places *places, bool everybody)
{
    size_t count;
    uint32_t *pid = process_all(&count);
    struct process process;
    if (everybody) {
        add_numbered(places, "/run/user", "", "/trackmalloc");
        add_numbered(places, "/dev/shm", "trackmalloc-", "");
    }
    for (size_t i = 0; i < count; i++)
        if (process_read(pid[i], &process) && (everybody || process.uid == geteuid()))
            add_process(places, &process);
    free(pid);
}

/* ---- one of them ---- */

/* In another's root, a link would lead out of it, into ours: none is followed. */
static int open_in_root(const char *path)
{
    char root[PATH_MAX];
    const char *end = strstr(path, "/root/");
    const struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                                 .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_IN_ROOT};
    snprintf(root, sizeof root, "%.*s", (int)(end - path + strlen("/root")), path);
    int outer = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (outer < 0)
        return -1;
    int inner = (int)syscall(SYS_openat2, outer, end + strlen("/root"), &how, sizeof how);
    int why = errno;
    close(outer);
    errno = why;
    return inner;
}

static const char *disbelief(const struct place *place, const struct stat *status)
{
    if (!place->anybodys && status->st_uid != place->uid && status->st_uid != 0)
        return "it belongs to another user; what is in it is not believed";
    return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0 ? "others may write to it; what is in it is not believed"
                                                        : NULL;
}

int place_open(const struct place *place, uint32_t *owner)
{
    struct stat status;
    int directory =
        place->foreign ? open_in_root(place->path) : open(place->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0 || fstat(directory, &status) != 0) {
        if (place->asked_for && errno != ENOENT)
            report_error("cannot open %s: %s", place->path, strerror(errno));
        if (directory >= 0)
            close(directory);
        return -1;
    }
    const char *why = disbelief(place, &status);
    *owner = status.st_uid;
    if (why == NULL)
        return directory;
    if (place->asked_for)
        report_error("cannot trust %s: %s", place->path, why);
    close(directory);
    return -1;
}
