#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "elf_file.h"

enum {
    SCRIPTS = 4,      /* the kernel's own limit (BINPRM_MAX_RECURSION before Linux 5.10, bprm's loop since) */
    FIRST_LINE = 256, /* of a script, as the kernel reads it (BINPRM_BUF_SIZE) */
};

/* ---- where it is ---- */

static int check_runs(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* Of a search, what stands nearest to a success is told. */
static int search_path(const char *name, char *path, size_t room)
{
    char standard[PATH_MAX] = "";
    const char *folders = getenv("PATH");
    int why = ENOENT;
    if (folders == NULL) {
        confstr(_CS_PATH, standard, sizeof standard);
        folders = standard;
    }
    for (;; folders++) {
        size_t length = strcspn(folders, ":");
        int written = snprintf(path, room, "%.*s%s%s", (int)length, folders, length != 0 ? "/" : "./", name);
        int here = written < (int)room ? check_runs(path) : ENOENT;
        if (here == 0)
            return 0;
        if (here == EACCES)
            why = EACCES;
        folders += length;
        if (*folders == '\0')
            return why;
    }
}

int program_find(const char *name, struct program *program)
{
    if (name[0] == '\0')
        return ENOENT;
    if (strchr(name, '/') == NULL)
        return search_path(name, program->path, sizeof program->path);
    if (snprintf(program->path, sizeof program->path, "%s", name) >= (int)sizeof program->path)
        return ENAMETOOLONG;
    return check_runs(name);
}

/* ---- what it is ---- */

/* Whether the kernel takes the rights in the file seriously; then the loader ignores LD_PRELOAD (ld.so(8)). */
static const char *rights_of(int file)
{
    struct stat status;
    struct statvfs mount;
    if (fstat(file, &status) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
        (fstatvfs(file, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0))
        return NULL;
    if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid())
        return "setuid";
    if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != getgid())
        return "setgid";
    return getuid() != 0 && fgetxattr(file, "security.capability", NULL, 0) > 0 ? "given capabilities" : NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Ourselves: library and command are built for one machine and one C library. */
static const struct elf *own_elf(void)
{
    static struct elf elf;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        elf_read(file, &elf);
        close(file);
    }
    return &elf;
}

static bool is_own_loader(const char *path)
{
    return strcmp(base_name(path), base_name(own_elf()->loader)) == 0;
}

/* The loader itself, called to load a program, has none. */
static const char *obstacle_in(int file, const char *path, const struct elf *elf)
{
    const struct elf *own = own_elf();
    if (own->class == 0) /* without /proc nobody knows; a warning would be a guess */
        return NULL;
    if (elf->class != own->class)
        return own->class == ELFCLASS64 ? "a 32-bit program" : "a 64-bit program";
    if (elf->machine != own->machine || elf->order != own->order)
        return "made for another kind of processor";
    if (elf->loader[0] == '\0' && !is_own_loader(path))
        return "linked statically";
    return rights_of(file);
}

static void set_fate(struct program *program, enum program_fate fate, const char *path, const char *why)
{
    program->fate = fate;
    if (strcmp(path, program->path) == 0)
        snprintf(program->why, sizeof program->why, "it is %s", why);
    else
        snprintf(program->why, sizeof program->why, "its interpreter %s is %s", path, why);
}

/* The libraries of gcc's and clang's sanitizers that bring a malloc. (Those that are linked in are found by our own
 * library, which then does nothing.) */
static bool is_sanitizer(const char *library)
{
    static const char *const patterns[] = {"libasan.so*",
                                           "libtsan.so*",
                                           "liblsan.so*",
                                           "libhwasan.so*",
                                           "libclang_rt.asan*.so",
                                           "libclang_rt.tsan*.so",
                                           "libclang_rt.lsan*.so",
                                           "libclang_rt.hwasan*.so",
                                           "libclang_rt.memprof*.so"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (fnmatch(patterns[i], library, 0) == 0)
            return true;
    return false;
}

/* It ends with an error, or crashes, where it finds another library before its own. */
static void refuse_sanitized(struct program *program, int file, const char *path)
{
    char library[ELF_NAME], clean[ELF_NAME], why[ELF_NAME + 64];
    if (!elf_needs(file, is_sanitizer, library))
        return;
    clean_text(library, clean, sizeof clean);
    snprintf(why, sizeof why, "made for a sanitizer, %s, whose malloc must come first", clean);
    set_fate(program, PROGRAM_BREAKS, path, why);
}

static void judge_elf(struct program *program, int file, const char *path, const struct elf *elf)
{
    const char *why = obstacle_in(file, path, elf);
    if (why != NULL)
        set_fate(program, PROGRAM_UNTRACKED, path, why);
    else if (elf->loader[0] != '\0' && own_elf()->class != 0 && !is_own_loader(elf->loader))
        set_fate(program, PROGRAM_BREAKS, path, "made for another C library");
    else
        refuse_sanitized(program, file, path);
}

/* ---- scripts ---- */

/* Who is to read this file: the path behind "#!", else the shell. false: a shell would not either. */
static bool find_reader(struct program *program, const char *line, size_t length, char path[static FIRST_LINE])
{
    if (strncmp(line, "#!", 2) == 0) {
        const char *from = line + 2 + strspn(line + 2, " \t");
        size_t bytes = strcspn(from, " \t\r\n");
        if (bytes != 0) {
            memcpy(path, from, bytes);
            path[bytes] = '\0';
            return true;
        }
    }
    if (memchr(line, '\0', length) != NULL)
        return false;
    program->needs_shell = true;
    memcpy(path, _PATH_BSHELL, sizeof _PATH_BSHELL);
    return true;
}

/* One step: true when another program reads this one, whose path is in `reader` then, which `path` may stand in. */
static bool look_at_file(struct program *program, const char *path, char reader[static FIRST_LINE])
{
    char line[FIRST_LINE];
    struct elf elf;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) { /* who may run it may not always read it: then nothing is known, and nothing said */
        if (errno == ENOENT)
            set_fate(program, PROGRAM_UNTRACKED, path, "not there");
        return false;
    }
    bool is_elf = elf_read(file, &elf);
    if (is_elf)
        judge_elf(program, file, path, &elf);
    ssize_t length = is_elf ? 0 : pread(file, line, sizeof line - 1, 0);
    close(file);
    if (is_elf || length < 0)
        return false;
    line[length] = '\0';
    if (find_reader(program, line, (size_t)length, reader))
        return true;
    set_fate(program, PROGRAM_UNTRACKED, path, "no program that this system knows");
    return false;
}

void program_look(struct program *program)
{
    char reader[FIRST_LINE];
    const char *path = program->path;
    program->fate = PROGRAM_TRACKED;
    program->needs_shell = false;
    for (int scripts = 0; look_at_file(program, path, reader); scripts++) {
        if (scripts == SCRIPTS) {
            set_fate(program, PROGRAM_UNTRACKED, program->path, "a script of scripts, more than the system runs");
            return;
        }
        path = reader;
    }
}
