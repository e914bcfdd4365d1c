#include "lifecycle.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lifecycle_parts.h"

#include "lib/account/context.h"
#include "lib/account/slab.h"
#include "lib/account/tag.h"
#include "lib/alarm/alarm.h"
#include "lib/alarm/watch.h"
#include "lib/code/rule.h"
#include "lib/collect/allocator.h"
#include "lib/config/feature.h"
#include "lib/config/log.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/next/lookup.h"
#include "lib/next/real.h"
#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/objects/program.h"
#include "lib/report/reporter.h"
#include "lib/report/segment.h"
#include "lib/sys/clock.h"
#include "lib/sys/environment.h"
#include "lib/sys/filter.h"
#include "lib/sys/glibc.h"
#include "lib/sys/sys.h"
#include "lib/thread/site.h"
#include "lib/thread/thread.h"
#include "lib/thread/trace.h"

enum { DESTRUCTOR_ROUNDS = 4 /* PTHREAD_DESTRUCTOR_ITERATIONS */ };

static struct {
    bool has_key; /* else slabs of ended threads are found by slab_sweep */
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

static void log_own_malloc(const char *object)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, program_called());
    log_text(&line, " is not tracked: ");
    log_text(&line, object);
    log_text(&line, " brings a malloc of its own");
    log_say(&line);
}

static void log_no_stacks(void)
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
        log_no_stacks();
    clock_own(lifecycle_own_pid());
    reporter_configure();
    segment_configure();
    feature_switch(0, allocator_find(feature_on()));
    watch_start();
    life.has_key = pthread_key_create(&life.thread_key, thread_leaves) == 0;
    state_events = (struct state_events){lifecycle_unticked, thread_begins};
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

static void log_other_libc(void)
{
    static const char text[] = "this program is not tracked: its C library is not glibc";
    complain(text, sizeof text - 1);
}

static void read_options(void)
{
    options_register("skip", (struct options_list){rule_skip, NULL});
    options_register("rule", (struct options_list){rule_add, rule_clear});
    options_register("alarm", (struct options_list){alarm_add, alarm_clear});
    options_register("features", (struct options_list){feature_option, feature_clear});
    options_read(environment_get("TRACKMALLOC_OPTIONS"), complain);
    if (sys_filtered() && filter_is_trusted())
        log_trusts_filter();
}

static void come_up(void)
{
    real_find();
    log_start();
    if (!lookup_has_glibc())
        return log_other_libc();
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
            log_own_malloc(survey.own_malloc);
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

/* Both take locks and may allocate: for our constructor only, which the loader calls while this thread is in no such
 * call. Without room for them: a child is set up at its first allocation; there is no exit report after quick_exit. */
static void register_handlers(void)
{
    extern char __dso_handle[] __attribute__((visibility("hidden")));
    (void)__register_atfork(lifecycle_fork_prepare, lifecycle_fork_parent, lifecycle_fork_child, __dso_handle);
    (void)__cxa_at_quick_exit(lifecycle_quick_exit_begins, __dso_handle);
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
