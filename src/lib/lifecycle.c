#include "lifecycle.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "allocator.h"
#include "clock.h"
#include "context.h"
#include "feature.h"
#include "growth.h"
#include "lock.h"
#include "log.h"
#include "module.h"
#include "object.h"
#include "options.h"
#include "process.h"
#include "real.h"
#include "reporter.h"
#include "segment.h"
#include "site.h"
#include "slab.h"
#include "sys.h"
#include "tag.h"
#include "thread.h"
#include "trace.h"
#include "watch.h"

enum state { STATE_DOWN, STATE_COMING, STATE_UP };

enum {
    /* Allocations without a reporter thread after which it is worth one, in a program that may object to it. */
    UNTICKED_MOST = 4096,
    DESTRUCTOR_ROUNDS = 4 /* PTHREAD_DESTRUCTOR_ITERATIONS */
};

static struct {
    enum state state;
    bool tracks;
    bool late; /* some object calls what wants a single thread */
    bool exit_begun;
    bool last_word; /* the exit report was said */
    bool fork_locked;
    uint32_t unticked;   /* allocations without a reporter thread */
    uint32_t late_until; /* tick: the first interval of this process */
    bool has_key;        /* else slabs of ended threads are found by slab_sweep */
    pthread_key_t thread_key;
} life;

bool lifecycle_own_new;
bool lifecycle_own_realloc;

bool lifecycle_tracks(void)
{
    return life.tracks;
}

/* ---- threads ---- */

/* Runs in every round of the thread's destructors; in the last one, the thread's slab is handed on. */
static void thread_leaves(void *round)
{
    uintptr_t next = (uintptr_t)round + 1;
    if (next > DESTRUCTOR_ROUNDS)
        thread_ends();
    else
        pthread_setspecific(life.thread_key, (void *)next);
}

void lifecycle_thread_began(void)
{
    if (life.has_key)
        pthread_setspecific(life.thread_key, (void *)1);
}

/* ---- fork ---- */

/* No other thread is in the middle of rare work while the child's memory is copied. */
static void fork_prepare(void)
{
    life.fork_locked = lock_take(&lock_books, thread_self()) == LOCK_TAKEN;
}

static void fork_parent(void)
{
    if (life.fork_locked)
        lock_release(&lock_books);
}

bool lifecycle_at_home(void)
{
    return clock_area.now.pid == (uint32_t)sys0(SYS_getpid);
}

static uint32_t first_interval(uint32_t now)
{
    return now + (uint32_t)(options.interval_ms / TICK_MS);
}

void lifecycle_settle_child(void)
{
    if (LIKELY(__atomic_load_n(&clock_area.now.pid, __ATOMIC_ACQUIRE) != 0) || !life.tracks)
        return;
    lock_reset(&lock_books);
    lock_reset(&lock_report);
    lock_reset(&lock_names);
    clock_own(log_is_sandboxed() ? 1 : (uint32_t)sys0(SYS_getpid));
    thread_forked();
    reporter_forked();
    growth_reset();
    segment_forked();
    process_forked();
    watch_forked();
    life.unticked = 0;
    life.late_until = first_interval(clock_read());
}

void lifecycle_unticked(uint32_t now)
{
    lifecycle_settle_child();
    uint32_t unticked = __atomic_load_n(&life.unticked, __ATOMIC_RELAXED) + 1;
    __atomic_store_n(&life.unticked, unticked, __ATOMIC_RELAXED);
    if (unticked >= UNTICKED_MOST || now >= life.late_until)
        reporter_start(now);
}

/* ---- exit ---- */

static void say_last_word(void)
{
    bool text = options.final && !reporter_is_mute();
    if (!life.tracks || life.last_word || (!text && !segment_is_open() && !options.keep))
        return; /* and a forked child that has not been set up needs not be */
    lifecycle_settle_child();
    if (!log_is_sandboxed() && !lifecycle_at_home())
        return; /* a vfork child that exits: the books are its parent's */
    life.last_word = true;
    if (!log_is_sandboxed())
        reporter_end();
    reporter_last_word(text, thread_self());
}

