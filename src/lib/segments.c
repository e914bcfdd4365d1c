#include "segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "sys.h"

enum { RUNTIME_BYTES = 256, LIST_BYTES = 8192, NAME_BYTES = 64, NO_SUCH_PROCESS = -3, REFUSED = -13 };

static char runtime[RUNTIME_BYTES]; /* $XDG_RUNTIME_DIR; empty: none */

/* ---- where ---- */

static bool tell_relative(void)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, "dir: ");
    log_text(&line, options.dir);
    log_text(&line, " is no absolute path; there is no segment file");
    log_say(&line);
    return false;
}

bool segments_find(void)
{
    const char *given = secure_getenv("XDG_RUNTIME_DIR");
    if (given != NULL && given[0] == '/' && strlen(given) < sizeof runtime)
        memcpy(runtime, given, strlen(given) + 1);
    return options.dir[0] == '/' || options.dir[0] == '\0' || tell_relative();
}

static void path_set(struct path *path, const char *from, const char *then)
{
    path->length = 0;
    path_put(path, from, strlen(from));
    path_put(path, then, strlen(then));
}

/* Ours, and nobody else may change what is in it. */
static long open_own(const char *path)
{
    struct stat status;
    long directory = sys3(SYS_open, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (directory < 0)
        return directory;
    if (sys2(SYS_fstat, directory, &status) == 0 && status.st_uid == (uid_t)sys0(SYS_geteuid) &&
        (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return directory;
    sys1(SYS_close, directory);
    return REFUSED;
}

static long make_own(const char *path)
{
    sys2(SYS_mkdir, path, 0700);
    return open_own(path);
}

static bool runtime_is_own(void)
{
    long directory = runtime[0] != '\0' ? open_own(runtime) : REFUSED;
    if (directory >= 0)
        sys1(SYS_close, directory);
    return directory >= 0;
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
    path_set(path, "/dev/shm", "/trackmalloc-");
    path_put_number(path, (uint64_t)sys0(SYS_geteuid));
    return make_own(path->text);
}

/* ---- who is dead ---- */

struct dead {
    int64_t changed; /* when; the file is made when its process starts to publish */
    char name[NAME_BYTES];
};

/* The oldest first; one more than may stay, so that there is one to go. */
static struct {
    unsigned count;
    struct dead each[SEGMENTS_DEAD + 1];
    _Alignas(8) char list[LIST_BYTES];
} sweep SPARSE;

/* Behind PID-START: of another pid namespace, in which a pid means another process. */
static const char *namespace_in(const char *name)
{
    const char *start = strchr(name, '-');
    const char *inode = start != NULL ? strchr(start + 1, '-') : NULL;
    return inode != NULL ? inode : "";
}

static bool is_dead(const char *name, const char *own_name)
{
    long pid = 0;
    const char *at = name;
    for (; *at >= '0' && *at <= '9' && pid < 1000000000; at++)
        pid = pid * 10 + (*at - '0');
    return pid > 0 && *at == '-' && strcmp(namespace_in(name), namespace_in(own_name)) == 0 &&
           sys2(SYS_kill, pid, 0) == NO_SUCH_PROCESS;
}

/* Keeps them in order; when there is one too many, the oldest goes. */
static void add_dead(long directory, const char *name)
{
    struct stat status;
    if (strlen(name) >= NAME_BYTES || sys4(SYS_newfstatat, directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    unsigned place = sweep.count++;
    for (; place > 0 && sweep.each[place - 1].changed > status.st_mtim.tv_sec; place--)
        sweep.each[place] = sweep.each[place - 1];
    sweep.each[place].changed = status.st_mtim.tv_sec;
    memcpy(sweep.each[place].name, name, strlen(name) + 1);
    if (sweep.count <= SEGMENTS_DEAD)
        return;
    sys3(SYS_unlinkat, directory, sweep.each[0].name, 0);
    sweep.count--;
    memmove(&sweep.each[0], &sweep.each[1], sweep.count * sizeof sweep.each[0]);
}

void segments_sweep(long directory, const char *own_name)
{
    struct dirent64 *entry;
    sweep.count = 0;
    for (;;) {
        long bytes = sys3(SYS_getdents64, directory, sweep.list, sizeof sweep.list);
        for (long at = 0; at < bytes; at += entry->d_reclen) {
            entry = (struct dirent64 *)(sweep.list + at);
            if (is_dead(entry->d_name, own_name))
                add_dead(directory, entry->d_name);
        }
        if (bytes <= 0)
            return;
    }
}
