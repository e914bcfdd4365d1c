/* The one list of the functions that we wrap. The table of the next ones in line (real.h), the symbol map, and the
 * test that none is missing are all made from it.
 *
 *   X(result, name, parameters) */
#ifndef TM_FUNCTIONS_H
#define TM_FUNCTIONS_H

/* The allocator of the C library. */
#define FUNCTIONS_C(X)                                    \
    X(void *, malloc, (size_t))                           \
    X(void *, calloc, (size_t, size_t))                   \
    X(void *, realloc, (void *, size_t))                  \
    X(void *, reallocarray, (void *, size_t, size_t))     \
    X(void, free, (void *))                               \
    X(void, cfree, (void *))                              \
    X(void *, memalign, (size_t, size_t))                 \
    X(void *, aligned_alloc, (size_t, size_t))            \
    X(int, posix_memalign, (void **, size_t, size_t))     \
    X(void *, valloc, (size_t))                           \
    X(void *, pvalloc, (size_t))                          \
    X(size_t, malloc_usable_size, (void *))               \
    X(void, free_sized, (void *, size_t))                 \
    X(void, free_aligned_sized, (void *, size_t, size_t)) \
    X(char *, strdup, (const char *))                     \
    X(char *, strndup, (const char *, size_t))

/* operator new and delete, by their mangled names: m size_t, a array, RKSt9nothrow_t const std::nothrow_t &,
 * St11align_val_t std::align_val_t. */
#define FUNCTIONS_NEW(X)                                                          \
    X(void *, _Znwm, (size_t))                                                    \
    X(void *, _ZnwmRKSt9nothrow_t, (size_t, const void *))                        \
    X(void *, _ZnwmSt11align_val_t, (size_t, size_t))                             \
    X(void *, _ZnwmSt11align_val_tRKSt9nothrow_t, (size_t, size_t, const void *)) \
    X(void *, _Znam, (size_t))                                                    \
    X(void *, _ZnamRKSt9nothrow_t, (size_t, const void *))                        \
    X(void *, _ZnamSt11align_val_t, (size_t, size_t))                             \
    X(void *, _ZnamSt11align_val_tRKSt9nothrow_t, (size_t, size_t, const void *))

#define FUNCTIONS_DELETE(X)                                                      \
    X(void, _ZdlPv, (void *))                                                    \
    X(void, _ZdlPvm, (void *, size_t))                                           \
    X(void, _ZdlPvRKSt9nothrow_t, (void *, const void *))                        \
    X(void, _ZdlPvSt11align_val_t, (void *, size_t))                             \
    X(void, _ZdlPvmSt11align_val_t, (void *, size_t, size_t))                    \
    X(void, _ZdlPvSt11align_val_tRKSt9nothrow_t, (void *, size_t, const void *)) \
    X(void, _ZdaPv, (void *))                                                    \
    X(void, _ZdaPvm, (void *, size_t))                                           \
    X(void, _ZdaPvRKSt9nothrow_t, (void *, const void *))                        \
    X(void, _ZdaPvSt11align_val_t, (void *, size_t))                             \
    X(void, _ZdaPvmSt11align_val_t, (void *, size_t, size_t))                    \
    X(void, _ZdaPvSt11align_val_tRKSt9nothrow_t, (void *, size_t, const void *))

/* Calls that ask for a process of a single thread, or change one thread where they mean all: the reporter
 * is parked for them (observed.c). */
#define FUNCTIONS_PARKED(X)                    \
    X(int, unshare, (int))                     \
    X(int, setns, (int, int))                  \
    X(int, setuid, (uid_t))                    \
    X(int, setgid, (gid_t))                    \
    X(int, seteuid, (uid_t))                   \
    X(int, setegid, (gid_t))                   \
    X(int, setreuid, (uid_t, uid_t))           \
    X(int, setregid, (gid_t, gid_t))           \
    X(int, setresuid, (uid_t, uid_t, uid_t))   \
    X(int, setresgid, (gid_t, gid_t, gid_t))   \
    X(int, setfsuid, (uid_t))                  \
    X(int, setfsgid, (gid_t))                  \
    X(int, setgroups, (size_t, const gid_t *)) \
    X(int, initgroups, (const char *, gid_t))  \
    X(int, capset, (void *, const void *))     \
    X(int, chroot, (const char *))             \
    X(int, prctl, (int, ...))                  \
    X(long, syscall, (long, ...))

/* Calls that we only listen to: a block's way into a library with an allocator of its own, the end of stderr, a
 * thread's name, the end of memory that may have been a stack, the end of the process. */
#define FUNCTIONS_OBSERVED(X)                                \
    X(void *, dlopen, (const char *, int))                   \
    X(int, dlclose, (void *))                                \
    X(int, fclose, (FILE *))                                 \
    X(int, __cxa_atexit, (void (*)(void *), void *, void *)) \
    X(int, pthread_setname_np, (pthread_t, const char *))    \
    X(int, munmap, (void *, size_t))                         \
    X(void, _exit, (int))                                    \
    X(void, _Exit, (int))

#define FUNCTIONS(X)    \
    FUNCTIONS_C(X)      \
    FUNCTIONS_NEW(X)    \
    FUNCTIONS_DELETE(X) \
    FUNCTIONS_PARKED(X) \
    FUNCTIONS_OBSERVED(X)

#endif
