#include "reporter.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "allocator.h"
#include "apart.h"
#include "clock.h"
#include "collect.h"
#include "control.h"
#include "lifecycle.h"
#include "lock.h"
#include "log.h"
#include "module.h"
#include "options.h"
#include "path.h"
#include "segment.h"
#include "snapshot/text.h"
#include "sys.h"
#include "watch.h"

enum phase { PHASE_IDLE, PHASE_CHANGING, PHASE_RUNNING, PHASE_REFUSED, PHASE_ENDED };

enum {
    QUIET_TICKS = 2 * TICKS_PER_SECOND, /* without a call that it must step aside for, before it comes back */
    TEXT_BYTES = 2 * 1024 * 1024,       /* 4,096 rows in every table; only touched as far as used */
    STACK_BYTES = 64 * 1024,
    MAY_BE_EARLY_NS = 10000000, /* a clock interrupt's width */
    LEAST_WAIT_NS = 1000000     /* the clock is as coarse: nothing is nearer */
};

static struct {
    enum phase phase;
    uint32_t tid;        /* the kernel clears it when the thread ends */
    uint32_t stop;       /* 1: end as soon as you can */
    uint32_t not_before; /* tick: the quiet while */
    uint32_t told;       /* the last tick that was told, by this thread or one before it */
    uint32_t number;     /* reports so far */
    uint64_t start_ns;   /* uptime of the clock when this process began */
    uint64_t cpu_us;
    char directory[OPTION_TEXT];
} reporter;

static SPARSE char report_text[TEXT_BYTES];

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

uint64_t reporter_uptime_ns(void)
{
    return clock_uptime_ns() - reporter.start_ns;
}

uint64_t reporter_cpu_us(void)
{
    return reporter.cpu_us;
}

static bool told_to_stop(void)
{
    return __atomic_load_n(&reporter.stop, __ATOMIC_ACQUIRE) != 0;
}

/* ---- one report ---- */

static bool to_stderr(void)
{
    return strcmp(options.output, "stderr") == 0;
}

uintptr_t reporter_self(void)
{
    return (uintptr_t)&reporter;
}

bool reporter_runs(void)
{
    return __atomic_load_n(&reporter.tid, __ATOMIC_ACQUIRE) != 0;
}

bool reporter_is_mute(void)
{
    return strcmp(options.output, "none") == 0;
}

/* %p is the process id, %n the program's name, %% a percent sign. */
static void path_expand(struct path *path)
{
    path->length = 0;
    if (options.output[0] != '/') {
        path_put(path, reporter.directory, strlen(reporter.directory));
        path_put(path, "/", 1);
    }
    for (const char *c = options.output; *c != '\0'; c++) {
        bool special = *c == '%' && c[1] != '\0';
        c += special;
        if (special && *c == 'p')
            path_put_number(path, clock_area.now.pid);
        else if (special && *c == 'n')
            path_put(path, module_program(), strlen(module_program()));
        else
            path_put(path, c, 1);
    }
}

/* What ends our patience with a slow reader: an exit report has only the patience itself. */
static const uint32_t *impatience(void)
{
    return phase_now() == PHASE_ENDED ? NULL : &reporter.stop;
}

static long path_open(struct path *path)
{
    path_expand(path);
    return sys3(SYS_open, path->text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

static void tell_unopenable(const struct path *path, long error)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, "output: cannot open ");
    log_text(&line, path->text);
    log_text(&line, " (error ");
    log_number(&line, (uint64_t)-error);
    log_text(&line, "); reports go to stderr");
    log_say(&line);
}

static bool write_to_path(size_t length)
{
    struct path path;
    long file = path_open(&path);
    if (file < 0)
        return false;
    bool written = log_descriptor((int)file, report_text, length, impatience());
    sys1(SYS_close, file);
    return written;
}

/* Tried once, at start: later nobody reads what is told. */
static void try_path(void)
{
    struct path path;
    long file = path_open(&path);
    if (file >= 0) {
        sys1(SYS_close, file);
        return;
    }
    tell_unopenable(&path, file);
    memcpy(options.output, "stderr", sizeof "stderr");
}

struct piece {
    size_t length;
    bool written;
};

static void write_stderr(void *argument)
{
    struct piece *piece = argument;
    piece->written = log_stderr(report_text, piece->length, impatience());
}

