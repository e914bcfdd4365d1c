#include "reporter.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "control.h"
#include "lib/alarm/watch.h"
#include "lib/config/log.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/sys/clock.h"
#include "lib/sys/helper.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"
#include "output.h"
#include "report.h"
#include "segment.h"

enum phase { PHASE_IDLE, PHASE_CHANGING, PHASE_RUNNING, PHASE_REFUSED };

enum {
    BACKOFF_TICKS = 2 * TICKS_PER_SECOND, /* without a call that it must be parked for */
    RETURNS_MOST = 64,                    /* at once after such a call; one more each back-off */
    STACK_BYTES = 64 * 1024,
    MAY_BE_EARLY_NS = 10000000, /* a clock interrupt's width */
    LEAST_WAIT_NS = 1000000     /* the clock is as coarse: nothing is nearer */
};

#define SNAPSHOTS_NS 5000000000u /* from one to the next, where there are no periodic reports */

static struct {
    enum phase phase;
    uint32_t parked;     /* threads in the middle of a call that it is parked for */
    uint32_t returns;    /* how often it came back at once, less what a back-off gives back */
    uint32_t not_before; /* tick: the back-off */
    long refusal;        /* -errno: why there is no thread */
    uint32_t first_due;  /* tick: of the first report */
    bool off_logged;     /* that there are none */
} reporter;

/* The next thread is started only when the kernel has dropped the last. */
static SPARSE _Alignas(PAGE_BYTES) char stack[STACK_BYTES];

static enum phase phase_now(void)
{
    return __atomic_load_n(&reporter.phase, __ATOMIC_ACQUIRE);
}

static void phase_set(enum phase phase)
{
    __atomic_store_n(&reporter.phase, phase, __ATOMIC_RELEASE);
}

