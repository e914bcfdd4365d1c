#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/diagnostics.h"

/* ---- the calls ---- */

typedef long try_call(void);

/* As the library starts its thread (lib: sys.c), which ends at once. */
static int end_itself(void *unused)
{
    (void)unused;
    return 0;
}

static long try_clone(void)
{
    static _Alignas(64) char stack[16384];
    return clone(end_itself, stack + sizeof stack,
                 CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
}

static long try_kill(void)
{
    return kill(getpid(), 0);
}

static long try_tgkill(void)
{
    return syscall(SYS_tgkill, getpid(), gettid(), 0);
}

static long try_limits(void)
{
    struct rlimit limit;
    return syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit);
}

static long try_name(void)
{
    return prctl(PR_SET_NAME, "trackmalloc");
}

enum { ANYWHERE, OF_SEGMENTS };

#define NAMED(name) #name, SYS_##name

/* All that the library makes (lib: the numbers behind sysN), but for exit. Where nothing else is said: with a
 * descriptor, a path, an address or a number that is none, for the filter is asked before anything else. */
static const struct call {
    const char *name;
    long number;
    int where;
    try_call *try;
} calls[] = {
    {NAMED(openat), OF_SEGMENTS, NULL},
    {NAMED(mkdirat), OF_SEGMENTS, NULL},
    {NAMED(fstat), OF_SEGMENTS, NULL},
    {NAMED(newfstatat), OF_SEGMENTS, NULL},
    {NAMED(fchmod), OF_SEGMENTS, NULL},
    {NAMED(fchmodat), OF_SEGMENTS, NULL},
    {NAMED(pwritev), OF_SEGMENTS, NULL},
    {NAMED(pread64), OF_SEGMENTS, NULL},
    {NAMED(unlinkat), OF_SEGMENTS, NULL},
    {NAMED(ftruncate), OF_SEGMENTS, NULL},
    {NAMED(getdents64), OF_SEGMENTS, NULL},
    {NAMED(readlink), OF_SEGMENTS, NULL},
    {NAMED(getrusage), OF_SEGMENTS, NULL},
    {NAMED(kill), OF_SEGMENTS, try_kill},
    {NAMED(prlimit64), OF_SEGMENTS, try_limits},
    {NAMED(open), ANYWHERE, NULL},
    {NAMED(fchown), ANYWHERE, NULL},
    {NAMED(stat), ANYWHERE, NULL},
    {NAMED(statx), ANYWHERE, NULL},
    {NAMED(read), ANYWHERE, NULL},
    {NAMED(write), ANYWHERE, NULL},
    {NAMED(pwritev2), ANYWHERE, NULL},
    {NAMED(close), ANYWHERE, NULL},
    {NAMED(lseek), ANYWHERE, NULL},
    {NAMED(dup2), ANYWHERE, NULL},
    {NAMED(fcntl), ANYWHERE, NULL},
    {NAMED(ioctl), ANYWHERE, NULL},
    {NAMED(poll), ANYWHERE, NULL},
    {NAMED(sendto), ANYWHERE, NULL},
    {NAMED(memfd_create), ANYWHERE, NULL},
    {NAMED(close_range), ANYWHERE, NULL},
    {NAMED(getcwd), ANYWHERE, NULL},
    {NAMED(mmap), ANYWHERE, NULL},
    {NAMED(munmap), ANYWHERE, NULL},
    {NAMED(madvise), ANYWHERE, NULL},
    {NAMED(process_vm_readv), ANYWHERE, NULL},
    {NAMED(process_vm_writev), ANYWHERE, NULL},
    {NAMED(clock_gettime), ANYWHERE, NULL},
    {NAMED(futex), ANYWHERE, NULL},
    {NAMED(sched_yield), ANYWHERE, NULL},
    {NAMED(getpid), ANYWHERE, NULL},
    {NAMED(getppid), ANYWHERE, NULL},
    {NAMED(gettid), ANYWHERE, NULL},
    {NAMED(geteuid), ANYWHERE, NULL},
    {NAMED(tgkill), ANYWHERE, try_tgkill},
    {NAMED(prctl), ANYWHERE, try_name},
    {NAMED(rt_sigprocmask), ANYWHERE, NULL},
    {NAMED(rt_sigpending), ANYWHERE, NULL},
    {NAMED(rt_sigtimedwait), ANYWHERE, NULL},
    {NAMED(clone), ANYWHERE, try_clone},
};

enum { CALLS = sizeof calls / sizeof *calls };

/* ---- the trial ---- */

/* Written by the child, in memory that both have. */
struct trial {
    uint32_t at; /* the one that is being tried */
    bool refused[CALLS];
};

/* What no such call answers by itself. */
static bool is_refusal(long result)
{
    return result == -1 && (errno == EPERM || errno == ENOSYS || errno == EACCES);
}

static _Noreturn void try_from(struct trial *trial)
{
    static const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (; trial->at < CALLS; trial->at++) {
        const struct call *call = &calls[trial->at];
        long result = call->try != NULL ? call->try() : syscall(call->number, -1, NULL, 0, 0, 0, 0);
        trial->refused[trial->at] = is_refusal(result);
    }
    _exit(0);
}

/* A child goes on behind the call that the one before it was killed for. false: it cannot be tried. */
static bool try_in_child(struct trial *trial)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        try_from(trial);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && status != -1;
}

/* ---- what came of it ---- */

static void add_name(char **list, const char *name)
{
    char *before = *list;
    *list = xasprintf("%s%s%s", before, before[0] != '\0' ? ", " : "", name);
    free(before);
}

static void note_killed(struct filter *filter, const struct call *call)
{
    filter->allows_all = false;
    filter->allows_segments &= call->where != OF_SEGMENTS;
    add_name(&filter->kills, call->name);
}

static void try_all(struct filter *filter, struct trial *trial)
{
    filter->allows_all = filter->allows_segments = true;
    for (; trial->at < CALLS; trial->at++) {
        if (!try_in_child(trial)) {
            filter->allows_all = filter->allows_segments = false;
            return;
        }
        if (trial->at < CALLS)
            note_killed(filter, &calls[trial->at]);
    }
    for (unsigned i = 0; i < CALLS; i++)
        if (trial->refused[i])
            add_name(&filter->refuses, calls[i].name);
}

struct filter filter_look(void)
{
    struct filter filter = {.there = prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER,
                            .kills = xasprintf("%s", ""),
                            .refuses = xasprintf("%s", "")};
    struct trial *trial = MAP_FAILED;
    if (filter.there)
        trial = mmap(NULL, sizeof *trial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trial == MAP_FAILED)
        return filter;
    try_all(&filter, trial);
    munmap(trial, sizeof *trial);
    return filter;
}

void filter_free(struct filter *filter)
{
    free(filter->kills);
    free(filter->refuses);
    *filter = (struct filter){.there = false};
}