static void write_path(void *argument)
{
    struct piece *piece = argument;
    piece->written = write_to_path(piece->length);
}

static bool write_apart(size_t length, uintptr_t self)
{
    struct piece piece = {length, false};
    if (!to_stderr())
        apart(write_path, &piece, self);
    else if (!apart_with_stderr(write_stderr, &piece, self))
        write_stderr(&piece);
    return piece.written;
}

static bool write_out(int descriptor, size_t length, uintptr_t self)
{
    if (descriptor >= 0)
        return log_descriptor(descriptor, report_text, length, NULL);
    return reporter_is_mute() || write_apart(length, self);
}

/* glibc's own sections need a thread that glibc knows. */
static bool write_text(int descriptor, const struct snapshot *snapshot, uintptr_t self)
{
    unsigned top = (unsigned)options.top;
    size_t length = self == reporter_self() ? text_report(snapshot, top, report_text, sizeof report_text)
                                            : allocator_report(snapshot, top, report_text, sizeof report_text);
    return write_out(descriptor, length < sizeof report_text ? length : sizeof report_text, self);
}

/* `alarm`: NULL, or of an alarm report its evidence. */
static bool write_report(int descriptor, enum snapshot_kind kind, const struct snapshot_alarm *alarm, uintptr_t self)
{
    enum lock_state lock = lock_take(&lock_report, self);
    if (lock == LOCK_NESTED)
        return false; /* a signal handler in the middle of a report */
    if ((kind == SNAPSHOT_PERIODIC || kind == SNAPSHOT_ALARM) && told_to_stop()) {
        lock_release(&lock_report); /* the exit report has been said meanwhile */
        return false;
    }
    uint32_t number = ++reporter.number;
    const struct snapshot *snapshot = alarm != NULL ? collect_alarm(alarm, number, self) : collect(kind, number, self);
    segment_publish(snapshot, self);
    bool written = write_text(descriptor, snapshot, self);
    lock_release(&lock_report);
    return written;
}

bool reporter_report_to(int descriptor, enum snapshot_kind kind, uintptr_t self)
{
    return write_report(descriptor, kind, NULL, self);
}

bool reporter_alarm(const struct snapshot_alarm *alarm, uintptr_t self)
{
    return reporter_is_mute() || write_report(-1, SNAPSHOT_ALARM, alarm, self);
}

bool reporter_report_into(char *text, size_t capacity, size_t *length, uintptr_t self)
{
    if (lock_take(&lock_report, self) != LOCK_TAKEN)
        return false;
    const struct snapshot *snapshot = collect(SNAPSHOT_REQUEST, ++reporter.number, self);
    size_t room = capacity != 0 ? capacity - 1 : 0;
    *length = allocator_report(snapshot, (unsigned)options.top, text, room);
    lock_release(&lock_report);
    if (capacity != 0)
        text[*length < room ? *length : room] = '\0';
    return true;
}

bool reporter_report(enum snapshot_kind kind, uintptr_t self)
{
    return reporter_is_mute() || reporter_report_to(-1, kind, self);
}

bool reporter_publish(uintptr_t self)
{
    if (lock_take(&lock_report, self) != LOCK_TAKEN)
        return false;
    bool published = !told_to_stop() && segment_open(self) &&
                     segment_publish(collect(SNAPSHOT_PERIODIC, reporter.number, self), self);
    lock_release(&lock_report);
    return published;
}

void reporter_last_word(bool text, uintptr_t self)
{
    enum lock_state lock = lock_take(&lock_report, self);
    if (lock == LOCK_NESTED)
        return;
    bool keep = options.keep && segment_open(self);
    if (text || keep) {
        const struct snapshot *snapshot = collect(SNAPSHOT_EXIT, reporter.number += text, self);
        if (keep)
            segment_publish(snapshot, self);
        if (text)
            write_text(-1, snapshot, self);
    }
    segment_end(self);
    lock_release(&lock_report);
}

void reporter_leaves(uintptr_t self)
{
    if (!segment_is_open() || lock_take(&lock_report, self) != LOCK_TAKEN)
        return;
    segment_end(self);
    lock_release(&lock_report);
}

/* ---- the thread ---- */

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

/* The moment of the next report: a multiple of the interval since start, so that reports do not drift. */
static uint64_t next_report_ns(void)
{
    uint64_t interval = options.interval_ms * 1000000u;
    return (reporter_uptime_ns() / interval + 1) * interval;
}

