#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "places.h"
#include "process.h"
#include "snapshot/segment.h"

const char find_everybody[] = "";

/* ---- who lives ---- */

static const char *file_name_of(const struct found *found)
{
    const char *slash = strrchr(found->path, '/');
    return slash != NULL ? slash + 1 : found->path;
}

enum process_state find_state(const struct found *found)
{
    if (found->state == PROCESS_FAR)
        return PROCESS_FAR;
    return process_lives(found->pid, found->started_ticks, file_name_of(found)) ? PROCESS_LIVING : PROCESS_DEAD;
}

/* Its number as we count. false: it is in another pid namespace, into which we do not see. */
static bool set_pid(struct found *found)
{
    struct process process;
    const uint32_t own = process_namespace(0);
    found->pid = found->own_pid;
    if (found->namespace_inode == own || own == 0)
        return true;
    if (!process_inside(found->namespace_inode, found->own_pid, &process))
        return false;
    found->pid = process.pid;
    return true;
}

/* Somebody else's file tells nothing of a process, whatever its name; root may write of anybody. */
static bool is_its_own(const struct found *found)
{
    struct process process;
    return found->uid == 0 || !process_read(found->pid, &process) || process.uid == found->uid;
}

static bool read_head_at(int directory, const char *name, struct segment *head)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    bool whole = file >= 0 && pread(file, head, sizeof *head, 0) == sizeof *head;
    if (file >= 0)
        close(file);
    return whole;
}

/* By exec a process becomes another program, which may not be tracked: pid and start stay the same. */
static enum process_state refine_state(const struct found *found, enum process_state state, int directory)
{
    struct segment head;
    if (!read_head_at(directory, file_name_of(found), &head))
        return state;
    if (state != PROCESS_LIVING)
        return head.state == SEGMENT_ENDED ? PROCESS_ENDED : state;
    bool mapped = head.mapped != 1 || head.written == 0 || process_maps(found->pid, file_name_of(found)) != MAPS_NOT;
    return mapped ? PROCESS_LIVING : PROCESS_DEAD;
}

static void find_out_state(struct found *found, int directory)
{
    if (!set_pid(found)) {
        found->state = PROCESS_FAR;
    } else {
        found->state = PROCESS_DEAD; /* until it is shown to live */
        found->state = is_its_own(found) ? find_state(found) : PROCESS_DEAD;
    }
    found->state = refine_state(found, found->state, directory);
}

/* ---- what is in a directory ---- */

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
    found->own_pid = pid;
    found->started_ticks = started;
    found->namespace_inode = inode;
    return strcmp(name, again) == 0;
}

/* false: it is gone, or it is not one of those who may write there. */
static bool is_believed(int directory, const char *name, uint32_t owner, struct found *found)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    found->uid = status.st_uid;
    return status.st_uid == owner || status.st_uid == 0;
}

static void append_found(struct found_list *list, const struct found *found)
{
    list->row = must_resize(list->row, (list->rows + 1) * sizeof *list->row);
    list->row[list->rows++] = *found;
}

static void add_entry(struct found_list *list, const struct place *place, int directory, const char *name,
                      uint32_t owner)
{
    struct found found = {.state = PROCESS_DEAD};
    if (!parse_name(name, &found) || !is_believed(directory, name, owner, &found) ||
        snprintf(found.path, sizeof found.path, "%s/%s", place->path, name) >= (int)sizeof found.path)
        return;
    find_out_state(&found, directory);
    append_found(list, &found);
}

/* ---- all directories ---- */

/* Directories that were looked into: one may have several names. */
struct known {
    struct stat *row;
    size_t rows;
};

static bool is_known(struct known *known, int directory)
{
    struct stat status;
    if (fstat(directory, &status) != 0)
        return true;
    for (size_t i = 0; i < known->rows; i++)
        if (known->row[i].st_dev == status.st_dev && known->row[i].st_ino == status.st_ino)
            return true;
    known->row = must_resize(known->row, (known->rows + 1) * sizeof *known->row);
    known->row[known->rows++] = status;
    return false;
}

