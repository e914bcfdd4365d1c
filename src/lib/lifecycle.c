#include "lifecycle.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "allocator.h"
#include "clock.h"
#include "context.h"
#include "environment.h"
#include "feature.h"
#include "filter.h"
#include "full.h"
#include "glibc.h"
#include "growth.h"
#include "lock.h"
#include "log.h"
#include "lookup.h"
#include "module.h"
#include "object.h"
#include "options.h"
#include "output.h"
#include "process.h"
#include "program.h"
#include "real.h"
#include "report.h"
#include "reporter.h"
#include "segment.h"
#include "site.h"
#include "slab.h"
#include "state.h"
#include "sys.h"
#include "tag.h"
#include "thread.h"
#include "trace.h"
#include "watch.h"

enum { DESTRUCTOR_ROUNDS = 4 /* PTHREAD_DESTRUCTOR_ITERATIONS */ };

static struct {
    bool exit_begun;
    bool last_word; /* the exit report was said */
    bool has_key;   /* else slabs of ended threads are found by slab_sweep */
    pthread_key_t thread_key;
} life;

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

static void thread_begins(void)
{
    if (life.has_key)
        pthread_setspecific(life.thread_key, (void *)1);
}

/* ---- fork ---- */

static uint32_t own_pid(void)
{
    return log_is_sandboxed() ? 1 : (uint32_t)sys0(SYS_getpid);
}

/* What other threads had begun was copied in the middle: their locks are free, their numbers taken back, their slabs
 * handed on. Totals are exact all the while: they are sums of counters that only their owners write. */
static void repair(void)
{
    lock_reset(&lock_books);
    lock_reset(&lock_report);
    lock_reset(&lock_names);
    context_forked();
    site_forked();
    slab_forked();
}

void lifecycle_settle_child(void)
{
    if (LIKELY(__atomic_load_n(&clock_area.now.pid, __ATOMIC_ACQUIRE) != 0) || !state_tracks())
        return;
    repair();
    clock_own(own_pid());
    thread_forked();
    reporter_forked();
    output_forked();
    growth_reset();
    segment_forked();
    process_forked();
    watch_forked();
}

/* Only the fold of a slab is kept from being copied in the middle; no lock is held (lock.h). */
static void fork_prepare(void)
{
    slab_fork_begins(thread_self());
}

static void fork_parent(void)
{
    slab_fork_ended();
}

/* Where the kernel does not wipe the clock's page, this does. An idle child reports as well. */
static void fork_child(void)
{
    if (clock_area.now.pid != 0)
        clock_forked();
    lifecycle_settle_child();
    reporter_start();
}

/* Called for each allocation while there is no reporter thread: sets up a child that was forked past the C library,
 * starts the thread when its time has come. */
static void unticked(uint32_t now)
{
    lifecycle_settle_child();
    reporter_start_late(now);
}

/* ---- exit ---- */

static void say_last_word(void)
{
    bool text = options.final && !output_is_mute();
    if (!state_tracks() || life.last_word)
        return;
    full_tell_if_any();
    if (!text && !segment_is_open() && !options.keep)
        return; /* and a forked child that has not been set up needs not be */
    lifecycle_settle_child();
    if (!state_is_own_process())
        return; /* a vfork child that exits: the books are its parent's */
    life.last_word = true;
    if (!log_is_sandboxed())
        reporter_end();
    report_at_exit(text, thread_self());
}

/* A forked child that has not been set up has nothing to take away. */
void lifecycle_leaves(void)
{
    if (state_tracks() && clock_area.now.pid != 0 && !log_is_sandboxed() && state_is_own_process())
        reporter_leaves(thread_self());
}

static void exit_begins(void *unused)
{
    (void)unused;
    life.exit_begun = true;
}

void lifecycle_exit_handler_added(void)
{
    if (state_tracks() && real.__cxa_atexit != NULL)
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
    return options.only[0] == '\0' || options_glob(options.only, program_called()) ||
           options_glob(options.only, program_file());
}

static void tell_own_malloc(const char *object)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, program_called());
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

static void begin_tracking(void)
{
    tag_start();
    context_start();
    object_start();
    site_start();
    slab_start();
    if (!trace_start(options.stacks))
        tell_no_stacks();
    clock_own(own_pid());
    reporter_configure();
    segment_configure();
    feature_switch(0, allocator_find(feature_on()));
    watch_start();
    life.has_key = pthread_key_create(&life.thread_key, thread_leaves) == 0;
    state_events = (struct state_events){unticked, thread_begins};
    state_track();
}

/* Most of our tables are never touched; a huge page would make them all resident. */
static void stay_sparse(void)
{
    SHARED char __bss_start[];
    SHARED char _end[];
    uintptr_t from = ((uintptr_t)__bss_start + PAGE_BYTES - 1) & -(uintptr_t)PAGE_BYTES;
    uintptr_t to = (uintptr_t)_end & -(uintptr_t)PAGE_BYTES;
    sys_advise((void *)from, to - from, MADV_NOHUGEPAGE);
}

static bool filter_is_trusted(void)
{
    if (options.filter != FILTER_AUTO)
        return options.filter == FILTER_TRUSTED;
    return options.segment == SEGMENT_ON || filter_is_of_container();
}

static void tell_other_libc(void)
{
    static const char text[] = "this program is not tracked: its C library is not glibc";
    complain(text, sizeof text - 1);
}

static void read_options(void)
{
    options_read(environment_get("TRACKMALLOC_OPTIONS"), complain);
    if (sys_filtered() && filter_is_trusted())
        log_trusts_filter();
}

static void come_up(void)
{
    real_find();
    log_start();
    if (!lookup_has_glibc())
        return tell_other_libc();
    sys_clock_use(real_of_libc("clock_gettime"));
    read_options();
    stay_sparse();
    module_start();
    clock_start();
    struct module_survey survey = module_survey();
    state.foreign_new = survey.foreign_new;
    state.own_new = survey.own_new || survey.foreign_new;
    state.own_realloc = survey.own_realloc || survey.own_malloc != NULL;
    if (survey.own_malloc != NULL) {
        if (wanted_here())
            tell_own_malloc(survey.own_malloc);
        return;
    }
    if (!wanted_here())
        return;
    if (options.help)
        print_help();
    begin_tracking();
}

bool lifecycle_up(void)
{
    if (state_is_up())
        return true;
    /* Of thread_slab, the loader has not yet made the thread's copy: it is never NULL then. */
    if (!lookup_is_relocated() || thread_slab == NULL)
        return false;
    enum state_phase phase = STATE_DOWN;
    if (!__atomic_compare_exchange_n(&state.phase, &phase, STATE_COMING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return phase == STATE_UP;
    int error = errno;
    come_up();
    errno = error;
    __atomic_store_n(&state.phase, STATE_UP, __ATOMIC_RELEASE);
    return true;
}

static void quick_exit_begins(void *unused)
{
    (void)unused;
    say_last_word();
}

/* Both take locks and may allocate: for our constructor only, which the loader calls while this thread is in no such
 * call. Without room for them: a child is set up at its first allocation; there is no exit report after quick_exit. */
static void register_handlers(void)
{
    extern char __dso_handle[] __attribute__((visibility("hidden")));
    (void)__register_atfork(fork_prepare, fork_parent, fork_child, __dso_handle);
    (void)__cxa_at_quick_exit(quick_exit_begins, __dso_handle);
}

__attribute__((constructor)) static void start(void)
{
    while (!lifecycle_up())
        sys0(SYS_sched_yield); /* another thread brings it up, started by a constructor before ours */
    if (!state_tracks())
        return;
    register_handlers();
    reporter_start();
}
