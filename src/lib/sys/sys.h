/* The one seam to the kernel: raw system calls.
 *
 * They touch no errno and no thread-local storage (the reporter thread has none), are no cancellation points,
 * and cannot be interposed by a library preloaded beside us. Each returns what the kernel returns: a value, or
 * -errno. */
#ifndef TM_SYS_H
#define TM_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "base.h"

#if !defined(__x86_64__)
#error "trackmalloc knows x86-64 only: add this machine's system call and clone here"
#endif

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define SYS_ARGUMENT(value) ((long)(value))
#define sys0(n)             sys_call6(n, 0, 0, 0, 0, 0, 0)
#define sys1(n, a)          sys_call6(n, SYS_ARGUMENT(a), 0, 0, 0, 0, 0)
#define sys2(n, a, b)       sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), 0, 0, 0, 0)
#define sys3(n, a, b, c)    sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), 0, 0, 0)
#define sys4(n, a, b, c, d) sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), 0, 0)
#define sys5(n, a, b, c, d, e) \
    sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), SYS_ARGUMENT(e), 0)
#define sys6(n, a, b, c, d, e, f) \
    sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), SYS_ARGUMENT(e), SYS_ARGUMENT(f))

/* What the process may be killed for by a seccomp filter, which has not foreseen it. */
enum sys_calls {
    SYS_ANY,    /* nothing that we know of */
    SYS_MEMORY, /* a filter was there before us: only what malloc itself needs is called */
    SYS_NONE    /* the program has installed one: none of ours is, and sys_memory has none to give */
};
SHARED enum sys_calls sys_calls;

/* Zeroed private memory that is never backed by huge pages (a slab is sparse); NULL where the kernel refuses. */
void *sys_memory(size_t bytes);
/* Advice on our own memory, where it may be given. */
void sys_advise(const void *memory, size_t bytes, int advice);

/* How much address space the process may have (RLIMIT_AS) at this moment. Where a seccomp filter is, nobody is asked.
 */
#define SYS_UNLIMITED UINT64_MAX
uint64_t sys_address_limit(void);

/* Waits while *word == value, at most timeout_ns (0: without end). Wakes at most `count` waiters. */
void sys_futex_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns);
void sys_futex_wake(uint32_t *word, int count);

/* Nanoseconds since some fixed moment, by the kernel's last clock interrupt (1 to 10 ms coarse). Monotonic. By the C
 * library's own function, which asks the vDSO (a preloaded libfaketime has no say in it): sys_clock_use it first. */
uint64_t sys_clock_ns(void);
int64_t sys_wall_seconds(void); /* since 1970, UTC */
void sys_clock_use(void *clock_gettime);

/* Whether a seccomp filter was there before us, which may kill for calls that few programs make. */
bool sys_filtered(void);

/* Whether 8 bytes can be read at the address: asked of the kernel, which answers EFAULT instead of a signal. Once
 * sys_calls forbids it nobody can be asked, and it is taken for granted: who guesses at addresses must not guess then.
 */
int sys_readable(const void *address);

/* Starts `run(argument)` as a thread of this process that glibc does not know: it has no thread-local storage
 * but a block of zeros, so it may call nothing of libc but memory and string functions. All signals are blocked
 * in it. *tid holds its id until the kernel has ended it (then 0, futex-woken). Returns its id, or -errno.
 * The stack, whose end is given, is free again when the kernel has dropped the thread (sys_thread_wait).
 * A thread made by pthread_create would end glibc's single-threaded mode for good, and would keep the process
 * alive when main has left by pthread_exit. */
enum sys_descriptors { SYS_SHARED_DESCRIPTORS, SYS_COPIED_DESCRIPTORS };
long sys_thread_start(void (*run)(void *), void *argument, uint32_t *tid, char *stack_end,
                      enum sys_descriptors descriptors);
/* Waits until there is no such thread any more. */
void sys_thread_wait(uint32_t pid, uint32_t id, uint32_t *tid);

/* Calls run(argument) in the caller's place, but with descriptors of its own: what it opens and closes, the program
 * does not see. It is a thread with the caller's thread-local storage, on a stack of its own of 64 KiB, and all signals
 * are blocked in it; the caller waits until the kernel has dropped it. One caller at a time. Returns 0, or -errno: it
 * was not called. */
long sys_call_in_child(void (*run)(void *), void *argument);

#endif
