#include "segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/config/log.h"
#include "lib/config/options.h"
#include "lib/sys/environment.h"
#include "lib/sys/sys.h"

enum { RUNTIME_BYTES = 256, LIST_BYTES = 8192, NAME_BYTES = 64, NUMBER_DIGITS = 20, REFUSED = -13 };

static char runtime[RUNTIME_BYTES]; /* $XDG_RUNTIME_DIR; empty: none */

/* ---- where ---- */

static void path_set(struct path *path, const char *from, const char *then)
{
    path->length = 0;
    path_put(path, from, strlen(from));
    path_put(path, then, strlen(then));
}

/* Ours, and nobody else may change what is in it. */
static long open_own(const char *path)
{
    struct stat status = {.st_uid = 0};
    long directory = sys4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (directory < 0)
        return directory;
    if (sys2(SYS_fstat, directory, &status) == 0 && status.st_uid == (uid_t)sys0(SYS_geteuid) &&
        (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return directory;
    sys1(SYS_close, directory);
    return REFUSED;
}

/* Also under a umask that takes rights from the owner. */
static long make_own(const char *path)
{
    if (sys3(SYS_mkdirat, AT_FDCWD, path, 0700) == 0)
        sys3(SYS_fchmodat, AT_FDCWD, path, 0700);
    return open_own(path);
}

static bool runtime_is_own(void)
{
    long directory = runtime[0] != '\0' ? open_own(runtime) : REFUSED;
    if (directory >= 0)
        sys1(SYS_close, directory);
    return directory >= 0;
}

/* In a user namespace, our number may be another user's outside, whose directory this would be. */
static bool users_are_known(void)
{
    struct stat status = {.st_uid = 0};
    return sys2(SYS_stat, "/dev/shm", &status) == 0 && status.st_uid == 0;
}

long segments_open(struct path *path)
{
    if (options.dir[0] != '\0') {
        path_set(path, options.dir, "");
        return make_own(path->text);
    }
    if (runtime_is_own()) {
        path_set(path, runtime, "/trackmalloc");
        return make_own(path->text);
    }
    if (!users_are_known())
        return REFUSED;
    path_set(path, "/dev/shm", "/trackmalloc-");
    path_put_number(path, (uint64_t)sys0(SYS_geteuid));
    return make_own(path->text);
}

/* ---- what was asked for ---- */

static bool log_directory(const char *before, const char *after)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, "dir: ");
    log_text(&line, before);
    log_text(&line, options.dir);
    log_text(&line, after);
    log_say(&line);
    return false;
}

static bool given_is_good(void)
{
    struct path path;
    if (options.dir[0] != '/')
        return log_directory("", " is no absolute path; there is no segment file");
    long directory = segments_open(&path);
    if (directory < 0)
        return log_directory("there can be no segment file in ", "");
    sys1(SYS_close, directory);
    return true;
}

bool segments_find(void)
{
    const char *given = environment_get("XDG_RUNTIME_DIR");
    if (given != NULL && given[0] == '/' && strlen(given) < sizeof runtime)
        memcpy(runtime, given, strlen(given) + 1);
    return options.dir[0] == '\0' || given_is_good();
}

/* ---- who is dead ---- */

struct dead {
    int64_t changed_ns; /* when; the file is made when its process starts to publish */
    char name[NAME_BYTES];
};

/* The oldest first. As many as may stay: the last place is for the one that asks, which will be dead some time. */
static struct {
    unsigned count;
    struct dead each[SEGMENTS_DEAD];
    _Alignas(8) char list[LIST_BYTES];
} sweep SPARSE;

/* A number without an end is no process's. */
static const char *behind_number(const char *text, uint64_t *number)
{
    const char *at = text;
    for (*number = 0; *at >= '0' && *at <= '9' && at - text < NUMBER_DIGITS; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return at != text ? at : NULL;
}

/* PID-START or PID-START-NAMESPACE. *namespace: 0, or of another pid namespace, in which a pid means another process.
 */
static bool parse_name(const char *name, uint64_t *pid, uint64_t *namespace)
{
    uint64_t start;
    *namespace = 0;
    const char *at = behind_number(name, pid);
    at = at != NULL && *at == '-' ? behind_number(at + 1, &start) : NULL;
    if (at != NULL && *at == '-')
        at = behind_number(at + 1, namespace);
    return at != NULL && *at == '\0' && *pid > 0 && *pid <= INT32_MAX;
}

static bool is_dead(const char *name, uint64_t own_namespace)
{
    uint64_t pid, namespace;
    return parse_name(name, &pid, &namespace) && namespace == own_namespace && sys2(SYS_kill, pid, 0) == -ESRCH;
}

/* Keeps them in order; when there is one too many, the oldest goes. */
static void add_dead(long directory, const char *name)
{
    struct stat status = {.st_uid = 0};
    if (strlen(name) >= NAME_BYTES || sys4(SYS_newfstatat, directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    const int64_t changed_ns = status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    unsigned place = sweep.count++;
    for (; place > 0 && sweep.each[place - 1].changed_ns > changed_ns; place--)
        sweep.each[place] = sweep.each[place - 1];
    sweep.each[place].changed_ns = changed_ns;
    memcpy(sweep.each[place].name, name, strlen(name) + 1);
    if (sweep.count < SEGMENTS_DEAD)
        return;
    sys3(SYS_unlinkat, directory, sweep.each[0].name, 0);
    sweep.count--;
    memmove(&sweep.each[0], &sweep.each[1], sweep.count * sizeof sweep.each[0]);
}

void segments_sweep(long directory, const char *own_name)
{
    struct dirent64 *entry;
    uint64_t pid, namespace;
    sweep.count = 0;
    if (!parse_name(own_name, &pid, &namespace))
        return;
    for (;;) {
        long bytes = sys3(SYS_getdents64, directory, sweep.list, sizeof sweep.list);
        for (long at = 0; at < bytes; at += entry->d_reclen) {
            entry = (struct dirent64 *)(sweep.list + at);
            if (is_dead(entry->d_name, namespace))
                add_dead(directory, entry->d_name);
        }
        if (bytes <= 0)
            return;
    }
}
