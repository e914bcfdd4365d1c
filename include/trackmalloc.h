/* trackmalloc: the API between a program and the library that it was preloaded with.
 *
 * A program includes this header and links with nothing. Each source file that uses it looks the library up once, with
 * dlsym; then its calls go through a table. Without the library, and in a process that it does not track, every call
 * does nothing and has the result that is given below after "absent:". C11, C++11 and later.
 *
 * Every function may be called by any thread at any time, also in constructors and atexit handlers; none from a signal
 * handler, unless its comment says so. None changes errno, except those that allocate, as their plain counterparts do.
 * Misuse is reported once, in one line on stderr; the accounting stays right. */
#ifndef TRACKMALLOC_H
#define TRACKMALLOC_H

#include <stddef.h>
#include <stdint.h>

#ifdef TM_LIBRARY /* the library itself; or a program that links with it, and wants plain functions */
#define TM_CALL       extern
#define TM_CALL_BLOCK extern
#else
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#define TM_CALL       static inline
#define TM_CALL_BLOCK static inline __attribute__((always_inline)) /* its caller is the block's call site */
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define TRACKMALLOC_VERSION "0.1.0"

/* A tag: the component that a block belongs to. Its number stays the same for the life of the process. */
typedef uint32_t tm_tag;

enum {
    TM_UNTAGGED = 0,     /* no tag requested: rules decide, else the module whose code allocates */
    TM_NAME_MOST = 63,   /* bytes of a tag's name at most */
    TM_SCOPES_MOST = 64, /* nesting depth in one thread */
    TM_AGE_ROWS = 5,     /* < 1 s, < 10 s, < 100 s, < 1000 s, older */
    TM_SITE_NAME = 112   /* bytes of a call site's name at most, the closing zero included */
};

/* Results: TM_OK, or a number from 0 on with its own meaning, or one of the errors. */
enum tm_error {
    TM_OK = 0,
    TM_ABSENT = -1,     /* the library is not there, or does not track this process */
    TM_INVALID = -2,    /* an argument that can never be right: NULL, a bad name, a bad size of a struct */
    TM_UNKNOWN = -3,    /* no such tag, thread, call site or alarm */
    TM_FULL = -4,       /* a table of the library has no room */
    TM_FOREIGN = -5,    /* the pointer is no block that the library knows */
    TM_UNBALANCED = -6, /* more scopes or pauses ended than begun */
    TM_BUSY = -7,       /* called from a signal handler that interrupted the library */
    TM_UNWRITTEN = -8   /* the descriptor did not accept all of it */
};

/* ---- tags ---- */

/* Returns the tag of that name, and creates it if it is new: printable UTF-8, 1 to TM_NAME_MOST bytes. "db/cache" is a
 * part of "db". In reports, where a name is one word, a blank is shown as '?'.
 * Idempotent; it searches all names, so keep the result. A tag of the library's own, such as "libc.so.6", is found too.
 * Returns TM_UNTAGGED on failure; then *error, unless NULL, is TM_INVALID, TM_FULL (4,096 tags) or TM_BUSY; absent:
 * TM_ABSENT. On success *error is TM_OK. */
TM_CALL tm_tag tm_tag_register(const char *name, int *error);

/* The number of tags: they are numbered from 0 in the order of their first use. Absent: 0. */
TM_CALL tm_tag tm_tag_count(void);

/* A tag's name; it belongs to the library and stays valid for the life of the process. NULL: no such tag; absent:
 * NULL. */
TM_CALL const char *tm_tag_name(tm_tag tag);

/* ---- scopes ----
 *
 * What a thread allocates in a scope has the scope's tag, with precedence over all rules; free and realloc of existing
 * blocks change no tag. Each thread has its own scopes. Allowed in signal handlers that push and pop in balance. A push
 * and its pop cost about 3 ns; an allocation in a scope costs the same as any other. */

/* Begins a scope. TM_UNTAGGED: one without a tag. If the result is TM_UNKNOWN the scope has begun, without a tag; if it
 * is TM_FULL (deeper than TM_SCOPES_MOST) too, with the tag unchanged: so pops stay in balance. */
TM_CALL int tm_push(tm_tag tag);

/* Ends the innermost scope. TM_UNBALANCED: there is none. */
TM_CALL int tm_pop(void);

