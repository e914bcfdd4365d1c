/* One report: a snapshot of all that is counted, its text, and its copy in the segment. */
#ifndef TM_REPORT_H
#define TM_REPORT_H

#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

/* What a report has to know of the reporter's thread, which keeps it up to date. */
struct report_thread {
    uint32_t tid;  /* 0: there is none; the kernel clears it when the thread ends */
    uint32_t stop; /* 1: its thread is to end, and waits for nothing any longer */
    uint32_t over; /* 1: the process ends; no thread any more, and no report but the exit report */
    uint64_t cpu_us;
};

SHARED struct report_thread report_thread;

/* Whether the thread is to end, or the process ends. */
bool report_must_stop(void);

/* Writes one report where reports go, or to a descriptor. `self` is the caller to a lock. false: not written. */
bool report_write(enum snapshot_kind kind, struct lock_owner self);
bool report_write_to(int descriptor, enum snapshot_kind kind, struct lock_owner self);
/* The same into memory, like snprintf. false: asked in the middle of a report. */
bool report_write_into(char *text, size_t capacity, size_t *length, struct lock_owner self);
/* Writes an alarm report where reports go. */
bool report_write_alarm(const struct snapshot_alarm *alarm, struct lock_owner self);

/* Puts a snapshot into the segment, makes that file first. false: it could not be. */
bool report_publish(struct lock_owner self);

/* At the program's end: the exit report where `text` says so; the segment goes, or gets its last snapshot. */
void report_at_exit(bool text, struct lock_owner self);
/* The same without a report or a last snapshot: the segment goes, unless it stays. */
void report_end(struct lock_owner self);

/* In a forked child: its reports begin anew. */
void report_forked(void);

#endif
