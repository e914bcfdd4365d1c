/* The end: the exit report, once, as late as the program lets us. */
#include "lifecycle.h"
#include "lifecycle_parts.h"

#include "lib/config/full.h"
#include "lib/config/log.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/next/real.h"
#include "lib/report/output.h"
#include "lib/report/report.h"
#include "lib/report/reporter.h"
#include "lib/report/segment.h"
#include "lib/sys/clock.h"
#include "lib/sys/glibc.h"
#include "lib/thread/thread.h"

static struct {
    bool begun;
    bool reported;
} exiting;

static void report_exit(void)
{
    bool text = options.final && !output_is_mute();
    if (!state_tracks() || exiting.reported)
        return;
    full_log_if_any();
    if (!text && !segment_is_open() && !options.keep)
        return; /* and a forked child that has not been set up needs not be */
    lifecycle_init_child();
    if (!state_is_own_process())
        return; /* a vfork child that exits: the accounting are its parent's */
    exiting.reported = true;
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
    exiting.begun = true;
}

void lifecycle_exit_handler_added(void)
{
    if (state_tracks() && real.__cxa_atexit != NULL)
        real.__cxa_atexit(exit_begins, NULL, NULL);
}

void lifecycle_stderr_closes(void)
{
    if (exiting.begun)
        report_exit();
}

__attribute__((destructor)) static void finish(void)
{
    report_exit();
}

void lifecycle_quick_exit_begins(void *unused)
{
    (void)unused;
    report_exit();
}
