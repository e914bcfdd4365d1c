/* The public API: alarms. */
#include "api.h"

#include <string.h>

#include "lib/alarm/watch.h"
#include "lib/thread/site.h"

_Static_assert((int)TM_ALARM_BLOCK == (int)ALARM_BLOCK && (int)TM_ALARM_CHANGE == (int)ALARM_CHANGE, "as they are");
_Static_assert((int)TM_OF_SITE == (int)ALARM_OF_SITE && (int)TM_OF_TAG == (int)ALARM_OF_TAG, "as they are");

/* What a caller's struct has, as far as it goes. */
static bool copy_alarm(const struct tm_alarm *alarm, struct tm_alarm *taken)
{
    enum { LEAST = offsetof(struct tm_alarm, until), MOST = 64 * 1024 };
    size_t size = alarm->struct_size;
    if (size < LEAST || size > MOST)
        return false;
    memset(taken, 0, sizeof *taken);
    memcpy(taken, alarm, size < sizeof *taken ? size : sizeof *taken);
    return true;
}

static bool is_good(const struct tm_alarm *alarm, const struct alarm_spec *spec)
{
    bool block = alarm->what == TM_ALARM_BLOCK;
    bool at_once = alarm->flags & TM_ALARM_AT_ONCE;
    if (alarm->what > TM_ALARM_BLOCK || alarm->of > TM_OF_SITE || alarm->flags & ~(unsigned)TM_ALARM_AT_ONCE)
        return false;
    if ((block && alarm->of != TM_OF_PROCESS) || (at_once && (!block || alarm->call == NULL)))
        return false;
    return alarm_is_good(spec);
}

static bool is_known(const struct tm_alarm *alarm)
{
    if (alarm->of == TM_OF_TAG)
        return api_knows(alarm->number);
    return alarm->of != TM_OF_SITE || (alarm->number != SITE_NONE && alarm->number < site_count());
}

static int set_alarm(const struct tm_alarm *alarm)
{
    struct watch_spec spec = {.number = alarm->number, .call = alarm->call, .data = alarm->data};
    spec.alarm.what = (enum alarm_what)alarm->what;
    spec.alarm.of = (enum alarm_of)alarm->of;
    spec.alarm.bytes = alarm->bytes;
    spec.alarm.until = alarm->until != 0 ? alarm->until : alarm->bytes;
    spec.alarm.within_ms = alarm->within_ms;
    spec.at_once = alarm->flags & TM_ALARM_AT_ONCE;
    if (!is_good(alarm, &spec.alarm))
        return api_misuse(MISUSE_ALARM, TM_INVALID);
    if (!is_known(alarm))
        return TM_UNKNOWN;
    int number = watch_set(&spec);
    return number != 0 ? number : TM_FULL;
}

PUBLIC int tm_alarm_set(const struct tm_alarm *alarm)
{
    struct tm_alarm taken;
    if (!api_tracks())
        return TM_ABSENT;
    if (alarm == NULL)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    return copy_alarm(alarm, &taken) ? set_alarm(&taken) : api_misuse(MISUSE_STRUCT, TM_INVALID);
}

PUBLIC int tm_alarm_cancel(int alarm)
{
    if (!api_tracks())
        return TM_ABSENT;
    return watch_cancel(alarm) ? TM_OK : TM_UNKNOWN;
}
