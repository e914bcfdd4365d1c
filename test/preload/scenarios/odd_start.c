/* A program that is started in odd ways, and then works: `work` at once; `deleted` from a file that has no name any
 * more; `marked` from a file whose name says that it has none; `memfd` from one that never had any; `noproc`, where
 * there is no /proc, and `script` there as the interpreter of a script. Status 77: not allowed here. */
#include "scene.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

enum { BLOCKS = 10, REFUSED = 77 };

static __attribute__((noipa)) void *make(void)
{
    return block(1000);
}

static int at_work(void)
{
    for (int i = 0; i < BLOCKS; i++)
        make();
    puts("it worked");
    return 0;
}

/* The program itself, in another file. */
static void copy_to(int to)
{
    static char bytes[1 << 16];
    ssize_t length;
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    MUST(from >= 0 && to >= 0);
    while ((length = read(from, bytes, sizeof bytes)) > 0)
        MUST(write(to, bytes, (size_t)length) == length);
    MUST(length == 0);
    close(from);
}

static const char *copy_called(const char *name)
{
    static char path[256];
    char directory[] = "/tmp/odd-start-XXXXXX";
    MUST(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    copy_to(to);
    close(to);
    return path;
}

static void take_away(const char *path)
{
    char directory[256];
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    unlink(path);
    rmdir(directory);
}

static void start_by(int file)
{
    char *const argv[] = {"odd", "work", NULL};
    fexecve(file, argv, environ);
    MUST(false);
}

static void start_deleted(void)
{
    const char *path = copy_called("odd_copy");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    take_away(path);
    start_by(file);
}

static void start_memfd(void)
{
    int file = memfd_create("odd:/name", MFD_CLOEXEC);
    copy_to(file);
    start_by(file);
}

static int start_marked(void)
{
    const char *path = copy_called("odd (deleted)");
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, "work", NULL);
        _exit(99);
    }
    int status = finish(child);
    take_away(path);
    return WEXITSTATUS(status);
}

static void leave_proc(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/proc", "tmpfs", 0, NULL) != 0)
        _exit(REFUSED);
}

/* `path` is the program's own: called as a shell does that stands beside it. */
static void start_without_proc(char *path)
{
    leave_proc();
    char *slash = strrchr(path, '/');
    MUST(slash != NULL);
    *slash = '\0';
    MUST(chdir(path) == 0);
    *slash = '.';
    execl("./odd_start", "odd_start", "work", NULL);
    MUST(false);
}

static int start_script(const char *path)
{
    char script[] = "/tmp/odd-script-XXXXXX";
    int to = mkstemp(script);
    MUST(to >= 0 && dprintf(to, "#!%s work\n", path) > 0 && fchmod(to, 0755) == 0 && close(to) == 0);
    leave_proc();
    pid_t child = fork();
    if (child == 0) {
        execl(script, script, NULL);
        _exit(99);
    }
    int status = finish(child);
    unlink(script);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static char path[4096];
    const char *how = argc > 1 ? argv[1] : "";
    MUST(strcmp(how, "work") == 0 || readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    if (strcmp(how, "work") == 0)
        return at_work();
    if (strcmp(how, "marked") == 0)
        return start_marked();
    if (strcmp(how, "script") == 0)
        return start_script(path);
    if (strcmp(how, "deleted") == 0)
        start_deleted();
    if (strcmp(how, "memfd") == 0)
        start_memfd();
    start_without_proc(path);
    return 99;
}
