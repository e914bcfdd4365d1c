/* filtered NAME PROGRAM [ARGUMENT...]: becomes the program under a filter that kills the process for one system call,
 * NAME; with `prctl`, for all but the question for such filters; with `bare`, for all that a small program of the C
 * library's does not make itself; with `clones`, for each kind of clone. 77: it knows no such call. */
#include "scene.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define CALL(name)        \
    {                     \
#name, SYS_##name \
    }

static const struct {
    const char *name;
    unsigned number;
} calls[] = {
    CALL(statx),
    CALL(stat),
    CALL(lstat),
    CALL(fstat),
    CALL(readlink),
    CALL(readlinkat),
    CALL(ioctl),
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(gettimeofday),
    CALL(getrusage),
    CALL(tgkill),
    CALL(tkill),
    CALL(kill),
    CALL(open),
    CALL(fcntl),
    CALL(sched_yield),
    CALL(gettid),
    CALL(getpid),
    CALL(getppid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(clone),
    CALL(clone3),
    CALL(fork),
    CALL(vfork),
    CALL(close_range),
    CALL(pread64),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(madvise),
    CALL(mincore),
    CALL(msync),
    CALL(mremap),
    CALL(poll),
    CALL(ppoll),
    CALL(getcwd),
    CALL(chdir),
    CALL(fchdir),
    CALL(pwritev2),
    CALL(writev),
    CALL(pwrite64),
    CALL(preadv2),
    CALL(rt_sigprocmask),
    CALL(rt_sigaction),
    CALL(rt_sigtimedwait),
    CALL(rt_sigpending),
    CALL(sigaltstack),
    CALL(uname),
    CALL(sysinfo),
    CALL(getdents64),
    CALL(memfd_create),
    CALL(ftruncate),
    CALL(fallocate),
    CALL(fstatfs),
    CALL(statfs),
    CALL(mkdir),
    CALL(unlink),
    CALL(rename),
    CALL(fchown),
    CALL(fchmod),
    CALL(umask),
    CALL(lseek),
    CALL(dup),
    CALL(dup2),
    CALL(dup3),
    CALL(pipe2),
    CALL(socket),
    CALL(flock),
    CALL(wait4),
    CALL(unshare),
    CALL(setns),
    CALL(membarrier),
    CALL(sched_getaffinity),
    CALL(set_tid_address),
    CALL(nanosleep),
    CALL(prlimit64),
    CALL(getrlimit),
    CALL(seccomp),
    CALL(kcmp),
    CALL(openat2),
    CALL(faccessat),
    CALL(timerfd_create),
    CALL(eventfd2),
    CALL(pidfd_open),
    CALL(userfaultfd),
    CALL(capget),
    CALL(times),
    CALL(time),
    CALL(sched_setscheduler),
    CALL(setpriority),
};

#define LOAD(field)          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define KILL                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* Another value passes over so many statements. */
#define UNLESS(value, skips) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skips))

static void install(struct sock_filter *code, size_t length)
{
    struct sock_fprog program = {(unsigned short)length, code};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

#define INSTALL(code) install(code, sizeof(code) / sizeof((code)[0]))

static void forbid(unsigned number, unsigned number_too)
{
    struct sock_filter code[] = {LOAD(nr), UNLESS(number, 1), KILL, UNLESS(number_too, 1), KILL, ALLOW};
    INSTALL(code);
}

static void forbid_prctl(void)
{
    struct sock_filter code[] = {LOAD(nr), UNLESS(SYS_prctl, 3), LOAD(args[0]), UNLESS(PR_GET_SECCOMP, 2), ALLOW, ALLOW,
                                 KILL};
    INSTALL(code);
}

/* What the loader and the C library call in `works`, as strace shows it, and the question for filters. */
static void forbid_all_but_bare(void)
{
#define KNOWN(call) UNLESS(SYS_##call, 1), ALLOW
    struct sock_filter code[] = {
        LOAD(nr),
        KNOWN(execve),
        KNOWN(brk),
        KNOWN(mmap),
        KNOWN(munmap),
        KNOWN(mprotect),
        KNOWN(access),
        KNOWN(openat),
        KNOWN(newfstatat),
        KNOWN(read),
        KNOWN(write),
        KNOWN(close),
        KNOWN(pread64),
        KNOWN(lseek),
        KNOWN(arch_prctl),
        KNOWN(set_tid_address),
        KNOWN(futex),
        KNOWN(rseq),
        KNOWN(set_robust_list),
        KNOWN(prlimit64),
        KNOWN(getrandom),
        KNOWN(clock_nanosleep),
        KNOWN(exit_group),
        UNLESS(SYS_prctl, 3),
        LOAD(args[0]),
        UNLESS(PR_GET_SECCOMP, 1),
        ALLOW,
        KILL,
    };
    INSTALL(code);
}

static void forbid_by_name(const char *name)
{
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(name, calls[i].name) == 0) {
            forbid(calls[i].number, calls[i].number);
            return;
        }
    _exit(77);
}

int main(int argc, char **argv)
{
    MUST(argc >= 3);
    if (strcmp(argv[1], "prctl") == 0)
        forbid_prctl();
    else if (strcmp(argv[1], "bare") == 0)
        forbid_all_but_bare();
    else if (strcmp(argv[1], "clones") == 0)
        forbid(SYS_clone, SYS_clone3);
    else
        forbid_by_name(argv[1]);
    execv(argv[2], argv + 2);
    return 98;
}
