#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "cmd/number.h"

/* ---- files of /proc ---- */

enum { PATH_ROOM = 64, TEXT_ROOM = 4096 };

/* pid 0: ourselves. */
static void name_file(char path[PATH_ROOM], uint32_t pid, const char *name)
{
    if (pid == 0)
        snprintf(path, PATH_ROOM, "/proc/self/%s", name);
    else
        snprintf(path, PATH_ROOM, "/proc/%u/%s", pid, name);
}

static FILE *open_file(uint32_t pid, const char *name)
{
    char path[PATH_ROOM];
    name_file(path, pid, name);
    return fopen(path, "re");
}

/* Its beginning; false: it cannot be read. */
static bool read_file(uint32_t pid, const char *name, char text[TEXT_ROOM])
{
    FILE *file = open_file(pid, name);
    if (file == NULL)
        return false;
    text[fread(text, 1, TEXT_ROOM - 1, file)] = '\0';
    fclose(file);
    return true;
}

/* Such as "pid:[4026531836]". */
static bool read_link(uint32_t pid, const char *name, char link[PATH_ROOM])
{
    char path[PATH_ROOM];
    name_file(path, pid, name);
    ssize_t length = readlink(path, link, PATH_ROOM - 1);
    link[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* ---- who it is ---- */

bool process_read(uint32_t pid, struct process *process)
{
    char text[TEXT_ROOM];
    *process = (struct process){.pid = pid, .inner_pid = pid};
    if (!read_file(pid, "status", text))
        return false;
    const char *uid = strstr(text, "\nUid:");
    const char *numbers = strstr(text, "\nNSpid:");
    if (uid == NULL || sscanf(uid, "\nUid: %*u %" SCNu32, &process->uid) != 1)
        return false;
    const char *end = numbers != NULL ? strchr(numbers + 1, '\n') : NULL;
    if (end != NULL) { /* the outermost first */
        while (end > numbers && isdigit((unsigned char)end[-1]))
            end--;
        process->inner_pid = (uint32_t)strtoul(end, NULL, 10);
    }
    return true;
}

uint32_t *process_all(size_t *count)
{
    size_t room = 0;
    uint32_t *pid = NULL;
    DIR *directory = opendir("/proc");
    *count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        uint32_t found = number_read_pid(entry->d_name);
        if (found == 0)
            continue;
        if (*count == room) {
            room = room != 0 ? 2 * room : 256;
            pid = must_resize(pid, room * sizeof *pid);
        }
        pid[(*count)++] = found;
    }
    if (directory != NULL)
        closedir(directory);
    return pid;
}

uint32_t process_namespace(uint32_t pid)
{
    char link[PATH_ROOM];
    uint32_t inode;
    return read_link(pid, "ns/pid", link) && sscanf(link, "pid:[%" SCNu32 "]", &inode) == 1 ? inode : 0;
}

bool process_inside(uint32_t namespace_inode, uint32_t inner_pid, struct process *process)
{
    size_t count;
    bool found = false;
    uint32_t *pid = process_all(&count);
    for (size_t i = 0; i < count && !found; i++)
        found = process_read(pid[i], process) && process->inner_pid == inner_pid &&
                process_namespace(pid[i]) == namespace_inode;
    free(pid);
    return found;
}

uint32_t process_uid_inside(uint32_t pid, uint32_t uid)
{
    uint32_t inside, outside, count;
    FILE *file = open_file(pid, "uid_map");
    uint32_t found = uid;
    while (file != NULL && fscanf(file, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside, &outside, &count) == 3)
        if (uid - outside < count)
            found = inside + (uid - outside);
    if (file != NULL)
        fclose(file);
    return found;
}

/* ---- what it began with ---- */

char *process_variable(uint32_t pid, const char *name)
{
    const size_t length = strlen(name);
    char *value = NULL;
    char *line = NULL;
    size_t room = 0;
    FILE *file = open_file(pid, "environ");
    while (file != NULL && value == NULL && getdelim(&line, &room, '\0', file) > 0)
        if (strncmp(line, name, length) == 0 && line[length] == '=')
            value = xasprintf("%s", line + length + 1);
    if (file != NULL)
        fclose(file);
    free(line);
    return value;
}

bool process_view(uint32_t pid, char view[PROCESS_VIEW])
{
    char own[PATH_ROOM], its[PATH_ROOM], path[PATH_ROOM];
    struct stat own_root, its_root;
    name_file(path, pid, "root/.");
    if (!read_link(0, "ns/mnt", own) || !read_link(pid, "ns/mnt", its) || stat("/", &own_root) != 0 ||
        stat(path, &its_root) != 0)
        return false;
    bool same = strcmp(own, its) == 0 && own_root.st_ino == its_root.st_ino && own_root.st_dev == its_root.st_dev;
    view[0] = '\0';
    if (!same)
        snprintf(view, PROCESS_VIEW, "%s %" PRIu64, its, (uint64_t)its_root.st_ino);
    return true;
}

/* ---- its life ---- */

/* Fields 3, 20 and 22 of /proc/PID/stat; the name before them may hold blanks and brackets. Dead: nobody has waited for
 * it yet; where its first thread alone is, others run. false: it cannot be read. */
static bool read_stat(uint32_t pid, uint64_t *started_ticks, bool *dead)
{
    char text[TEXT_ROOM];
    char state;
    long threads;
    if (!read_file(pid, "stat", text))
        return false;
    const char *behind_name = strrchr(text, ')');
    if (behind_name == NULL ||
        sscanf(behind_name + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %*s %" SCNu64,
               &state, &threads, started_ticks) != 3)
        return false;
    *dead = state == 'X' || (state == 'Z' && threads <= 1);
    return true;
}

enum { SECOND_NS = 1000000000 };

/* How far one of its clocks is ahead of the machine's. A process whose children are to have another one (unshare) tells
 * theirs: then nobody knows its own. A kernel without such namespaces has one clock. */
static bool read_clock_offset(uint32_t pid, const char *clock, int64_t *offset_ns)
{
    char its[PATH_ROOM], childrens[PATH_ROOM], text[TEXT_ROOM];
    int64_t seconds, ns;
    *offset_ns = 0;
    if (!read_file(pid, "timens_offsets", text))
        return errno == ENOENT;
    const char *line = strstr(text, clock);
    if (!read_link(pid, "ns/time", its) || !read_link(pid, "ns/time_for_children", childrens) ||
        strcmp(its, childrens) != 0 || line == NULL ||
        sscanf(line + strlen(clock), "%" SCNd64 " %" SCNd64, &seconds, &ns) != 2)
        return false;
    *offset_ns = seconds * SECOND_NS + ns;
    return true;
}

static bool read_clock_ahead(uint32_t pid, const char *clock, int64_t *ahead_ns)
{
    int64_t ours, its;
    if (!read_clock_offset(0, clock, &ours) || !read_clock_offset(pid, clock, &its))
        return false;
    *ahead_ns = its - ours;
    return true;
}

int64_t process_clock_ahead_ns(uint32_t pid)
{
    int64_t ahead_ns;
    return read_clock_ahead(pid, "monotonic", &ahead_ns) ? ahead_ns : 0;
}

/* The kernel shows us when it began by our clock; it has seen that by its own. */
static bool began_at(uint32_t pid, uint64_t shown, uint64_t started_ticks)
{
    int64_t ahead_ns;
    if (started_ticks == 0 || shown == started_ticks)
        return true;
    if (!read_clock_ahead(pid, "boottime", &ahead_ns))
        return false;
    int64_t error = (int64_t)(shown - started_ticks) + ahead_ns / (SECOND_NS / sysconf(_SC_CLK_TCK));
    return error >= -1 && error <= 1; /* each was rounded */
}

enum process_maps process_maps(uint32_t pid, const char *name)
{
    char *line = NULL;
    size_t room = 0;
    enum process_maps maps = MAPS_NOT;
    FILE *file = open_file(pid, "maps");
    if (file == NULL)
        return MAPS_UNKNOWN;
    while (maps == MAPS_NOT && getline(&line, &room, file) > 0) {
        const char *base = strrchr(line, '/');
        if (base != NULL && strncmp(base + 1, name, strlen(name)) == 0 && strchr("\n ", base[1 + strlen(name)]) != NULL)
            maps = MAPS_IT;
    }
    if (maps == MAPS_NOT && ferror(file) != 0)
        maps = MAPS_UNKNOWN;
    free(line);
    fclose(file);
    return maps;
}

bool process_lives(uint32_t pid, uint64_t started_ticks, const char *segment)
{
    uint64_t shown;
    bool dead;
    if (pid == 0)
        return false;
    if (!read_stat(pid, &shown, &dead)) /* it may be there and hidden */
        return kill((pid_t)pid, 0) == 0 || errno == EPERM;
    return !dead && (began_at(pid, shown, started_ticks) || (segment != NULL && process_maps(pid, segment) == MAPS_IT));
}
