/* Calls that we listen to, none of which is an allocation. Each does what it always did.
 *
 * The reporter is parked before a call that wants a process of a single thread, or that changes one thread where
 * the program means all: glibc's setuid, say, tells every thread that it knows of, and ours it does not know. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "lib/config/log.h"
#include "lib/config/note.h"
#include "lib/config/state.h"
#include "lib/next/lookup.h"
#include "lib/next/real.h"
#include "lib/report/output.h"
#include "lib/report/reporter.h"
#include "lib/stack/unwind.h"
#include "lib/sys/sys.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"
#include "lib/thread/trace.h"
#include "lifecycle.h"

#include <dlfcn.h>
#include <link.h>

/* Whether it was, and must be unparked afterwards. */
static bool park_reporter(void)
{
    if (!state_tracks())
        return false;
    lifecycle_init_child();
    if (log_is_sandboxed() || !state_is_own_process())
        return false;
    reporter_park();
    return true;
}

static void unpark_reporter(bool parked)
{
    if (parked)
        reporter_unpark();
}

/* The C library has no such function. */
static int is_missing(void)
{
    errno = ENOSYS;
    return -1;
}

/* Parks the reporter for the call; `before` is done when nobody else runs. */
#define PARKED_AFTER(before, result, name, parameters, arguments) \
    PUBLIC result name parameters                                 \
    {                                                             \
        result(*next) parameters = REAL_NEXT(name);               \
        if (UNLIKELY(next == NULL))                               \
            return is_missing();                                  \
        bool parked = park_reporter();                            \
        before;                                                   \
        result outcome = next arguments;                          \
        unpark_reporter(parked);                                  \
        return outcome;                                           \
    }
#define PARKED(result, name, parameters, arguments) PARKED_AFTER((void)0, result, name, parameters, arguments)

/* The process gives up being root's: its report file goes along. (seteuid is taken back most often.) */
static void becomes(uid_t user)
{
    if (state_tracks() && !log_is_sandboxed() && user != 0 && user != (uid_t)-1 && sys0(SYS_geteuid) == 0)
        output_hand_over(user);
}

PARKED(int, unshare, (int flags), (flags))
PARKED(int, setns, (int descriptor, int type), (descriptor, type))
PARKED_AFTER(becomes(uid), int, setuid, (uid_t uid), (uid))
PARKED(int, setgid, (gid_t gid), (gid))
PARKED(int, seteuid, (uid_t effective), (effective))
PARKED(int, setegid, (gid_t effective), (effective))
PARKED_AFTER(becomes(effective), int, setreuid, (uid_t actual, uid_t effective), (actual, effective))
PARKED(int, setregid, (gid_t actual, gid_t effective), (actual, effective))
PARKED_AFTER(becomes(effective), int, setresuid, (uid_t actual, uid_t effective, uid_t saved),
             (actual, effective, saved))
PARKED(int, setresgid, (gid_t actual, gid_t effective, gid_t saved), (actual, effective, saved))
PARKED(int, setfsuid, (uid_t uid), (uid))
PARKED(int, setfsgid, (gid_t gid), (gid))
PARKED(int, setgroups, (size_t count, const gid_t *groups), (count, groups))
PARKED(int, initgroups, (const char *user, gid_t group), (user, group))
PARKED(int, capset, (void *header, const void *data), (header, data))
PARKED(int, chroot, (const char *path), (path))

/* A sandbox may kill the process for any call that it has not foreseen: from then on we make none. The kernel's own
 * strict mode is known to allow write; a filter may allow what it likes. */
static enum log_sandbox sandbox_of(long mode)
{
    return mode == SECCOMP_MODE_STRICT ? SANDBOX_WRITES : SANDBOX_SILENT;
}

static bool prctl_needs_parking(long operation)
{
    switch (operation) {
    case PR_SET_SECCOMP:
    case PR_SET_SECUREBITS:
    case PR_SET_KEEPCAPS:
    case PR_SET_NO_NEW_PRIVS:
    case PR_CAPBSET_DROP:
    case PR_CAP_AMBIENT:
        return true;
    default:
        return false;
    }
}