/* The number of scopes that the thread is in. Absent: 0. */
TM_CALL int tm_depth(void);

/* Ends all scopes deeper than `depth`, for example after a longjmp to where tm_depth was called. TM_UNBALANCED: there
 * are fewer scopes; nothing changes. */
TM_CALL int tm_restore(int depth);

/* Begins a scope as tm_push does, and returns the depth before it: tm_restore with that depth ends it. */
TM_CALL int tm_enter(tm_tag tag);

/* The tag of the thread's innermost scope; outside of all scopes, the tag by its name. Absent: TM_UNTAGGED. */
TM_CALL tm_tag tm_current(void);

/* ---- blocks ---- */

/* malloc and its like, for that tag whatever the scope; the result goes to free and realloc like any other block.
 * TM_UNTAGGED, or no such tag: as in the current scope. Absent: the plain function. */
TM_CALL_BLOCK void *tm_malloc(tm_tag tag, size_t size);
TM_CALL_BLOCK void *tm_calloc(tm_tag tag, size_t count, size_t size);
TM_CALL_BLOCK void *tm_aligned_alloc(tm_tag tag, size_t alignment, size_t size);
TM_CALL_BLOCK char *tm_strdup(tm_tag tag, const char *string);
/* realloc; the block it returns has that tag, whatever tag it had. TM_UNTAGGED: the block keeps its tag. */
TM_CALL_BLOCK void *tm_realloc(tm_tag tag, void *block, size_t size);

/* Moves a live block to another tag; its age stays. It counts as if that tag had allocated it. TM_UNTAGGED: back to
 * the tag of its call site. TM_INVALID: NULL; TM_FOREIGN, TM_UNKNOWN; TM_FULL: there is no room for one more pair of
 * call site and tag. No other thread may free, resize or retag the block meanwhile. */
TM_CALL int tm_retag(void *block, tm_tag tag);

/* The allocation family of a block, which determines how it must be freed. */
enum tm_made { TM_MADE_MALLOC, TM_MADE_NEW, TM_MADE_NEW_ARRAY };

struct tm_block_info {
    size_t struct_size; /* sizeof, set by the caller: see tm_tag_stats */
    tm_tag tag;
    uint32_t made;         /* enum tm_made */
    uint64_t size;         /* bytes, as requested */
    uint64_t age_ms;       /* off by 250 at most */
    const void *call_site; /* the return address of the call; NULL: not known */
    uint32_t site;         /* for tm_site_name; 0: not known */
    uint32_t counted;      /* 0: allocated while counting was paused */
};

/* What is known of a live block. Takes 0.2 us, because the kernel is asked whether the memory can be read. TM_FOREIGN:
 * not allocated through the library, or not a block's start, or freed, or not mapped; so the pointer may have any value
 * (not in a process that has called seccomp, where the kernel cannot be asked). No other thread may free the block
 * meanwhile. TM_INVALID: NULL, or a bad struct_size. */
TM_CALL int tm_ask(const void *block, struct tm_block_info *info);

/* Writes module!function+0x12 like snprintf, and returns its length. Takes up to a millisecond for a site's first time.
 * TM_UNKNOWN: no such site. */
TM_CALL int tm_site_name(uint32_t site, char *name, size_t capacity);

/* ---- figures ---- */

/* As in the report (doc/report.md): bytes are those that the program requested. Exact to the byte while no thread
 * allocates. */
struct tm_counts {
    uint64_t live_blocks;
    uint64_t live_bytes;
    uint64_t allocated_blocks; /* since start */
    uint64_t allocated_bytes;
    uint64_t freed_blocks;
    uint64_t freed_bytes;
};

struct tm_tag_info {
    size_t struct_size;
    struct tm_counts counts;
    uint64_t peak_bytes;
    uint64_t resizes;
    uint64_t failures;
    uint64_t age_blocks[TM_AGE_ROWS]; /* live blocks, by age */
    uint64_t age_bytes[TM_AGE_ROWS];
    uint64_t lifetime_blocks[TM_AGE_ROWS]; /* freed blocks, by the age that they reached */
};

struct tm_thread_info {
    size_t struct_size;
    struct tm_counts counts; /* what the thread itself allocated and freed: live may be negative, as int64_t */
    int32_t tid;
    int32_t depth; /* of its scopes */
    tm_tag current;
    uint32_t reserved;
    char name[16];
};

