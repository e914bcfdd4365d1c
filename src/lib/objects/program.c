#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "lib/sys/sys.h"
#include "maps.h"
#include "module.h"

enum { PATH_BYTES = 1024 };

static SPARSE char program_at[PATH_BYTES];
static char file_name[SNAPSHOT_NAME];
static char called_name[SNAPSHOT_NAME];

/* ---- by /proc/self/exe ---- */

/* Else the kernel has started the loader, which says so to nobody, but found no loader for it. */
static bool started_by_kernel(void)
{
    return getauxval(AT_BASE) != 0;
}

static void find_by_link(void)
{
    long length = sys3(SYS_readlink, "/proc/self/exe", program_at, PATH_BYTES - 1);
    program_at[length > 0 ? length : 0] = '\0';
    maps_unmark(program_at);
}

/* ---- by what it was called ---- */

/* Started through a descriptor (fexecve), it was not called anything. */
static const char *path_called(void)
{
    const char *called = (const char *)getauxval(AT_EXECFN);
    bool descriptor = called == NULL || strncmp(called, "/proc/", 6) == 0 || strncmp(called, "/dev/fd/", 8) == 0;
    return descriptor || *called == '\0' ? NULL : called;
}

static bool paths_are_same(const char *a, const char *b)
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

/* The program still is where it was started. */
static void take_called(const char *called)
{
    long directory = *called == '/' ? 1 : sys2(SYS_getcwd, program_at, PATH_BYTES); /* counts the closing zero */
    size_t length = strlen(called) + 1;
    if (directory < 1 || (size_t)directory + length > PATH_BYTES) {
        program_at[0] = '\0';
        return;
    }
    size_t at = (size_t)directory - 1;
    if (*called != '/')
        program_at[at++] = '/';
    memcpy(program_at + at, called, length);
}

/* ---- all together ---- */

static void copy_called(char name[SNAPSHOT_NAME], const char *from)
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
    copy_called(file_name, called != NULL ? module_base(called) : "(unknown)");
    copy_called(called_name, file_name);
}

void program_find(uintptr_t address)
{
    const char *called = path_called();
    if (sys_calls != SYS_ANY)
        return find_unasked(called);
    if (started_by_kernel())
        find_by_link();
    else
        maps_path(address, program_at, sizeof program_at);
    bool by_name = called != NULL && paths_are_same(called, started_by_kernel() ? "/proc/self/exe" : program_at);
    if (program_at[0] == '\0' && called != NULL && is_program(called)) {
        take_called(called);
        by_name = true;
    }
    copy_called(file_name, last_part(program_at));
    copy_called(called_name, by_name ? module_base(called) : file_name);
}

const char *program_path(void)
{
    return program_at;
}

const char *program_file(void)
{
    return file_name;
}

const char *program_called(void)
{
    return called_name;
}