static bool syscall_needs_parking(long number)
{
    switch (number) {
    case SYS_unshare:
    case SYS_setns:
    case SYS_setuid:
    case SYS_setgid:
    case SYS_setreuid:
    case SYS_setregid:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_setfsuid:
    case SYS_setfsgid:
    case SYS_setgroups:
    case SYS_capset:
    case SYS_chroot:
    case SYS_seccomp:
        return true;
    default:
        return false;
    }
}

/* What one of the two calls that can be anything asks for. */
struct wish {
    bool parked;
    enum log_sandbox sandbox;
    bool listens; /* where it succeeds, it returns a descriptor */
};

struct entered {
    struct wish wish;
    bool parked;
    enum log_sandbox before;
};

static struct entered enter(struct wish wish)
{
    struct entered entered = {.wish = wish, .parked = wish.parked && park_reporter()};
    if (!state_tracks())
        entered.wish.sandbox = SANDBOX_NONE;
    if (entered.wish.sandbox != SANDBOX_NONE)
        entered.before = log_sandboxed(wish.sandbox);
    return entered;
}

/* A filter that could not be installed for one thread of several (its number is returned) is none either. */
static long leave(const struct entered *entered, long result)
{
    bool failed = entered->wish.listens ? result < 0 : result != 0;
    if (entered->wish.sandbox != SANDBOX_NONE && failed)
        log_sandbox_failed(entered->before);
    unpark_reporter(entered->parked);
    return result;
}

static struct wish wish_of_prctl(long operation, long mode)
{
    bool sandbox = operation == PR_SET_SECCOMP;
    return (struct wish){prctl_needs_parking(operation), sandbox ? sandbox_of(mode) : SANDBOX_NONE, false};
}

static struct wish wish_of_syscall(long number, long a, long b)
{
    if (number == SYS_prctl)
        return wish_of_prctl(a, b);
    struct wish wish = {syscall_needs_parking(number), SANDBOX_NONE, false};
    wish.listens = number == SYS_seccomp && b & SECCOMP_FILTER_FLAG_NEW_LISTENER;
    if (number == SYS_seccomp && (a == SECCOMP_SET_MODE_FILTER || a == SECCOMP_SET_MODE_STRICT))
        wish.sandbox = a == SECCOMP_SET_MODE_STRICT ? SANDBOX_WRITES : SANDBOX_SILENT;
    return wish;
}

/* As the C library's function does it, where that cannot be asked yet. */
static long call_kernel(long number, long a, long b, long c, long d, long e, long f)
{
    long result = sys6(number, a, b, c, d, e, f);
    if (result >= 0 || result < -PAGE_BYTES + 1)
        return result;
    if (lookup_is_relocated())
        errno = (int)-result;
    return -1;
}

static void is_named(const char *name)
{
    if (state_tracks())
        thread_named((uintptr_t)pthread_self(), name);
}

PUBLIC int prctl(int operation, ...)
{
    va_list list;
    va_start(list, operation);
    long a = va_arg(list, long);
    long b = va_arg(list, long);
    long c = va_arg(list, long);
    long d = va_arg(list, long);
    va_end(list);
    struct entered entered = enter(wish_of_prctl(operation, a));
    int (*next)(int, ...) = REAL_NEXT(prctl);
    int result = next != NULL ? next(operation, a, b, c, d) : (int)call_kernel(SYS_prctl, operation, a, b, c, d, 0);
    if (operation == PR_SET_NAME && result == 0)
        is_named((const char *)a);
    return (int)leave(&entered, result);
}

static void hand_over_by_number(long number, long a, long b)
{
    if (number == SYS_setuid)
        becomes((uid_t)a);
    else if (number == SYS_setreuid || number == SYS_setresuid)
        becomes((uid_t)b);
}