static bool phase_change(enum phase from, enum phase to)
{
    return __atomic_compare_exchange_n(&reporter.phase, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static uint64_t own_cpu_us(void)
{
    struct timespec used = {0, 0};
    sys2(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool reports_periodically(void)
{
    return options.interval_ms != 0 && !output_is_mute();
}

/* The moment of the next report: a multiple of the interval since start, so that reports do not drift. Where there are
 * none, of the next snapshot. */
static uint64_t next_report_ns(void)
{
    uint64_t interval = options.interval_ms != 0 ? options.interval_ms * 1000000u : SNAPSHOTS_NS;
    return (clock_process_ns() / interval + 1) * interval;
}

/* First when a short program would have ended; then between reports only while somebody watches. */
static bool publish_is_due(uint64_t since_ns)
{
    if (!segment_is_wanted())
        return false;
    uint64_t ms = segment_is_open() ? control_watch_ms() : TICK_MS;
    return ms != 0 && since_ns + MAY_BE_EARLY_NS >= ms * 1000000;
}

static void reporter_main(void *unused)
{
    (void)unused;
    sys2(SYS_prctl, PR_SET_NAME, "trackmalloc");
    uint64_t cpu_before = report_thread.cpu_us;
    uint64_t report_at = next_report_ns();
    uint64_t published = clock_process_ns();
    while (!report_must_stop()) {
        uint32_t tick = clock_read();
        clock_publish();
        watch_report(report_write_alarm, lock_owner_of_reporter());
        control_look(lock_owner_of_reporter());
        uint64_t now = clock_process_ns();
        report_thread.cpu_us = cpu_before + own_cpu_us();
        if (now >= report_at) {
            if (reports_periodically())
                report_write(SNAPSHOT_PERIODIC, lock_owner_of_reporter());
            else
                report_publish(lock_owner_of_reporter());
            if (segment_is_open()) /* else the first is still due, however close the reports */
                published = now;
            report_at = next_report_ns();
            continue;
        }
        if (publish_is_due(now - published)) {
            report_publish(lock_owner_of_reporter());
            published = clock_process_ns();
        }
        report_at = least(report_at, next_report_ns()); /* the interval may have been made shorter */
        sys_futex_wait(&report_thread.stop, 0, most(LEAST_WAIT_NS, least(clock_until_next(tick), report_at - now)));
    }
    report_thread.cpu_us = cpu_before + own_cpu_us();
    clock_set(CLOCK_SELF);
}

static void log_off(void)
{
    struct log_line line;
    log_begin(&line);
    if (log_is_sandboxed()) {
        log_text(&line, "a seccomp filter was there before the start");
    } else {
        log_text(&line, "no thread to be had (error ");
        log_number(&line, (uint64_t)-reporter.refusal);
        log_text(&line, ")");
    }
    log_text(&line, ": periodic reports are off, everything is counted");
    if (log_is_sandboxed())
        log_text(&line, " (filter=trusted has them)");
    log_say(&line);
}

/* A process that has parted from its own pid namespace is allowed no thread, and nothing is logged. Of a filter he is
 * where the reports would be: helpers that are kept in one, as man's, have no line of ours where they write. */
static void log_off_in_time(uint32_t now)
{
    bool refused = phase_now() == PHASE_REFUSED && reporter.refusal != -EINVAL;
    if (reporter.off_logged || !reports_periodically() || now < reporter.first_due ||
        !(refused || (log_sandbox() == SANDBOX_FILTER && output_is_stderr())))
        return;
    reporter.off_logged = true;
    log_off();
}

static void set_first_due(void)
{
    reporter.first_due = clock_read() + (uint32_t)(options.interval_ms / TICK_MS);
    reporter.off_logged = false;
}

/* Between two phases no signal handler of this thread may start or stop it, and wait for itself. */
static uint64_t signals_block(void)
{
    uint64_t all = ~0ull;
    uint64_t before = 0;
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, 8);
    return before;
}

static void signals_restore(uint64_t before)
{
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
}

static bool may_start(void)
{
    return phase_now() == PHASE_IDLE && __atomic_load_n(&reporter.parked, __ATOMIC_ACQUIRE) == 0 &&
           __atomic_load_n(&report_thread.over, __ATOMIC_ACQUIRE) == 0;
}

static void start_thread(void)
{
    uint64_t signals = signals_block();
    if (may_start() && phase_change(PHASE_IDLE, PHASE_CHANGING)) {
        __atomic_store_n(&report_thread.stop, 0, __ATOMIC_RELEASE);
        long tid =
            sys_thread_start(reporter_main, NULL, &report_thread.tid, stack + STACK_BYTES, SYS_SHARED_DESCRIPTORS);
        reporter.refusal = tid;
        phase_set(tid < 0 ? PHASE_REFUSED : PHASE_RUNNING);
    }
    signals_restore(signals);
}

void reporter_start(void)
{
    if (may_start() && !log_is_sandboxed() && state_is_own_process())
        start_thread();
}

void reporter_start_late(uint32_t now)
{
    if (now >= __atomic_load_n(&reporter.not_before, __ATOMIC_RELAXED))
        reporter_start();
    log_off_in_time(now);
}

static void stop_thread(void)
{
    uint64_t signals = signals_block();
    while (!phase_change(PHASE_RUNNING, PHASE_CHANGING)) {
        if (phase_now() != PHASE_CHANGING)
            return signals_restore(signals);
        sys0(SYS_sched_yield); /* another thread starts or stops it right now */
    }
    uint32_t tid = __atomic_load_n(&report_thread.tid, __ATOMIC_ACQUIRE);
    __atomic_store_n(&report_thread.stop, 1, __ATOMIC_RELEASE);
    sys_futex_wake(&report_thread.stop, 1);
    if (tid != 0)
        sys_thread_wait(clock_area.now.pid, tid, &report_thread.tid);
    phase_set(PHASE_IDLE);
    signals_restore(signals);
}

void reporter_park(void)
{
    __atomic_fetch_add(&reporter.parked, 1, __ATOMIC_ACQ_REL);
    stop_thread();
}

/* Each back-off pays for one return. Who makes such calls all day (a file server that changes its user for each
 * request) soon has none left, and no thread until an allocation after a back-off. */
static bool may_return_at_once(uint32_t now)
{
    uint32_t backoffs = now > reporter.not_before ? (now - reporter.not_before) / BACKOFF_TICKS : 0;
    reporter.returns -= backoffs < reporter.returns ? backoffs : reporter.returns;
    reporter.not_before = now + BACKOFF_TICKS;
    return reporter.returns++ < RETURNS_MOST;
}

void reporter_unpark(void)
{
    __atomic_fetch_sub(&reporter.parked, 1, __ATOMIC_ACQ_REL);
    if (may_return_at_once(clock_read()))
        reporter_start();
}

/* exit_group will end the thread: nobody waits for it. A report that it is writing holds lock_report. */
void reporter_end(void)
{
    __atomic_store_n(&report_thread.over, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&report_thread.stop, 1, __ATOMIC_RELEASE);
}

void reporter_leaves(struct lock_owner self)
{
    if (!segment_is_open())
        return;
    reporter_end();
    report_end(self);
}

void reporter_forked(void)
{
    report_forked();
    reporter.parked = 0;
    reporter.returns = 0;
    reporter.not_before = 0;
    set_first_due();
    phase_set(PHASE_IDLE);
}

void reporter_configure(void)
{
    lock_give_way(lock_owner_of_reporter(), &report_thread.stop);
    set_first_due();
    output_configure();
}
