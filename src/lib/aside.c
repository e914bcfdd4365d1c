/* Calls that we listen to, none of which is an allocation. Each does what it always did.
 *
 * The reporter steps aside before a call that wants a process of a single thread, or that changes one thread where
 * the program means all: glibc's setuid, say, tells every thread that it knows of, and ours it does not know. */
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "lifecycle.h"
#include "log.h"
#include "real.h"
#include "reporter.h"
#include "site.h"
#include "sys.h"
#include "thread.h"
#include "trace.h"
#include "unwind.h"

#include <dlfcn.h>
#include <link.h>

static void step_aside(void)
{
    if (!lifecycle_up() || !lifecycle_tracks())
        return;
    lifecycle_settle_child();
    if (lifecycle_at_home())
        reporter_step_aside();
}

/* Steps aside, then makes the call. */
#define ASIDE(result, name, parameters, arguments) \
    PUBLIC result name parameters                  \
    {                                              \
        step_aside();                              \
        return real.name arguments;                \
    }

ASIDE(int, unshare, (int flags), (flags))
ASIDE(int, setns, (int descriptor, int type), (descriptor, type))
ASIDE(int, setuid, (uid_t uid), (uid))
ASIDE(int, setgid, (gid_t gid), (gid))
ASIDE(int, seteuid, (uid_t effective), (effective))
ASIDE(int, setegid, (gid_t effective), (effective))
ASIDE(int, setreuid, (uid_t actual, uid_t effective), (actual, effective))
ASIDE(int, setregid, (gid_t actual, gid_t effective), (actual, effective))
ASIDE(int, setresuid, (uid_t actual, uid_t effective, uid_t saved), (actual, effective, saved))
ASIDE(int, setresgid, (gid_t actual, gid_t effective, gid_t saved), (actual, effective, saved))
ASIDE(int, setfsuid, (uid_t uid), (uid))
ASIDE(int, setfsgid, (gid_t gid), (gid))
ASIDE(int, setgroups, (size_t count, const gid_t *groups), (count, groups))
ASIDE(int, initgroups, (const char *user, gid_t group), (user, group))
ASIDE(int, capset, (void *header, const void *data), (header, data))
ASIDE(int, chroot, (const char *path), (path))

/* A sandbox may kill the process for any call that it has not foreseen: from then on we make none. The kernel's own
 * strict mode is known to allow write; a filter may allow what it likes. */
static enum log_sandbox sandbox_of(long mode)
{
    return mode == SECCOMP_MODE_STRICT ? SANDBOX_WRITES : SANDBOX_SILENT;
}

static long entered_sandbox(long result, bool before)
{
    if (result < 0 && !before)
        log_sandboxed(SANDBOX_NONE);
    return result;
}

static bool prctl_wants_us_aside(long operation)
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

static bool syscall_wants_us_aside(long number)
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

static void before(bool aside, enum log_sandbox sandbox)
{
    if (aside)
        step_aside();
    if (lifecycle_up() && lifecycle_tracks() && sandbox != SANDBOX_NONE && !log_is_sandboxed())
        log_sandboxed(sandbox);
}