struct tm_process_info {
    size_t struct_size;
    struct tm_counts counts;
    uint64_t peak_bytes;
    uint64_t resizes;
    uint64_t failures;
    uint64_t age_blocks[TM_AGE_ROWS];
    uint64_t age_bytes[TM_AGE_ROWS];
    uint64_t lifetime_blocks[TM_AGE_ROWS];
    uint64_t uptime_ms;
    uint64_t foreign_frees; /* passed on to the next allocator: not allocated through the library */
    uint64_t wild_frees;    /* freed twice, or not a block's start */
    uint64_t mismatches;    /* freed by another family's function than allocated */
    uint64_t own_bytes;     /* the library's own memory, at most */
    uint32_t threads;       /* that have counters, now */
    uint32_t threads_past;
    uint32_t tags;
    uint32_t call_sites;
};

enum { TM_TREE = 1 }; /* with all tags below it: of "db", "db/cache" too. The peak is then the highest of theirs */

/* Each fills in a struct whose struct_size the caller has set to its sizeof. A program built with a header older or
 * newer than the library gets the fields that both know; the rest of a larger struct is zeroed, and struct_size is set
 * to the size that is filled. They sum over all threads, which takes some microseconds, more with many call sites and
 * threads. TM_UNKNOWN: no such tag or thread; TM_INVALID: NULL, a struct_size smaller than itself, or unknown flags;
 * TM_BUSY. */
TM_CALL int tm_tag_stats(tm_tag tag, unsigned flags, struct tm_tag_info *info);
TM_CALL int tm_thread_stats(int tid, struct tm_thread_info *info); /* a live thread of this process; 0: the caller */
TM_CALL int tm_process_stats(struct tm_process_info *info);

/* ---- control ---- */

/* Writes a report (kind `request`) to an open descriptor, now, from this thread. It blocks for at most 0.2 s if the
 * descriptor is a pipe that nobody reads. TM_UNWRITTEN: not written completely; TM_INVALID: a negative descriptor;
 * TM_BUSY. */
TM_CALL int tm_report(int descriptor);

/* The same into memory, like snprintf: what fits, with a closing zero unless capacity is 0. Returns the length of the
 * whole report. TM_INVALID: NULL with a capacity that is not 0. */
TM_CALL long tm_report_buffer(char *text, size_t capacity);

/* Blocks allocated from now on, by any thread, are not counted, until tm_resume has been called as often. A counted
 * block is subtracted when it is freed, also in a pause; one allocated in a pause is never counted. */
TM_CALL int tm_pause(void);
TM_CALL int tm_resume(void); /* TM_UNBALANCED: nothing is paused */

/* Peaks and growth start again from the current sizes; totals go on. */
TM_CALL int tm_baseline(void);

/* What can be switched on and off, one bit each: sections of reports, and kinds of alarms. The tables at the beginning
 * of every report (doc/report.md) are always there, and everything is counted whatever is reported. */
enum tm_feature {
    TM_FEATURE_DATE = 1,          /* the date in a report's first line */
    TM_FEATURE_THREADS = 2,       /* allocations by thread */
    TM_FEATURE_COUNTS = 4,        /* tag tree, lifetimes, call sites, growth, suspects */
    TM_FEATURE_CHANGES = 8,       /* alarms of levels and changes; switched on again, they start as if set now */
    TM_FEATURE_BLOCKS = 16,       /* alarms of single blocks */
    TM_FEATURE_MALLOC_INFO = 32,  /* glibc's malloc_info, in reports on request and at exit */
    TM_FEATURE_MALLOC_STATS = 64, /* the same for malloc_stats */
    TM_FEATURE_MALLINFO = 128,    /* the same for mallinfo2 */
    TM_FEATURE_VM = 256           /* the process's memory, and what it consists of */
};

/* Switches `on` on, then `off` off. Returns the features that are on now. The option `features` has the initial state.
 * TM_INVALID: an unknown bit, and nothing changes; TM_BUSY. A feature of glibc's that is not available stays off, which
 * is reported once. */
TM_CALL int tm_features(unsigned on, unsigned off);

/* ---- alarms ---- */