static void list_directory(const struct place *place, struct found_list *list, struct known *known)
{
    uint32_t owner;
    int directory = place_open(place, &owner);
    if (directory < 0)
        return;
    DIR *stream = is_known(known, directory) ? NULL : fdopendir(directory);
    if (stream == NULL) {
        close(directory);
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        add_entry(list, place, directory, entry->d_name, owner);
    closedir(stream);
}

static int by_pid(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->started_ticks > y->started_ticks) - (x->started_ticks < y->started_ticks);
}

static struct found_list list_directories(const struct places *places)
{
    struct found_list list = {NULL, 0};
    struct known known = {NULL, 0};
    for (size_t i = 0; i < places->rows; i++)
        list_directory(&places->row[i], &list, &known);
    free(known.row);
    if (list.rows != 0)
        qsort(list.row, list.rows, sizeof *list.row, by_pid);
    return list;
}

/* The one directory that was asked for, or NULL. */
static const char *only_directory(const char *directory)
{
    const char *variable = getenv("TRACKMALLOC_DIR");
    if (directory == find_everybody)
        return NULL;
    return directory != NULL || variable == NULL || variable[0] == '\0' ? directory : variable;
}

/* The one that was asked for, or this user's; whether it is the latter, and there may be others. */
static bool begin_places(struct places *places, const char *directory)
{
    const char *only = only_directory(directory);
    const char *usual = only_directory(NULL); /* where everybody's are looked for, this is one place of many */
    *places = (struct places){NULL, 0};
    if (only != NULL || usual != NULL)
        places_add(places, only != NULL ? only : usual);
    if (only == NULL)
        places_of_user(places);
    return only == NULL;
}

static struct places places_of_all(const char *directory)
{
    struct places places;
    if (begin_places(&places, directory))
        places_of_processes(&places, directory == find_everybody);
    return places;
}

struct found_list find_all(const char *directory)
{
    struct places places = places_of_all(directory);
    struct found_list list = list_directories(&places);
    places_free(&places);
    return list;
}

void found_free(struct found_list *list)
{
    free(list->row);
    *list = (struct found_list){NULL, 0};
}

bool found_is_running(const struct found *found)
{
    return found->state == PROCESS_LIVING;
}

bool found_has_ended(const struct found *found)
{
    return found->state == PROCESS_DEAD || found->state == PROCESS_ENDED;
}

void found_keep(struct found_list *list, bool condition(const struct found *found))
{
    size_t kept = 0;
    for (size_t i = 0; i < list->rows; i++)
        if (condition(&list->row[i]))
            list->row[kept++] = list->row[i];
    list->rows = kept;
}

/* ---- one process ---- */

/* Where a process that lives has its segment; the dead leave theirs in the usual places. */
static struct places places_of_one(const char *directory, uint32_t pid)
{
    struct places places;
    if (begin_places(&places, directory))
        places_of_process(&places, pid);
    return places;
}

static bool choose_by_pid(const struct found_list *list, uint32_t pid, struct found *found)
{
    bool there = false;
    for (size_t i = 0; i < list->rows; i++)
        if (list->row[i].pid == pid &&
            (!there || list->row[i].state == PROCESS_LIVING || found->state != PROCESS_LIVING)) {
            *found = list->row[i];
            there = true;
        }
    return there;
}

bool find_pid(const char *directory, uint32_t pid, struct found *found)
{
    struct places places = places_of_one(directory, pid);
    struct found_list list = list_directories(&places);
    bool there = choose_by_pid(&list, pid, found);
    places_free(&places);
    found_free(&list);
    if (there || only_directory(directory) != NULL || process_lives(pid, 0, NULL))
        return there;
    list = find_all(geteuid() == 0 ? find_everybody : directory);
    there = choose_by_pid(&list, pid, found);
    found_free(&list);
    return there;
}

char *find_looked(const char *directory, uint32_t pid)
{
    struct places places = pid != 0 ? places_of_one(directory, pid) : places_of_all(directory);
    char *text = places_text(&places);
    places_free(&places);
    return text;
}