/* First when a short program would have ended; then between reports only while somebody watches. */
static bool publish_is_due(uint64_t since_ns)
{
    if (!segment_is_wanted())
        return false;
    uint64_t ms = segment_is_open() ? control_watch_ms() : TICK_MS;
    return ms != 0 && since_ns + MAY_BE_EARLY_NS >= ms * 1000000;
}

static void run(void *unused)
{
    (void)unused;
    sys2(SYS_prctl, PR_SET_NAME, "trackmalloc");
    uint64_t cpu_before = reporter.cpu_us;
    uint64_t report_at = next_report_ns();
    uint64_t published = reporter_uptime_ns();
    while (!told_to_stop()) {
        uint32_t tick = clock_read();
        /* Once each: who takes it back wants everybody to meet a new one (slab_forget_sites). */
        if (tick != reporter.told)
            clock_set(reporter.told = tick);
        watch_look(WATCH_REPORTS, reporter_self());
        control_look(reporter_self());
        uint64_t now = reporter_uptime_ns();
        reporter.cpu_us = cpu_before + own_cpu_us();
        if (now >= report_at) {
            if (reporter_is_mute())
                reporter_publish(reporter_self());
            else
                reporter_report(SNAPSHOT_PERIODIC, reporter_self());
            if (segment_is_open()) /* else the first is still due, however close the reports */
                published = now;
            report_at = next_report_ns();
            continue;
        }
        if (publish_is_due(now - published)) {
            reporter_publish(reporter_self());
            published = reporter_uptime_ns();
        }
        report_at = least(report_at, next_report_ns()); /* the interval may have been made shorter */
        sys_futex_wait(&reporter.stop, 0, most(LEAST_WAIT_NS, least(clock_until_next(tick), report_at - now)));
    }
    reporter.cpu_us = cpu_before + own_cpu_us();
    clock_set(CLOCK_SELF);
}

static void tell_refused(long error)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, "no thread to be had (error ");
    log_number(&line, (uint64_t)-error);
    log_text(&line, "): periodic reports are off, everything is counted");
    log_say(&line);
}

void reporter_start(uint32_t now)
{
    if (phase_now() != PHASE_IDLE || now < reporter.not_before || log_is_sandboxed() || !lifecycle_at_home() ||
        !phase_change(PHASE_IDLE, PHASE_CHANGING))
        return;
    reporter.stop = 0;
    long tid = sys_thread_start(run, NULL, &reporter.tid, stack + STACK_BYTES, SYS_SHARED_DESCRIPTORS);
    if (tid < 0)
        tell_refused(tid);
    phase_set(tid < 0 ? PHASE_REFUSED : PHASE_RUNNING);
}

static void stop_thread(void)
{
    while (!phase_change(PHASE_RUNNING, PHASE_CHANGING)) {
        if (phase_now() != PHASE_CHANGING)
            return;
        sys0(SYS_sched_yield); /* another thread starts or stops it right now */
    }
    uint32_t tid = __atomic_load_n(&reporter.tid, __ATOMIC_ACQUIRE);
    __atomic_store_n(&reporter.stop, 1, __ATOMIC_RELEASE);
    sys_futex_wake(&reporter.stop, 1);
    if (tid != 0)
        sys_thread_wait(clock_area.now.pid, tid, &reporter.tid);
    phase_set(PHASE_IDLE);
}

void reporter_step_aside(void)
{
    reporter.not_before = clock_read() + QUIET_TICKS;
    stop_thread();
}

/* exit_group will end the thread: nobody waits for it. A report that it is writing holds lock_report. */
void reporter_end(void)
{
    __atomic_store_n(&reporter.stop, 1, __ATOMIC_RELEASE);
    phase_set(PHASE_ENDED);
}

void reporter_forked(void)
{
    reporter.tid = 0;
    reporter.stop = 0;
    reporter.not_before = 0;
    reporter.told = CLOCK_SELF;
    reporter.number = 0;
    reporter.cpu_us = 0;
    reporter.start_ns = clock_uptime_ns();
    phase_set(PHASE_IDLE);
}

void reporter_configure(void)
{
    long length = sys2(SYS_getcwd, reporter.directory, sizeof reporter.directory);
    reporter.directory[length > 0 ? length - 1 : 0] = '\0';
    if (!to_stderr() && !reporter_is_mute())
        try_path();
}
