/* Becomes something else while it runs: changes HOW DIRECTORY, at the first line on stdin; says how it went, holds 10
 * blocks of 100 bytes, and waits for the end of stdin.
 *
 *   unshare, mount, uid, chroot, setns, seccomp, signals, nothing */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "say.h"

static void *kept[10];
static volatile sig_atomic_t seen, harm;

static void on_alarm(int signal)
{
    (void)signal;
    free(malloc((size_t)(seen++ % 3000)));
}

static void on_harm(int signal)
{
    harm = signal;
}

/* A handler that allocates, at any moment of the reporter's. */
static int by_signals(void)
{
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    signal(SIGALRM, on_alarm);
    signal(SIGXFSZ, on_harm);
    signal(SIGBUS, on_harm);
    signal(SIGSYS, on_harm);
    setitimer(ITIMER_REAL, &often, NULL);
    while (seen < 200)
        pause();
    setitimer(ITIMER_REAL, &never, NULL);
    return harm;
}

/* It may read, write, allocate and exit. */
static int by_filter(void)
{
    static const unsigned allowed[] = {SYS_read, SYS_write, SYS_exit, SYS_exit_group, SYS_brk, SYS_mmap, SYS_munmap};
    enum { COUNT = sizeof allowed / sizeof allowed[0] };
    struct sock_filter code[2 * COUNT + 2] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    for (unsigned i = 0; i < COUNT; i++) {
        code[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
        code[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog filter = {2 * COUNT + 2, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) | prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int change(const char *how, const char *directory)
{
    if (strcmp(how, "unshare") == 0)
        return unshare(CLONE_NEWUSER);
    if (strcmp(how, "mount") == 0)
        return unshare(CLONE_NEWNS);
    if (strcmp(how, "uid") == 0)
        return setgid(65534) | setuid(65534);
    if (strcmp(how, "chroot") == 0)
        return chroot(directory) | chdir("/");
    if (strcmp(how, "setns") == 0)
        return setns(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), CLONE_NEWNS);
    if (strcmp(how, "seccomp") == 0)
        return by_filter();
    if (strcmp(how, "signals") == 0)
        return by_signals();
    return 0;
}

int main(int argc, char **argv)
{
    char byte;
    if (argc < 3)
        return 2;
    for (unsigned i = 0; i < 6000; i++) /* so many that the reporter is there, however late it starts */
        free(malloc(16));
    while (read(0, &byte, 1) == 1 && byte != '\n')
        ;
    int failed = change(argv[1], argv[2]);
    for (unsigned i = 0; i < 10; i++)
        kept[i] = malloc(100);
    say("%s\n", failed ? "failed" : "done");
    while (read(0, &byte, 1) == 1)
        ;
    for (unsigned i = 0; i < 10; i++)
        free(kept[i]);
    return 0;
}