PUBLIC int prctl(int operation, ...)
{
    va_list list;
    va_start(list, operation);
    unsigned long a = va_arg(list, unsigned long);
    unsigned long b = va_arg(list, unsigned long);
    unsigned long c = va_arg(list, unsigned long);
    unsigned long d = va_arg(list, unsigned long);
    va_end(list);
    bool was_sandboxed = log_is_sandboxed();
    enum log_sandbox sandbox = operation == PR_SET_SECCOMP ? sandbox_of((long)a) : SANDBOX_NONE;
    before(prctl_wants_us_aside(operation), sandbox);
    int result = real.prctl(operation, a, b, c, d);
    if (operation == PR_SET_NAME && result == 0 && lifecycle_tracks())
        thread_named((uintptr_t)pthread_self(), (const char *)a);
    return sandbox != SANDBOX_NONE ? (int)entered_sandbox(result, was_sandboxed) : result;
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
    bool prctl_call = number == SYS_prctl;
    bool was_sandboxed = log_is_sandboxed();
    enum log_sandbox sandbox = SANDBOX_NONE;
    if (prctl_call && a == PR_SET_SECCOMP)
        sandbox = sandbox_of(b);
    else if (number == SYS_seccomp && (a == SECCOMP_SET_MODE_FILTER || a == SECCOMP_SET_MODE_STRICT))
        sandbox = a == SECCOMP_SET_MODE_STRICT ? SANDBOX_WRITES : SANDBOX_SILENT;
    before(syscall_wants_us_aside(number) || (prctl_call && prctl_wants_us_aside(a)), sandbox);
    long result = real.syscall(number, a, b, c, d, e, f);
    return sandbox != SANDBOX_NONE ? entered_sandbox(result, was_sandboxed) : result;
}

/* Not inlined: a local of its own in dlopen would keep clang from the tail call. */
static COLD void tell_deepbind(const char *file)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, "dlopen: ");
    log_text(&line, file != NULL ? file : "the program");
    log_text(&line, " is opened without RTLD_DEEPBIND, which would hide our free from it");
    log_say(&line);
}

/* A library opened with RTLD_DEEPBIND finds glibc's free before ours, and dies of our blocks: the flag is dropped
 * (heaptrack 66a7ba4). The tail call keeps the caller, by whose RUNPATH and $ORIGIN the loader looks. */
PUBLIC void *dlopen(const char *file, int mode)
{
    if (lifecycle_up() && lifecycle_tracks() && mode & RTLD_DEEPBIND) {
        tell_deepbind(file);
        mode &= ~RTLD_DEEPBIND;
    }
    return real.dlopen(file, mode);
}

/* A handle of glibc's is the object's own link_map; what cannot be read is none. */
static uintptr_t dynamic_section(const void *handle)
{
    const struct link_map *map = handle;
    return sys_readable(&map->l_ld) ? (uintptr_t)map->l_ld : 0;
}

/* Its call sites get their names while there are any, and what comes to the same place is another object. */
PUBLIC int dlclose(void *handle)
{
    if (!lifecycle_up() || !lifecycle_tracks())
        return real.dlclose(handle);
    lifecycle_settle_child();
    site_before_unload(dynamic_section(handle));
    int result = real.dlclose(handle);
    site_after_unload();
    return result;
}

/* Nobody is on a stack that goes: but somebody may remember that he was. */
PUBLIC int munmap(void *memory, size_t bytes)
{
    lifecycle_up();
    if (trace_is_on())
        unwind_forget_stacks();
    return real.munmap(memory, bytes);
}

/* gnulib's programs close stderr in an exit handler, before any destructor of ours. */
PUBLIC int fclose(FILE *stream)
{
    lifecycle_up();
    if (stream == stderr)
        lifecycle_stderr_closes();
    return real.fclose(stream);
}

/* Only plain atexit handlers (no argument) are followed by one of ours: C++ destructors close no stderr. */
PUBLIC int __cxa_atexit(void (*handler)(void *), void *argument, void *object)
{
    lifecycle_up();
    int result = real.__cxa_atexit(handler, argument, object);
    if (argument == NULL && result == 0)
        lifecycle_exit_handler_added();
    return result;
}

/* Children end like this, whose segment would stay in memory. */
PUBLIC void _exit(int status)
{
    lifecycle_up();
    lifecycle_leaves();
    real._exit(status);
    __builtin_unreachable();
}

PUBLIC void _Exit(int status)
{
    lifecycle_up();
    lifecycle_leaves();
    real._Exit(status);
    __builtin_unreachable();
}

PUBLIC int pthread_setname_np(pthread_t thread, const char *name)
{
    lifecycle_up();
    int result = real.pthread_setname_np(thread, name);
    if (result == 0 && lifecycle_tracks())
        thread_named((uintptr_t)thread, name);
    return result;
}
