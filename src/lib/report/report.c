#include "report.h"

#include <string.h>

#include "lib/collect/allocator.h"
#include "lib/collect/collect.h"
#include "lib/config/log.h"
#include "lib/config/options.h"
#include "output.h"
#include "segment.h"
#include "snapshot/text.h"

enum {
    TEXT_BYTES = 2 * 1024 * 1024, /* 4,096 rows in every table; only touched as far as used */
    EXIT_TIMEOUT_MS = 2000        /* of who ends the process, with somebody else's report */
};

struct report_thread report_thread;

static uint32_t number_of_last; /* report of this process */
static SPARSE char report_text[TEXT_BYTES];

static bool is_over(void)
{
    return __atomic_load_n(&report_thread.over, __ATOMIC_ACQUIRE) != 0;
}

bool report_must_stop(void)
{
    return __atomic_load_n(&report_thread.stop, __ATOMIC_ACQUIRE) != 0 || is_over();
}

/* ---- the snapshot and its text ---- */

/* The threads that are ours: the reporter, and the one that it sends for what it reads. */
static uint32_t own_threads(struct lock_owner self)
{
    return lock_owner_is_reporter(self) ? 2 : __atomic_load_n(&report_thread.tid, __ATOMIC_ACQUIRE) != 0;
}

/* Under lock_report. */
static const struct snapshot *collected(enum snapshot_kind kind, uint32_t number, struct lock_owner self)
{
    struct collect_request request = {.kind = kind, .number = number, .cpu_us = cell_read(&report_thread.cpu_us)};
    request.own_threads = own_threads(self);
    request.for_others = segment_is_open();
    return collect(&request, self);
}

/* What ends the wait for a slow reader of a report before its timeout; nothing ends that of an exit report. */
static const uint32_t *stop_of_wait(void)
{
    return is_over() ? NULL : &report_thread.stop;
}

static bool write_out(int descriptor, size_t length, struct lock_owner self)
{
    if (descriptor >= 0)
        return log_descriptor(descriptor, report_text, length, NULL);
    return output_is_mute() || output_write(report_text, length, stop_of_wait(), self);
}

/* Of a text that is longer than its buffer, what there is. */
static size_t end_of_text(size_t length)
{
    static const char cut[] = "\n(The report is longer than its buffer: it is cut here.)\n";
    enum { CUT = sizeof cut - 1 };
    if (length <= sizeof report_text)
        return length;
    memcpy(report_text + sizeof report_text - CUT, cut, CUT);
    return sizeof report_text;
}

/* glibc's own sections need a thread that glibc knows. */
static bool write_text(int descriptor, const struct snapshot *snapshot, struct lock_owner self)
{
    unsigned top = (unsigned)options.top;
    size_t length = lock_owner_is_reporter(self) ? text_report(snapshot, top, report_text, sizeof report_text)
                                                 : allocator_report(snapshot, top, report_text, sizeof report_text);
    return write_out(descriptor, end_of_text(length), self);
}

/* Under lock_report. `alarm`: NULL, or of an alarm report its evidence. */
static bool make_report(int descriptor, enum snapshot_kind kind, const struct snapshot_alarm *alarm,
                        struct lock_owner self)
{
    uint32_t number = number_of_last + 1;
    const struct snapshot *snapshot = collected(kind, number, self);
    if (snapshot == NULL)
        return false;
    if (alarm != NULL)
        collect_add_alarm(alarm);
    number_of_last = number;
    segment_publish(snapshot, self);
    return write_text(descriptor, snapshot, self);
}

static bool write_report(int descriptor, enum snapshot_kind kind, const struct snapshot_alarm *alarm,
                         struct lock_owner self)
{
    if (lock_take(&lock_report, self) != LOCK_TAKEN)
        return false; /* a signal handler in the middle of a report; or asked to stop */
    bool late =
        (kind == SNAPSHOT_PERIODIC || kind == SNAPSHOT_ALARM) && report_must_stop(); /* the exit report was said */
    bool written = !late && make_report(descriptor, kind, alarm, self);
    lock_release(&lock_report);
    return written;
}

bool report_write_to(int descriptor, enum snapshot_kind kind, struct lock_owner self)
{
    return write_report(descriptor, kind, NULL, self);
}

bool report_write_alarm(const struct snapshot_alarm *alarm, struct lock_owner self)
{
    return output_is_mute() || write_report(-1, SNAPSHOT_ALARM, alarm, self);
}

bool report_write_into(char *text, size_t capacity, size_t *length, struct lock_owner self)
{
    if (lock_take(&lock_report, self) != LOCK_TAKEN)
        return false;
    const struct snapshot *snapshot = collected(SNAPSHOT_REQUEST, ++number_of_last, self); /* never the reporter's */
    size_t space = capacity != 0 ? capacity - 1 : 0;
    *length = allocator_report(snapshot, (unsigned)options.top, text, space);
    lock_release(&lock_report);
    if (capacity != 0)
        text[*length < space ? *length : space] = '\0';
    return true;
}

bool report_write(enum snapshot_kind kind, struct lock_owner self)
{
    return output_is_mute() || report_write_to(-1, kind, self);
}

/* Under lock_report. */
static bool publish(struct lock_owner self)
{
    if (report_must_stop() || !segment_open(self))
        return false;
    const struct snapshot *snapshot = collected(SNAPSHOT_PERIODIC, number_of_last, self);
    return snapshot != NULL && segment_publish(snapshot, self);
}

bool report_publish(struct lock_owner self)
{
    if (lock_take(&lock_report, self) != LOCK_TAKEN)
        return false;
    bool published = publish(self);
    lock_release(&lock_report);
    return published;
}

void report_at_exit(bool text, struct lock_owner self)
{
    if (lock_take_within(&lock_report, self, EXIT_TIMEOUT_MS) != LOCK_TAKEN)
        return;
    bool keep = options.keep && segment_open(self);
    if (text || keep) {
        const struct snapshot *snapshot = collected(SNAPSHOT_EXIT, number_of_last += text, self);
        if (keep)
            segment_publish(snapshot, self);
        if (text)
            write_text(-1, snapshot, self);
    }
    segment_end(self);
    lock_release(&lock_report);
}

void report_end(struct lock_owner self)
{
    if (lock_take_within(&lock_report, self, EXIT_TIMEOUT_MS) != LOCK_TAKEN)
        return;
    segment_end(self);
    lock_release(&lock_report);
}

void report_forked(void)
{
    number_of_last = 0;
    report_thread = (struct report_thread){.tid = 0};
}
