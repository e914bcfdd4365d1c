#include "control.h"

#include <string.h>

#include "lib/account/slab.h"
#include "lib/account/tag.h"
#include "lib/collect/collect_sites.h"
#include "lib/collect/growth.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/sys/clock.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"
#include "output.h"
#include "report.h"
#include "segment.h"

#define WATCH_NS_MOST (60 * 1000000000ull) /* a promise that reaches farther is none */

static struct {
    uint64_t watch_ms;
    unsigned looks;
    bool paused;
} outside;

bool control_baseline(struct lock_owner self)
{
    if (lock_take(&lock_report, self) != LOCK_TAKEN)
        return false;
    growth_reset();
    collect_forget_peaks();
    tags_forget_peaks();
    lock_release(&lock_report);
    return true;
}

/* Sends everybody off the fast path: set before the caches forget (track.c, book). */
void control_pause(void)
{
    state_pause();
    slab_forget_sites();
}

bool control_resume(void)
{
    return state_resume();
}

uint64_t control_watch_ms(void)
{
    return outside.watch_ms;
}

static uint64_t watch_wanted(const struct segment_control *control)
{
    uint64_t now = sys_clock_ns();
    if (control->watched_until_ns <= now || control->watched_until_ns - now > WATCH_NS_MOST)
        return 0;
    return control->watch_ms > SEGMENT_WATCH_MS_LEAST ? control->watch_ms : SEGMENT_WATCH_MS_LEAST;
}

/* ---- requests ---- */

static const char *answer_report(struct lock_owner self)
{
    if (output_is_mute())
        return "reports are off (output=none)";
    return report_write(SNAPSHOT_REQUEST, self) ? NULL : "the report could not be written";
}

static const char *pause(void)
{
    if (outside.paused)
        return "it is paused already";
    outside.paused = true;
    control_pause();
    return NULL;
}

static const char *resume(void)
{
    if (!outside.paused)
        return "it was not paused from outside";
    outside.paused = false;
    return control_resume() ? NULL : "the program has resumed it itself";
}

static const char *answer_option(const struct segment_control *control)
{
    char name[SEGMENT_NAME];
    char value[SEGMENT_VALUE];
    memcpy(name, control->name, sizeof name); /* others may change theirs at any time */
    memcpy(value, control->value, sizeof value);
    name[sizeof name - 1] = value[sizeof value - 1] = '\0';
    switch (options_change(name, value)) {
    case OPTIONS_CHANGED:
        return NULL;
    case OPTIONS_UNKNOWN:
        return "there is no such option";
    case OPTIONS_FIXED:
        return "this option is fixed when the program starts";
    default:
        return "this value is not allowed";
    }
}

/* NULL: it was done. Else why not. */
static const char *carry_out(const struct segment_control *control, struct lock_owner self)
{
    switch (control->command) {
    case SEGMENT_REPORT:
        return answer_report(self);
    case SEGMENT_BASELINE:
        return control_baseline(self) ? NULL : "a report is being made";
    case SEGMENT_PAUSE:
        return pause();
    case SEGMENT_RESUME:
        return resume();
    case SEGMENT_SET:
        return answer_option(control);
    case SEGMENT_PUBLISH:
        return report_publish(self) ? NULL : "the snapshot could not be published";
    default:
        return "it knows no such request";
    }
}

void control_look(struct lock_owner self)
{
    struct segment_control control = {.request = 0};
    if (segment_is_opened_anew() && outside.watch_ms == 0 && ++outside.looks % TICKS_PER_SECOND != 0)
        return;
    outside.watch_ms = 0;
    if (!segment_read_control(&control, self))
        return;
    outside.watch_ms = watch_wanted(&control);
    if (control.request == segment_answered())
        return;
    const char *why = carry_out(&control, self);
    segment_answer(control.request, why == NULL ? 0 : -1, why != NULL ? why : "", self);
}
