/* An allocator of its own as jemalloc is one: a lock that is not recursive, and the first call, however early it
 * comes, sets it up under that lock, with calls into the C library. Which of them: UNDER_LOCK in the environment
 * names one; without it all are made.
 *
 * Whoever allocates from inside those calls would wait for ever; here that is seen, said, and ends the process. */
#ifndef TM_TEST_LOCKED_MALLOC_H
#define TM_TEST_LOCKED_MALLOC_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOCKED_CLASSES = 40, LOCKED_CHUNK = 1 << 20, LOCKED_BAD = 70 };

struct locked_head {
    struct locked_head *next; /* of the free ones */
    uint32_t class;           /* the block has 1 << class bytes, this head included */
    uint32_t mark;
};
_Static_assert(sizeof(struct locked_head) == 16, "blocks stay aligned");

static const uint32_t locked_mark = 0x10c4ed00;
static struct locked_head *locked_free[LOCKED_CLASSES];
static char *locked_at, *locked_end;
static int locked_owner; /* a task, 0: nobody */
static bool locked_is_up;
static unsigned locked_calls; /* that set it up and went well */
static pthread_key_t locked_key;

/* By no function of the C library's: it is asked before there may be any. */
static long locked_raw(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static _Noreturn void locked_die(const char *text)
{
    locked_raw(SYS_write, 2, (long)text, (long)strlen(text));
    for (;;)
        locked_raw(SYS_exit_group, LOCKED_BAD, 0, 0);
}

static void locked_lock(void)
{
    int self = (int)locked_raw(SYS_gettid, 0, 0, 0), owner = 0;
    while (!__atomic_compare_exchange_n(&locked_owner, &owner, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (owner == self)
            locked_die("locked malloc: called again under its own lock\n");
        owner = 0;
        locked_raw(SYS_sched_yield, 0, 0, 0);
    }
}

static void locked_unlock(void)
{
    __atomic_store_n(&locked_owner, 0, __ATOMIC_RELEASE);
}

/* ---- setting up ---- */

static void *locked_map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void locked_bye(void)
{
}

static void locked_bye_too(void *argument)
{
    (void)argument;
}

extern int __cxa_atexit(void (*)(void *), void *, void *);

static bool locked_munmap(void)
{
    void *memory = locked_map(8192);
    return memory != NULL && munmap(memory, 8192) == 0;
}

static bool locked_prctl(void)
{
    return prctl(PR_GET_DUMPABLE) >= 0;
}

static bool locked_syscall(void)
{
    return syscall(SYS_getpid) > 0;
}

static bool locked_atexit(void)
{
    return atexit(locked_bye) == 0;
}

static bool locked_cxa_atexit(void)
{
    return __cxa_atexit(locked_bye_too, &locked_calls, NULL) == 0;
}

static bool locked_key_create(void)
{
    return pthread_key_create(&locked_key, NULL) == 0;
}

static bool locked_dlsym(void)
{
    return dlsym(RTLD_DEFAULT, "getpid") != NULL;
}

static bool locked_sysconf(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN) > 0;
}

static bool locked_open(void)
{
    char text[64];
    int file = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    ssize_t got = file >= 0 ? read(file, text, sizeof text) : -1;
    return file >= 0 && close(file) == 0 && got > 0;
}

static bool locked_setname(void)
{
    return prctl(PR_SET_VMA, 0, 0, 0, 0) <= 0; /* what kernels without it refuse is no failure */
}

static bool locked_unshare(void)
{
    return syscall(SYS_unshare, 0) == 0;
}

static const struct {
    const char *name;
    bool (*call)(void);
} locked_all[] = {
    {"munmap", locked_munmap},   {"prctl", locked_prctl},           {"syscall", locked_syscall},
    {"atexit", locked_atexit},   {"cxa_atexit", locked_cxa_atexit}, {"key", locked_key_create},
    {"dlsym", locked_dlsym},     {"sysconf", locked_sysconf},       {"open", locked_open},
    {"setname", locked_setname}, {"unshare", locked_unshare},
};

/* UNDER_LOCK's value; "": not set. getenv may know nothing yet. */
static void locked_wish(char *wish, size_t capacity)
{
    static char text[1 << 16];
    static const char name[] = "UNDER_LOCK=";
    long file = locked_raw(SYS_open, (long)"/proc/self/environ", O_RDONLY, 0), got, length = 0;
    while (file >= 0 && (got = locked_raw(SYS_read, file, (long)text + length, (long)sizeof text - 1 - length)) > 0)
        length += got;
    if (file >= 0)
        locked_raw(SYS_close, file, 0, 0);
    wish[0] = 0;
    for (const char *entry = text; entry < text + length; entry += strlen(entry) + 1)
        if (strncmp(entry, name, sizeof name - 1) == 0)
            strncpy(wish, entry + sizeof name - 1, capacity - 1);
}

static void locked_set_up(void)
{
    char wish[32] = {0};
    int error = errno;
    locked_wish(wish, sizeof wish);
    for (unsigned i = 0; i < sizeof locked_all / sizeof locked_all[0]; i++)
        if (wish[0] == 0 || strcmp(wish, locked_all[i].name) == 0)
            locked_calls += locked_all[i].call();
    errno = error;
    locked_is_up = true;
}

/* ---- blocks ---- */

static struct locked_head *locked_head(void *block)
{
    struct locked_head *head = (struct locked_head *)block - 1;
    if (head->mark != locked_mark)
        locked_die("locked malloc: a block that is none\n");
    return head;
}

/* Room of 1 << class bytes, from the chunk at hand; the rest of the last one is lost. */
static struct locked_head *locked_cut(uint32_t class)
{
    size_t bytes = (size_t)1 << class;
    if ((size_t)(locked_end - locked_at) < bytes) {
        size_t chunk = bytes > LOCKED_CHUNK ? bytes : LOCKED_CHUNK;
        char *memory = locked_map(chunk);
        if (memory == NULL)
            return NULL;
        locked_at = memory;
        locked_end = memory + chunk;
    }
    struct locked_head *head = (struct locked_head *)(void *)locked_at;
    locked_at += bytes;
    return head;
}

static void *locked_take(size_t size)
{
    uint32_t class = 5;
    if (size > PTRDIFF_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    while (((size_t)1 << class) < size + sizeof(struct locked_head))
        class ++;
    locked_lock();
    if (!locked_is_up)
        locked_set_up();
    struct locked_head *head = locked_free[class];
    if (head != NULL)
        locked_free[class] = head->next;
    else
        head = locked_cut(class);
    if (head != NULL)
        *head = (struct locked_head){NULL, class, locked_mark};
    locked_unlock();
    if (head == NULL)
        errno = ENOMEM;
    return head != NULL ? head + 1 : NULL;
}

static void locked_give(void *block)
{
    if (block == NULL)
        return;
    struct locked_head *head = locked_head(block);
    locked_lock();
    head->next = locked_free[head->class];
    locked_free[head->class] = head;
    locked_unlock();
}

static size_t locked_room(void *block)
{
    return block != NULL ? ((size_t)1 << locked_head(block)->class) - sizeof(struct locked_head) : 0;
}

/* Aligned blocks are never given back: their head stands right before them, and belongs to class 0. */
static void *locked_take_aligned(size_t alignment, size_t size)
{
    if (alignment <= sizeof(struct locked_head))
        return locked_take(size);
    char *block = locked_take(size + alignment + sizeof(struct locked_head));
    if (block == NULL)
        return NULL;
    size_t room = locked_room(block);
    char *aligned = (char *)(((uintptr_t)block + sizeof(struct locked_head) + alignment - 1) & -alignment);
    uint32_t class = 5;
    while (((size_t)2 << class) - sizeof(struct locked_head) <= room - (size_t)(aligned - block))
        class ++;
    ((struct locked_head *)(void *)aligned)[-1] = (struct locked_head){NULL, class, locked_mark};
    return aligned;
}

/* ---- what everybody finds ---- */

void *malloc(size_t size)
{
    return locked_take(size);
}

void free(void *block)
{
    locked_give(block);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : locked_take(bytes);
    return block != NULL ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *block, size_t size)
{
    size_t room = locked_room(block);
    if (block != NULL && size <= room)
        return block;
    void *larger = locked_take(size);
    if (larger == NULL || block == NULL)
        return larger;
    memcpy(larger, block, room);
    locked_give(block);
    return larger;
}

void *memalign(size_t alignment, size_t size)
{
    return locked_take_aligned(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return locked_take_aligned(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *made = locked_take_aligned(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *block = made;
    return 0;
}

void *valloc(size_t size)
{
    return locked_take_aligned(4096, size);
}

void *pvalloc(size_t size)
{
    return locked_take_aligned(4096, (size + 4095) & ~(size_t)4095);
}

size_t malloc_usable_size(void *block)
{
    return locked_room(block);
}

#endif