PUBLIC long syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long);
    long b = va_arg(list, long);
    long c = va_arg(list, long);
    long d = va_arg(list, long);
    long e = va_arg(list, long);
    long f = va_arg(list, long);
    va_end(list);
    struct entered entered = enter(wish_of_syscall(number, a, b));
    hand_over_by_number(number, a, b);
    long (*next)(long, ...) = REAL_NEXT(syscall);
    long result = next != NULL ? next(number, a, b, c, d, e, f) : call_kernel(number, a, b, c, d, e, f);
    if (number == SYS_prctl && a == PR_SET_NAME && result == 0)
        is_named((const char *)b);
    return leave(&entered, result);
}

/* A library opened with RTLD_DEEPBIND finds glibc's free before ours, and dies of our blocks: the flag is dropped
 * (heaptrack 66a7ba4), and a note is taken. The tail call keeps the caller, by whose RUNPATH and $ORIGIN the loader
 * looks. */
PUBLIC void *dlopen(const char *file, int mode)
{
    void *(*next)(const char *, int) = REAL_NEXT(dlopen);
    if (UNLIKELY(next == NULL))
        return NULL;
    if (state_tracks() && mode & RTLD_DEEPBIND) {
        note_take(SNAPSHOT_NOTE_DEEPBIND, file);
        mode &= ~RTLD_DEEPBIND;
    }
    return next(file, mode);
}

/* A handle of glibc's is the object's own link_map; what cannot be read, or not be asked about, is none. */
static uintptr_t dynamic_section(const void *handle)
{
    const struct link_map *map = handle;
    return sys_calls == SYS_ANY && sys_readable(&map->l_ld) ? (uintptr_t)map->l_ld : 0;
}

/* Its call sites get their names while there are any, and what comes to the same place is another object. */
PUBLIC int dlclose(void *handle)
{
    int (*next)(void *) = REAL_NEXT(dlclose);
    if (UNLIKELY(next == NULL))
        return is_missing();
    if (!state_tracks())
        return next(handle);
    lifecycle_init_child();
    site_before_unload(dynamic_section(handle));
    int result = next(handle);
    site_after_unload();
    return result;
}

/* Nobody is on a stack that goes: but somebody may remember that he was. */
PUBLIC int munmap(void *memory, size_t bytes)
{
    if (state_is_slow(SLOW_TRACED))
        unwind_forget_stacks();
    int (*next)(void *, size_t) = REAL_NEXT(munmap);
    return next != NULL ? next(memory, bytes) : (int)call_kernel(SYS_munmap, (long)memory, (long)bytes, 0, 0, 0, 0);
}

/* gnulib's programs close stderr in an exit handler, before any destructor of ours. */
PUBLIC int fclose(FILE *stream)
{
    int (*next)(FILE *) = REAL_NEXT(fclose);
    if (UNLIKELY(next == NULL))
        return is_missing();
    if (stream == stderr)
        lifecycle_stderr_closes();
    return next(stream);
}

/* Only plain atexit handlers (no argument) are followed by one of ours: C++ destructors close no stderr. */
PUBLIC int __cxa_atexit(void (*handler)(void *), void *argument, void *object)
{
    int (*next)(void (*)(void *), void *, void *) = REAL_NEXT(__cxa_atexit);
    if (UNLIKELY(next == NULL))
        return is_missing();
    int result = next(handler, argument, object);
    if (argument == NULL && result == 0)
        lifecycle_exit_handler_added();
    return result;
}

/* Children end like this, whose segment would stay in memory. */
static _Noreturn void leave_process(void (*next)(int), int status)
{
    lifecycle_leaves();
    if (next != NULL)
        next(status);
    for (;;)
        call_kernel(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

PUBLIC void _exit(int status)
{
    void (*next)(int) = REAL_NEXT(_exit);
    leave_process(next, status);
}

PUBLIC void _Exit(int status)
{
    void (*next)(int) = REAL_NEXT(_Exit);
    leave_process(next, status);
}

PUBLIC int pthread_setname_np(pthread_t thread, const char *name)
{
    int (*next)(pthread_t, const char *) = REAL_NEXT(pthread_setname_np);
    int result = next != NULL ? next(thread, name) : ENOSYS;
    if (result == 0 && state_tracks())
        thread_named((uintptr_t)thread, name);
    return result;
}
