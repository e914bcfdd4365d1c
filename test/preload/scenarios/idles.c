/* idles HOW MS PIDS: becomes what HOW says, then waits for so long without an allocation; the process that waits
 * writes its id to the file PIDS first.
 *
 *   imports      nothing is done; prctl, setuid, syscall and unshare are only imported
 *   fork         a child waits, its parent waits for it; neither allocates after the fork
 *   grandchild   a child's child
 *   vfork        a child made by vfork has become this program anew, by exec
 *   chroot       after chroot("/"), as root
 *   setuid       after setuid(getuid())
 *   prctl        after PR_SET_NO_NEW_PRIVS
 *   unshare      after unshare(CLONE_FS)
 *   daemon       the daemon's process waits
 *   thread       another thread waits, main has left by pthread_exit */
#include "waits.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static unsigned ms;
static const char *pids;

static void tell_who(void)
{
    int file = open(pids, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    char text[16];
    int length = 0;
    MUST(file >= 0);
    for (unsigned pid = (unsigned)getpid(); pid != 0; pid /= 10) /* dprintf may allocate */
        text[sizeof text - (size_t)++length] = (char)('0' + pid % 10);
    MUST(write(file, text + sizeof text - length, (size_t)length) == length);
    close(file);
}

static void idle(void)
{
    tell_who();
    wait_in("poll", ms);
}

static void *idle_thread(void *unused)
{
    idle();
    exit(0);
    return unused;
}

static void in_child(unsigned depth)
{
    pid_t child = fork();
    if (child == 0) {
        if (depth > 1)
            in_child(depth - 1);
        else
            idle();
        _exit(0);
    }
    MUST(finish(child) == 0);
}

static void by_vfork(char **argv)
{
    char *const arguments[] = {argv[0], "imports", argv[2], argv[3], NULL};
    pid_t child = vfork();
    if (child == 0) {
        execv("/proc/self/exe", arguments);
        _exit(98);
    }
    MUST(finish(child) == 0);
}

int main(int argc, char **argv)
{
    MUST(argc == 4);
    const char *how = argv[1];
    ms = (unsigned)atoi(argv[2]);
    pids = argv[3];
    for (unsigned i = 0; i < 100; i++)
        block(100);
    pthread_t thread;
    if (strcmp(how, "fork") == 0) {
        in_child(1);
    } else if (strcmp(how, "grandchild") == 0) {
        in_child(2);
    } else if (strcmp(how, "vfork") == 0) {
        by_vfork(argv);
    } else if (strcmp(how, "thread") == 0) {
        MUST(pthread_create(&thread, NULL, idle_thread, NULL) == 0);
        pthread_exit(NULL);
    } else {
        if (strcmp(how, "chroot") == 0)
            MUST(chroot("/") == 0);
        else if (strcmp(how, "setuid") == 0)
            MUST(setuid(getuid()) == 0);
        else if (strcmp(how, "prctl") == 0)
            MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        else if (strcmp(how, "unshare") == 0)
            MUST(unshare(CLONE_FS) == 0);
        else if (strcmp(how, "daemon") == 0)
            MUST(daemon(0, 0) == 0);
        else
            MUST(strcmp(how, "imports") == 0 && (argc != 77 || syscall(SYS_getpid) > 0));
        idle();
    }
    return 0;
}
