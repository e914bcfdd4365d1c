/* The public API (include/trackmalloc.h). */
#include "trackmalloc.h"

#include "lifecycle.h"
#include "reporter.h"
#include "thread.h"

PUBLIC int tm_report(int descriptor)
{
    if (descriptor < 0 || !lifecycle_up() || !lifecycle_tracks())
        return -1;
    lifecycle_settle_child();
    return reporter_report_to(descriptor, SNAPSHOT_REQUEST, thread_self()) ? 0 : -1;
}
