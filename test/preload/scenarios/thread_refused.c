/* The kernel makes no thread: `seccomp`, by a filter of system calls, or `nproc`, by RLIMIT_NPROC of a user without
 * privileges. Runs itself anew so, and works for longer than two intervals (or, with
 * `short`, hardly at all). */
#include "blocks.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void filter_clone(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void limit_processes(void)
{
    struct rlimit none = {0, 0};
    if (getuid() == 0)
        MUST(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
    MUST(setrlimit(RLIMIT_NPROC, &none) == 0);
}

static void *nothing(void *unused)
{
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc < 4) {
        char self[4096] = "";
        MUST(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
        if (strcmp(argv[1], "nproc") == 0)
            limit_processes();
        else
            filter_clone();
        execl(self, argv[0], argv[1], argc == 3 ? argv[2] : "long", "refused", NULL);
        return 77; /* not for this user to read */
    }
    work(strcmp(argv[2], "short") == 0 ? 0.05 : 1.3);
    MUST(pthread_create(&thread, NULL, nothing, NULL) != 0); /* it was indeed refused */
    block(12345);
    puts("worked alone");
    return 0;
}
