#include "sys.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "base.h"

enum sys_calls sys_calls;

void sys_advise(const void *memory, size_t bytes, int advice)
{
    if (sys_calls == SYS_ANY)
        sys3(SYS_madvise, memory, bytes, advice);
}

_Static_assert(RLIM_INFINITY == SYS_UNLIMITED, "no limit is the highest");

void *sys_memory(size_t bytes)
{
    if (sys_calls == SYS_NONE)
        return NULL;
    long at = sys6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at < 0 && at > -PAGE_BYTES)
        return NULL;
    sys_advise((void *)at, bytes, MADV_NOHUGEPAGE);
    return (void *)at;
}

uint64_t sys_address_limit(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
    if (sys_calls == SYS_ANY && !sys_filtered())
        sys4(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit);
    return limit.rlim_cur;
}

void sys_futex_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    struct timespec timeout = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
    sys4(SYS_futex, word, FUTEX_WAIT, value, timeout_ns ? &timeout : NULL);
}

void sys_futex_wake(uint32_t *word, int count)
{
    sys3(SYS_futex, word, FUTEX_WAKE, count);
}

static int (*libc_clock_gettime)(clockid_t, struct timespec *);

void sys_clock_use(void *clock_gettime)
{
    libc_clock_gettime = (int (*)(clockid_t, struct timespec *))clock_gettime;
}

static struct timespec read_clock(clockid_t clock)
{
    struct timespec now = {0, 0};
    if (LIKELY(libc_clock_gettime != NULL))
        libc_clock_gettime(clock, &now);
    else
        sys2(SYS_clock_gettime, clock, &now);
    return now;
}

uint64_t sys_clock_ns(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC_COARSE);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t sys_wall_seconds(void)
{
    return read_clock(CLOCK_REALTIME).tv_sec;
}

bool sys_filtered(void)
{
    static long mode = -1;
    if (mode < 0)
        mode = sys2(SYS_prctl, PR_GET_SECCOMP, 0);
    return mode != 0;
}

int sys_readable(const void *address)
{
    if (sys_calls != SYS_ANY)
        return 1;
    /* The kernel copies the set before it looks at `how`, which is no valid one: nothing is changed. */
    return sys4(SYS_rt_sigprocmask, -1, address, NULL, 8) != -14; /* EFAULT */
}

/* clone with its own stack returns twice, the second time on an empty stack: so it is written by hand. */
long sys_clone_call(unsigned long flags, void *stack, uint32_t *parent_tid, uint32_t *child_tid, void *tls);
__asm__(".pushsection .text\n"
        ".type sys_clone_call,@function\n"
        ".hidden sys_clone_call\n"
        ".globl sys_clone_call\n"
        "sys_clone_call:\n"
        "\t.cfi_startproc\n"
        "\tmov %rcx, %r10\n" /* child_tid */
        "\tmov $56, %eax\n"  /* SYS_clone */
        "\tsyscall\n"
        "\ttest %rax, %rax\n"
        "\tjz 1f\n"
        "\tret\n"
        "1:\t.cfi_undefined rip\n" /* nothing called the thread: an unwinder ends here */
        "\txor %ebp, %ebp\n"
        "\tpop %rax\n" /* run */
        "\tpop %rdi\n" /* argument */
        "\tcall *%rax\n"
        "\tmov $60, %eax\n" /* SYS_exit: this thread only */
        "\txor %edi, %edi\n"
        "\tsyscall\n"
        "\thlt\n"
        "\t.cfi_endproc\n"
        ".size sys_clone_call,.-sys_clone_call\n"
        ".popsection\n");

enum { TCB_BYTES = 4096, TCB_AT = 2048, TCB_COPY_BYTES = 64 };

static _Alignas(CACHE_LINE) char thread_tls[TCB_BYTES];

/* Such threads' %fs block: self pointers, and glibc's stack and pointer guards, in case a string function was
 * built to look at them. Everything else reads as zero. */
static void *thread_tcb(void)
{
    char *tcb = thread_tls + TCB_AT;
    const uint64_t *caller;
    uint64_t *own = (uint64_t *)tcb;
    __asm__("movq %%fs:0, %0" : "=r"(caller));
    for (unsigned i = 0; i < TCB_COPY_BYTES / sizeof(uint64_t); i++)
        own[i] = caller[i];
    own[0] = own[2] = (uint64_t)tcb; /* tcbhead_t: tcb, self */
    own[1] = 0;                      /* dtv */
    return tcb;
}

/* What sys_clone_call finds on its stack. */
static void **stack_of_call(char *stack_end, void (*run)(void *), void *argument)
{
    void **top = (void **)(stack_end - 64);
    top[0] = (void *)run;
    top[1] = argument;
    return top;
}

long sys_thread_start(void (*run)(void *), void *argument, uint32_t *tid, char *stack_end,
                      enum sys_descriptors descriptors)
{
    const unsigned long files = descriptors == SYS_SHARED_DESCRIPTORS ? CLONE_FILES : 0;
    uint64_t all = ~0ull;
    uint64_t before = 0;
    void **stack = stack_of_call(stack_end, run, argument);
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, 8);
    long id = sys_clone_call(files | CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
                             stack, tid, tid, thread_tcb());
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
    return id;
}

static void wait_until_dropped(uint32_t pid, uint32_t id)
{
    while (sys3(SYS_tgkill, pid, id, 0) != -ESRCH)
        sys0(SYS_sched_yield);
}

/* The kernel clears *tid first and drops the thread a moment later: unshare looks at that moment. */
void sys_thread_wait(uint32_t pid, uint32_t id, uint32_t *tid)
{
    enum { TIMEOUT_NS = 1000000 };
    uint32_t seen;
    while ((seen = __atomic_load_n(tid, __ATOMIC_ACQUIRE)) != 0)
        sys_futex_wait(tid, seen, TIMEOUT_NS);
    wait_until_dropped(pid, id);
}

static SPARSE _Alignas(PAGE_BYTES) char child_stack[64 * 1024];

/* The caller goes on when the kernel has taken the thread's memory away (CLONE_VFORK), a moment before it drops it. */
long sys_call_in_child(void (*run)(void *), void *argument)
{
    uint64_t all = ~0ull;
    uint64_t before = 0;
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, 8);
    long id = sys_clone_call(CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_VFORK,
                             stack_of_call(child_stack + sizeof child_stack, run, argument), NULL, NULL, NULL);
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
    if (id > 0)
        wait_until_dropped((uint32_t)sys0(SYS_getpid), (uint32_t)id);
    return id < 0 ? id : 0;
}