enum tm_alarm_what {
    TM_ALARM_LEVEL = 0,  /* so many bytes are live; once more when they are fewer than `until` again */
    TM_ALARM_CHANGE = 1, /* so many bytes more or fewer than at the last event, or than `within_ms` ago */
    TM_ALARM_BLOCK = 2 /* a single allocation of so many bytes or more; a realloc that passes a power of two as well */
};

enum tm_alarm_of { TM_OF_PROCESS = 0, TM_OF_TAG = 1, TM_OF_SITE = 2 };

enum { TM_ALARM_AT_ONCE = 1 };

/* What an alarm's callback gets. */
struct tm_alarm_event {
    size_t struct_size;
    int32_t alarm;     /* the result of tm_alarm_set */
    uint32_t over;     /* 1: a level alarm is resolved: the value is below `until` again */
    uint64_t value;    /* live bytes; of a block alarm, the largest block's size */
    int64_t change;    /* bytes since the last event, or within the time */
    uint64_t since_ms; /* since the last event */
    uint64_t blocks;   /* of a block alarm: how many since the last event */
    tm_tag tag;        /* of the alarm, or of the largest block; TM_UNTAGGED: an alarm of the process or a site */
    uint32_t site;     /* the same, for tm_site_name */
};

struct tm_alarm {
    size_t struct_size;
    uint32_t what;   /* enum tm_alarm_what */
    uint32_t of;     /* enum tm_alarm_of; 0 for block alarms */
    uint32_t number; /* the tag, or the site (tm_block_info) */
    uint32_t flags;  /* TM_ALARM_AT_ONCE: for block alarms, in the thread that allocates */
    uint64_t bytes;
    uint64_t until;                                               /* for a level; 0: as `bytes` */
    uint64_t within_ms;                                           /* for a change; 0: however long it takes */
    void (*call)(const struct tm_alarm_event *event, void *data); /* NULL: an alarm report is written */
    void *data;
};

/* Sets an alarm; returns its number, above 0. Values are checked every 250 ms: a peak in between may be missed.
 *
 * Callbacks are called in a thread of the library that is created for the first of them (its signals are blocked); they
 * may do whatever a thread may, allocate and set alarms too. With TM_ALARM_AT_ONCE they are called inside malloc
 * itself: they may allocate, which fires no alarm, but must take no lock that is held where the program allocates. A
 * forked child inherits the alarms that write reports; it must set the others again. Like any thread of the program
 * itself, the callback thread keeps a process alive whose main left by pthread_exit, and makes unshare and its like
 * fail.
 *
 * TM_INVALID: sizes of 0, `until` above `bytes`, a flag that does not apply; TM_UNKNOWN: no such tag or site; TM_FULL:
 * 64 alarms, or no thread could be created. */
TM_CALL int tm_alarm_set(const struct tm_alarm *alarm);

/* No further callback begins; one may still be running. TM_UNKNOWN: no such alarm. */
TM_CALL int tm_alarm_cancel(int alarm);

/* ---- the table ---- */

/* The functions that a program calls through. The table only grows, at its end. */
struct tm_functions {
    size_t size; /* of this struct, in the library */
    tm_tag (*tag_register)(const char *name, int *error);
    tm_tag (*tag_count)(void);
    const char *(*tag_name)(tm_tag tag);
    int (*push)(tm_tag tag);
    int (*pop)(void);
    int (*depth)(void);
    int (*restore)(int depth);
    int (*enter)(tm_tag tag);
    tm_tag (*current)(void);
    void *(*malloc_)(tm_tag tag, size_t size);
    void *(*calloc_)(tm_tag tag, size_t count, size_t size);
    void *(*aligned_alloc_)(tm_tag tag, size_t alignment, size_t size);
    char *(*strdup_)(tm_tag tag, const char *string);
    void *(*realloc_)(tm_tag tag, void *block, size_t size);
    int (*retag)(void *block, tm_tag tag);
    int (*ask)(const void *block, struct tm_block_info *info);
    int (*site_name)(uint32_t site, char *name, size_t capacity);
    int (*tag_stats)(tm_tag tag, unsigned flags, struct tm_tag_info *info);
    int (*thread_stats)(int tid, struct tm_thread_info *info);
    int (*process_stats)(struct tm_process_info *info);
    int (*report)(int descriptor);
    long (*report_buffer)(char *text, size_t capacity);
    int (*pause)(void);
    int (*resume)(void);
    int (*baseline)(void);
    int (*alarm_set)(const struct tm_alarm *alarm);
    int (*alarm_cancel)(int alarm);
    int (*features)(unsigned on, unsigned off);
};

