#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "snapshot/segment.h"

/* ---- who lives ---- */

/* The number behind "pid:[" in the link; 0: not known. */
static uint32_t own_namespace(void)
{
    char link[64];
    unsigned inode;
    ssize_t length = readlink("/proc/self/ns/pid", link, sizeof link - 1);
    if (length < 0)
        return 0;
    link[length] = '\0';
    return sscanf(link, "pid:[%u]", &inode) == 1 ? inode : 0;
}

/* Fields 3, 20 and 22 of /proc/PID/stat; the name before them may hold blanks and brackets. Dead: nobody has waited for
 * it yet; where its first thread alone is, others run. false: it cannot be read. */
static bool read_stat(uint32_t pid, uint64_t *started_ticks, bool *dead)
{
    char path[64];
    char line[1024];
    char state;
    long threads;
    unsigned long long started;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    line[fread(line, 1, sizeof line - 1, file)] = '\0';
    fclose(file);
    const char *behind_name = strrchr(line, ')');
    if (behind_name == NULL ||
        sscanf(behind_name + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %*s %llu",
               &state, &threads, &started) != 3)
        return false;
    *started_ticks = started;
    *dead = state == 'X' || (state == 'Z' && threads <= 1);
    return true;
}

enum process_state find_state(uint32_t pid, uint64_t started_ticks, uint32_t namespace_inode)
{
    uint64_t started;
    bool dead;
    if (namespace_inode != own_namespace() && own_namespace() != 0)
        return PROCESS_FAR;
    if (!read_stat(pid, &started, &dead)) /* it may be there and hidden (proc(5), hidepid) */
        return kill((pid_t)pid, 0) == 0 || errno == EPERM ? PROCESS_LIVING : PROCESS_DEAD;
    return !dead && (started_ticks == 0 || started == started_ticks) ? PROCESS_LIVING : PROCESS_DEAD;
}

/* ---- whose directory ---- */

static bool is_ours(const char *directory, int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return complain(directory, "%s", strerror(errno)) == STATUS_OK;
    if (status.st_uid != geteuid())
        return complain(directory, "it belongs to another user; what is in it is not believed") == STATUS_OK;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return complain(directory, "others may write to it; what is in it is not believed") == STATUS_OK;
    return true;
}

/* PID-START or PID-START-NAMESPACE, and nothing else. */
static bool parse_name(const char *name, struct found *found)
{
    unsigned pid, inode = SEGMENT_FIRST_NAMESPACE;
    unsigned long long started;
    char again[64];
    int words = sscanf(name, "%u-%llu-%u", &pid, &started, &inode);
    if (words < 2 || pid == 0 || pid > INT_MAX)
        return false;
    if (words == 3)
        snprintf(again, sizeof again, "%u-%llu-%u", pid, started, inode);
    else
        snprintf(again, sizeof again, "%u-%llu", pid, started);
    found->pid = pid;
    found->started_ticks = started;
    found->namespace_inode = inode;
    return strcmp(name, again) == 0;
}

static bool read_head(int directory, const char *name, struct segment *head)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool whole = file >= 0 && pread(file, head, sizeof *head, 0) == sizeof *head;
    if (file >= 0)
        close(file);
    return whole;
}

/* Where the list cannot be read, it is taken to be there. */
static bool is_among_mappings(uint32_t pid, const char *name)
{
    char path[64];
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return true;
    while (!found && getline(&line, &room, file) > 0) {
        const char *base = strrchr(line, '/');
        found = base != NULL && strncmp(base + 1, name, strlen(name)) == 0;
    }
    found |= ferror(file) != 0;
    free(line);
    fclose(file);
    return found;
}

/* By exec a process becomes another program, which may not be tracked: pid and start stay the same. */
static enum process_state refine(enum process_state state, uint32_t pid, int directory, const char *name)
{
    struct segment head;
    if (!read_head(directory, name, &head))
        return state;
    if (state != PROCESS_LIVING)
        return head.state == SEGMENT_ENDED ? PROCESS_ENDED : state;
    return head.mapped == 1 && head.written != 0 && !is_among_mappings(pid, name) ? PROCESS_DEAD : state;
}

static void add(struct found_list *list, const struct found *found)
{
    list->row = must_resize(list->row, (list->rows + 1) * sizeof *list->row);
    list->row[list->rows++] = *found;
}

static void look_into(const char *directory, struct found_list *list)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno != ENOENT)
            complain(directory, "%s", strerror(errno));
        return;
    }
    if (!is_ours(directory, descriptor)) {
        close(descriptor);
        return;
    }
    DIR *stream = fdopendir(descriptor);
    if (stream == NULL) {
        complain(directory, "%s", strerror(errno));
        close(descriptor);
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        struct found found;
        if (!parse_name(entry->d_name, &found) ||
            snprintf(found.path, sizeof found.path, "%s/%s", directory, entry->d_name) >= (int)sizeof found.path)
            continue;
        found.state = refine(find_state(found.pid, found.started_ticks, found.namespace_inode), found.pid, descriptor,
                             entry->d_name);
        add(list, &found);
    }
    closedir(stream);
}

static int by_pid(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->started_ticks > y->started_ticks) - (x->started_ticks < y->started_ticks);
}

struct found_list find_all(const char *directory)
{
    struct found_list list = {NULL, 0};
    if (directory != NULL) {
        look_into(directory, &list);
    } else {
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        char path[PATH_MAX];
        if (runtime != NULL && runtime[0] == '/' &&
            snprintf(path, sizeof path, "%s/trackmalloc", runtime) < (int)sizeof path)
            look_into(path, &list);
        snprintf(path, sizeof path, "/dev/shm/trackmalloc-%u", (unsigned)geteuid());
        look_into(path, &list);
    }
    if (list.rows != 0)
        qsort(list.row, list.rows, sizeof *list.row, by_pid);
    return list;
}

void found_free(struct found_list *list)
{
    free(list->row);
    *list = (struct found_list){NULL, 0};
}

bool find_pid(const char *directory, uint32_t pid, struct found *found)
{
    struct found_list list = find_all(directory);
    bool there = false;
    for (size_t i = 0; i < list.rows; i++)
        if (list.row[i].pid == pid &&
            (!there || list.row[i].state == PROCESS_LIVING || found->state != PROCESS_LIVING)) {
            *found = list.row[i];
            there = true;
        }
    found_free(&list);
    return there;
}