/* A forked child that has not been set up has nothing to take away. */
void lifecycle_leaves(void)
{
    if (life.tracks && clock_area.now.pid != 0 && !log_is_sandboxed() && lifecycle_at_home())
        reporter_leaves(thread_self());
}

static void exit_begins(void *unused)
{
    (void)unused;
    life.exit_begun = true;
}

void lifecycle_exit_handler_added(void)
{
    if (life.tracks)
        real.__cxa_atexit(exit_begins, NULL, NULL);
}

void lifecycle_stderr_closes(void)
{
    if (life.exit_begun)
        say_last_word();
}

__attribute__((destructor)) static void finish(void)
{
    say_last_word();
}

/* ---- start ---- */

static void complain(const char *text, size_t length)
{
    struct log_line line;
    log_begin(&line);
    log_bytes(&line, text, length);
    log_say(&line);
}

static void print_help(void)
{
    char help[4096];
    size_t length = options_help(help, sizeof help);
    log_stderr(help, length < sizeof help ? length : sizeof help, NULL);
}

static bool wanted_here(void)
{
    return options.only[0] == '\0' || options_glob(options.only, module_program()) ||
           options_glob(options.only, module_executable());
}

static void tell_own_malloc(const char *object)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, module_program());
    log_text(&line, " is not tracked: ");
    log_text(&line, object);
    log_text(&line, " brings a malloc of its own");
    log_say(&line);
}

static void tell_no_stacks(void)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, "stacks: no memory for their table; none are taken");
    log_say(&line);
}

static void begin_tracking(const struct module_survey *survey)
{
    tag_start();
    context_start();
    object_start();
    site_start();
    slab_start();
    if (!trace_start(options.stacks))
        tell_no_stacks();
    clock_own((uint32_t)sys0(SYS_getpid));
    reporter_configure();
    segment_configure();
    feature_switch(0, allocator_find(feature_on()));
    watch_start();
    life.has_key = pthread_key_create(&life.thread_key, thread_leaves) == 0;
    pthread_atfork(fork_prepare, fork_parent, NULL);
    (void)at_quick_exit(say_last_word); /* no room for it: no exit report after quick_exit */
    life.late = survey->single_thread_only;
    life.late_until = first_interval(clock_read());
    life.tracks = true;
}

/* Most of our tables are never touched; a huge page would make them all resident. */
static void stay_sparse(void)
{
    SHARED char __bss_start[];
    SHARED char _end[];
    uintptr_t from = ((uintptr_t)__bss_start + PAGE_BYTES - 1) & -(uintptr_t)PAGE_BYTES;
    uintptr_t to = (uintptr_t)_end & -(uintptr_t)PAGE_BYTES;
    sys3(SYS_madvise, from, to - from, MADV_NOHUGEPAGE);
}

static void come_up(void)
{
    stay_sparse();
    real_find();
    log_start();
    module_start();
    sys_clock_find(real_libc());
    clock_start();
    options_read(secure_getenv("TRACKMALLOC_OPTIONS"), complain);
    struct module_survey survey = module_survey();
    lifecycle_own_new = survey.own_new;
    lifecycle_own_realloc = survey.own_realloc || survey.own_malloc != NULL;
    if (survey.own_malloc != NULL) {
        if (wanted_here())
            tell_own_malloc(survey.own_malloc);
        return;
    }
    if (!wanted_here())
        return;
    if (options.help)
        print_help();
    begin_tracking(&survey);
}

bool lifecycle_up(void)
{
    enum state state = __atomic_load_n(&life.state, __ATOMIC_ACQUIRE);
    if (LIKELY(state == STATE_UP))
        return true;
    state = STATE_DOWN;
    if (!__atomic_compare_exchange_n(&life.state, &state, STATE_COMING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return state == STATE_UP;
    int error = errno;
    come_up();
    errno = error;
    __atomic_store_n(&life.state, STATE_UP, __ATOMIC_RELEASE);
    return true;
}

__attribute__((constructor)) static void start(void)
{
    if (lifecycle_up() && life.tracks && !life.late)
        reporter_start(clock_read());
}