#ifdef __cplusplus
}
#endif

#ifdef TM_LIBRARY

/* The only symbol of the library that a program looks up. NULL: the process is not tracked. */
#ifdef __cplusplus
extern "C"
#endif
    const struct tm_functions *
    tm_functions(void);

#else

/* ---- how a program calls ---- */

#ifdef __cplusplus
extern "C" {
#endif

/* NULL: absent. Looked up once in each source file; threads that do so at the same time get the same result. A library
 * older than this header counts as absent. */
static inline const struct tm_functions *tm_library(void)
{
    static const struct tm_functions *found;
    static int asked;
    const struct tm_functions *(*functions)(void);
    const struct tm_functions *table = __atomic_load_n(&found, __ATOMIC_RELAXED);
    void *symbol;
    if (__builtin_expect(table != NULL, 1))
        return table;
    if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) != 0)
        return __atomic_load_n(&found, __ATOMIC_RELAXED); /* another thread may have found it just now */
    symbol = dlsym(NULL, "tm_functions");
    if (symbol != NULL) {
        memcpy(&functions, &symbol, sizeof functions); /* ISO C has no cast from an object to a function pointer */
        table = functions();
        if (table != NULL && table->size < sizeof *table)
            table = NULL;
    }
    __atomic_store_n(&found, table, __ATOMIC_RELAXED);
    __atomic_store_n(&asked, 1, __ATOMIC_RELEASE);
    return table;
}

static inline tm_tag tm_tag_register(const char *name, int *error)
{
    const struct tm_functions *library = tm_library();
    if (library != NULL)
        return library->tag_register(name, error);
    if (error != NULL)
        *error = TM_ABSENT;
    return TM_UNTAGGED;
}

static inline tm_tag tm_tag_count(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->tag_count() : 0;
}

static inline const char *tm_tag_name(tm_tag tag)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->tag_name(tag) : NULL;
}

static inline int tm_push(tm_tag tag)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->push(tag) : TM_ABSENT;
}

static inline int tm_pop(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->pop() : TM_ABSENT;
}

static inline int tm_depth(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->depth() : 0;
}

static inline int tm_restore(int depth)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->restore(depth) : TM_ABSENT;
}

static inline int tm_enter(tm_tag tag)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->enter(tag) : 0;
}

static inline tm_tag tm_current(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->current() : (tm_tag)TM_UNTAGGED;
}

TM_CALL_BLOCK void *tm_malloc(tm_tag tag, size_t size)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->malloc_(tag, size) : malloc(size);
}

TM_CALL_BLOCK void *tm_calloc(tm_tag tag, size_t count, size_t size)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->calloc_(tag, count, size) : calloc(count, size);
}

TM_CALL_BLOCK void *tm_aligned_alloc(tm_tag tag, size_t alignment, size_t size)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->aligned_alloc_(tag, alignment, size) : aligned_alloc(alignment, size);
}

TM_CALL_BLOCK char *tm_strdup(tm_tag tag, const char *string)
{
    const struct tm_functions *library = tm_library();
    size_t bytes;
    void *copy;
    if (library != NULL)
        return library->strdup_(tag, string);
    bytes = strlen(string) + 1;
    copy = malloc(bytes);
    return copy != NULL ? (char *)memcpy(copy, string, bytes) : NULL;
}

TM_CALL_BLOCK void *tm_realloc(tm_tag tag, void *block, size_t size)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->realloc_(tag, block, size) : realloc(block, size);
}

static inline int tm_retag(void *block, tm_tag tag)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->retag(block, tag) : TM_ABSENT;
}

static inline int tm_ask(const void *block, struct tm_block_info *info)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->ask(block, info) : TM_ABSENT;
}

static inline int tm_site_name(uint32_t site, char *name, size_t capacity)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->site_name(site, name, capacity) : TM_ABSENT;
}

