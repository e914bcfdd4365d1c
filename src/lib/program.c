#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "module.h"
#include "sys.h"

enum { PROGRAM_PATH = 1024, MAPS_BYTES = 8192 };

static struct {
    char path[PROGRAM_PATH];
    char maps[MAPS_BYTES];
} program SPARSE;

static char file_name[SNAPSHOT_NAME];
static char called_name[SNAPSHOT_NAME];

/* ---- by its mapping ---- */

static const char *hexadecimal(const char *text, uintptr_t *number)
{
    *number = 0;
    for (;; text++) {
        char digit = *text;
        if (digit >= '0' && digit <= '9')
            *number = *number << 4 | (uintptr_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *number = *number << 4 | (uintptr_t)(digit - 'a' + 10);
        else
            return text;
    }
}

/* BEGIN-END PERMISSIONS OFFSET DEVICE INODE    PATH */
static bool line_holds(const char *line, uintptr_t address)
{
    uintptr_t begin;
    uintptr_t end;
    const char *dash = hexadecimal(line, &begin);
    if (*dash != '-')
        return false;
    hexadecimal(dash + 1, &end);
    return address >= begin && address < end;
}

static void take_path(const char *line)
{
    const char *path = strchr(line, '/');
    if (path != NULL && strlen(path) < PROGRAM_PATH)
        memcpy(program.path, path, strlen(path) + 1);
}

/* Looks through the whole lines among `length` bytes; how many bytes those are. Whether the line is found: *found. */
static size_t look_through(size_t length, uintptr_t address, bool *found)
{
    size_t done = 0;
    char *end;
    while (!*found && (end = memchr(program.maps + done, '\n', length - done)) != NULL) {
        *end = '\0';
        *found = line_holds(program.maps + done, address);
        if (*found)
            take_path(program.maps + done);
        done = (size_t)(end + 1 - program.maps);
    }
    return done;
}

static void find_by_mapping(uintptr_t address)
{
    long maps = sys3(SYS_open, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    size_t left = 0;
    bool found = false;
    if (maps < 0)
        return;
    while (!found && left < MAPS_BYTES) {
        long bytes = sys3(SYS_read, maps, program.maps + left, MAPS_BYTES - left);
        if (bytes <= 0)
            break;
        size_t length = left + (size_t)bytes;
        size_t done = look_through(length, address, &found);
        left = length - done;
        memmove(program.maps, program.maps + done, left);
    }
    sys1(SYS_close, maps);
}

/* ---- by /proc/self/exe ---- */

/* Else the kernel has started the loader, which says so to nobody, but found no loader for it. */
static bool started_by_kernel(void)
{
    return getauxval(AT_BASE) != 0;
}

static void find_by_link(void)
{
    long length = sys3(SYS_readlink, "/proc/self/exe", program.path, PROGRAM_PATH - 1);
    program.path[length > 0 ? length : 0] = '\0';
}

/* Of a file that is gone; a file may also be called so. */
static void take_mark_off(void)
{
    static const char mark[] = " (deleted)";
    struct stat file = {0};
    size_t length = strlen(program.path);
    size_t most = sizeof mark - 1;
    if (length > most && strcmp(program.path + length - most, mark) == 0 && sys2(SYS_stat, program.path, &file) != 0)
        program.path[length - most] = '\0';
}

/* ---- by what it was called ---- */

/* Started through a descriptor (fexecve), it was not called anything. */
static const char *path_called(void)
{
    const char *called = (const char *)getauxval(AT_EXECFN);
    bool descriptor = called == NULL || strncmp(called, "/proc/", 6) == 0 || strncmp(called, "/dev/fd/", 8) == 0;
    return descriptor || *called == '\0' ? NULL : called;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first = {0};
    struct stat second = {0};
    return sys2(SYS_stat, a, &first) == 0 && sys2(SYS_stat, b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* And no script. */
static bool is_program(const char *path)
{
    char magic[SELFMAG] = "";
    long file = sys3(SYS_open, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (file < 0)
        return false;
    sys3(SYS_read, file, magic, sizeof magic);
    sys1(SYS_close, file);
    return memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* The program still stands where it was started. */
static void take_called(const char *called)
{
    long directory = *called == '/' ? 1 : sys2(SYS_getcwd, program.path, PROGRAM_PATH); /* counts the closing zero */
    size_t length = strlen(called) + 1;
    if (directory < 1 || (size_t)directory + length > PROGRAM_PATH) {
        program.path[0] = '\0';
        return;
    }
    size_t at = (size_t)directory - 1;
    if (*called != '/')
        program.path[at++] = '/';
    memcpy(program.path + at, called, length);
}

/* ---- all together ---- */

static void copy_name(char name[SNAPSHOT_NAME], const char *from)
{
    size_t length = strcspn(from, "/"); /* as a memfd's may hold */
    length = length < SNAPSHOT_NAME ? length : SNAPSHOT_NAME - 1;
    memcpy(name, from, length);
    name[length] = '\0';
}

static const char *last_part(const char *path)
{
    static const char memfd[] = "/memfd:";
    if (*path == '\0')
        return "(unknown)";
    return strncmp(path, memfd, sizeof memfd - 1) == 0 ? path + 1 : module_base(path);
}

/* Nobody else may be asked (seccomp): of a script, this is its own name. */
static void find_unasked(const char *called)
{
    copy_name(file_name, called != NULL ? module_base(called) : "(unknown)");
    copy_name(called_name, file_name);
}

void program_find(uintptr_t address)
{
    const char *called = path_called();
    if (sys_calls != SYS_ANY)
        return find_unasked(called);
    if (started_by_kernel())
        find_by_link();
    else
        find_by_mapping(address);
    take_mark_off();
    bool by_name = called != NULL && same_file(called, started_by_kernel() ? "/proc/self/exe" : program.path);
    if (program.path[0] == '\0' && called != NULL && is_program(called)) {
        take_called(called);
        by_name = true;
    }
    copy_name(file_name, last_part(program.path));
    copy_name(called_name, by_name ? module_base(called) : file_name);
}

const char *program_path(void)
{
    return program.path;
}

const char *program_file(void)
{
    return file_name;
}

const char *program_called(void)
{
    return called_name;
}
