/* Gives up root in the middle: afterwards every task of the process has the new identity, whoever made it, now and
 * a second later.
 *
 *   drop_privileges setresuid|setuid|groups|back|raw|capset|no_new_privs|threads
 *   drop_privileges all     each of them in a program of its own, side by side */
#include "scene.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { NOBODY = 65534 };

/* The lines of one task's status that tell who it is. */
static void identity(const char *task, char *out, size_t capacity)
{
    static const char *const names[] = {"Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:", "NoNewPrivs:"};
    char path[300], text[4096];
    size_t length = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    out[0] = 0;
    if (access(path, R_OK) != 0)
        return; /* it has ended */
    slurp(path, text, sizeof text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0 && length < capacity)
                length += (size_t)snprintf(out + length, capacity - length, "%s\n", line);
}

/* Compares every task with main's. The directory is read whole before: a task may end in between. */
static bool all_alike(const char *when)
{
    char own[1024], main_task[16], name[1024][16];
    unsigned count = 0;
    bool alike = true;
    snprintf(main_task, sizeof main_task, "%d", (int)getpid());
    identity(main_task, own, sizeof own);
    DIR *directory = opendir("/proc/self/task");
    MUST(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < 1024;)
        if (entry->d_name[0] != '.')
            snprintf(name[count++], sizeof name[0], "%.15s", entry->d_name);
    closedir(directory);
    for (unsigned i = 0; i < count; i++) {
        char other[1024];
        identity(name[i], other, sizeof other);
        if (other[0] == 0 || strcmp(own, other) == 0)
            continue;
        printf("%s, one task differs:\n%sfrom main:\n%s", when, other, own);
        alike = false;
    }
    return alike;
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    MUST(syscall(SYS_capget, &head, data) == 0);
    data[0].effective &= ~(1u << CAP_SYS_CHROOT);
    data[0].permitted &= ~(1u << CAP_SYS_CHROOT);
    data[0].inheritable = data[0].permitted;
    MUST(syscall(SYS_capset, &head, data) == 0);
}

/* As setpriv(1) does it: raw capset, then the C library's setresuid, which compares what its threads say. */
static void drop(const char *way)
{
    gid_t group = NOBODY;
    if (strcmp(way, "setuid") == 0) {
        MUST(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    } else if (strcmp(way, "groups") == 0) {
        MUST(setgroups(1, &group) == 0 && setregid(NOBODY, NOBODY) == 0 && setreuid(NOBODY, NOBODY) == 0);
    } else if (strcmp(way, "back") == 0) {
        MUST(setegid(NOBODY) == 0 && seteuid(NOBODY) == 0 && all_alike("dropped for a while"));
        MUST(seteuid(0) == 0 && setegid(0) == 0 && all_alike("taken back"));
    } else if (strcmp(way, "raw") == 0) {
        MUST(syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) == 0);
        MUST(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) == 0);
    } else if (strcmp(way, "capset") == 0) {
        MUST(prctl(PR_SET_KEEPCAPS, 1) == 0);
        drop_capabilities();
        MUST(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
        MUST(setresuid(NOBODY, NOBODY, NOBODY) == 0);
        drop_capabilities();
    } else if (strcmp(way, "no_new_privs") == 0) {
        MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    } else {
        MUST(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
    }
}

static void *works(void *unused)
{
    work(3.5);
    return unused;
}

/* true: all went well. */
static bool act(const char *way)
{
    pthread_t threads[3];
    bool threaded = strcmp(way, "threads") == 0;
    for (unsigned i = 0; threaded && i < 3; i++)
        MUST(pthread_create(&threads[i], NULL, works, NULL) == 0);
    churn(6000);
    work(0.35);
    drop(way);
    bool alike = all_alike("at once");
    for (unsigned i = 0; i < 30 && alike; i++) {
        work(0.1);
        alike = all_alike("later");
    }
    for (unsigned i = 0; threaded && i < 3; i++)
        pthread_join(threads[i], NULL);
    return alike;
}

static void all(char **argv)
{
    static char *const ways[] = {"setresuid", "setuid", "groups", "back", "raw", "capset", "no_new_privs", "threads"};
    enum { WAYS = sizeof ways / sizeof ways[0] };
    pid_t child[WAYS];
    free(block(10));
    for (unsigned i = 0; i < WAYS; i++)
        if ((child[i] = fork()) == 0) {
            execv("/proc/self/exe", (char *const[]){argv[0], ways[i], NULL});
            _exit(98);
        }
    for (unsigned i = 0; i < WAYS; i++)
        say_outcome(ways[i], finish(child[i]));
}

int main(int argc, char **argv)
{
    MUST(argc == 2 && getuid() == 0);
    if (strcmp(argv[1], "all") != 0)
        return act(argv[1]) ? 0 : 1;
    all(argv);
    return 0;
}