static inline int tm_tag_stats(tm_tag tag, unsigned flags, struct tm_tag_info *info)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->tag_stats(tag, flags, info) : TM_ABSENT;
}

static inline int tm_thread_stats(int tid, struct tm_thread_info *info)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->thread_stats(tid, info) : TM_ABSENT;
}

static inline int tm_process_stats(struct tm_process_info *info)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->process_stats(info) : TM_ABSENT;
}

static inline int tm_report(int descriptor)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->report(descriptor) : TM_ABSENT;
}

static inline long tm_report_buffer(char *text, size_t capacity)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->report_buffer(text, capacity) : (long)TM_ABSENT;
}

static inline int tm_pause(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->pause() : TM_ABSENT;
}

static inline int tm_resume(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->resume() : TM_ABSENT;
}

static inline int tm_baseline(void)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->baseline() : TM_ABSENT;
}

static inline int tm_alarm_set(const struct tm_alarm *alarm)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->alarm_set(alarm) : TM_ABSENT;
}

static inline int tm_alarm_cancel(int alarm)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->alarm_cancel(alarm) : TM_ABSENT;
}

static inline int tm_features(unsigned on, unsigned off)
{
    const struct tm_functions *library = tm_library();
    return library != NULL ? library->features(on, off) : TM_ABSENT;
}

/* The former name of tm_report. */
static inline int tm_report_now(int descriptor)
{
    return tm_report(descriptor);
}

/* ---- scopes that end by themselves ---- */

static inline void tm_scope_ends(const int *depth)
{
    tm_restore(*depth);
}

#define TM_JOIN_(a, b) a##b
#define TM_JOIN(a, b)  TM_JOIN_(a, b)

/* tm_scope(tag); a scope from here to the end of the block, however the block is left (except by longjmp: see
 * tm_restore). Scopes inside that are still open end as well. */
#ifdef __cplusplus
#define tm_scope(tag) ::trackmalloc::scope TM_JOIN(tm_scope_at_, __LINE__)(tag)
#else
#define tm_scope(tag) \
    __attribute__((cleanup(tm_scope_ends), unused)) const int TM_JOIN(tm_scope_at_, __LINE__) = tm_enter(tag)
#endif

/* ---- threads that inherit the tag of the thread that creates them ---- */

struct tm_start {
    void *(*run)(void *);
    void *argument;
    tm_tag tag;
};

static inline void *tm_started(void *from)
{
    struct tm_start start;
    memcpy(&start, from, sizeof start);
    free(from);
    tm_push(start.tag);
    return start.run(start.argument);
}

/* pthread_create of a thread that begins in a scope with the caller's current tag. (Allocates a small block, which the
 * new thread frees.) Absent: the plain function. */
static inline int tm_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                                    void *argument)
{
    struct tm_start *start;
    int error;
    if (tm_library() == NULL)
        return pthread_create(thread, attributes, run, argument);
    start = (struct tm_start *)malloc(sizeof *start);
    if (start == NULL)
        return EAGAIN;
    start->run = run;
    start->argument = argument;
    start->tag = tm_current();
    error = pthread_create(thread, attributes, tm_started, start);
    if (error != 0)
        free(start);
    return error;
}

#ifdef __cplusplus
}

namespace trackmalloc /* tm is a struct of <time.h> */
{

/* A scope from construction to destruction; nested properly, within one thread. */
class scope
{
  public:
    explicit scope(tm_tag tag) : depth(tm_enter(tag))
    {
    }
    ~scope()
    {
        tm_restore(depth);
    }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

  private:
    int depth;
};

/* A callable that runs in a scope with the tag that was current where it was created:
 * std::thread(trackmalloc::inherit([] { ... })). */
template <class Function> class inheriting
{
    Function run;
    tm_tag tag;

  public:
    explicit inheriting(Function what) : run(static_cast<Function &&>(what)), tag(tm_current())
    {
    }
    template <class... Arguments>
    auto operator()(Arguments &&...arguments) -> decltype(run(static_cast<Arguments &&>(arguments)...))
    {
        scope its(tag);
        return run(static_cast<Arguments &&>(arguments)...);
    }
};

template <class Function> inheriting<Function> inherit(Function run)
{
    return inheriting<Function>(static_cast<Function &&>(run));
}

} // namespace trackmalloc
#endif

#endif

#endif
