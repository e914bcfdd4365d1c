/* Who watches: the alarms that are set (alarm.h), the values that they look at, and who is notified.
 *
 * Those without a function of the program's write a report: the reporter looks at them, once a tick. Functions are
 * called by a thread of their own, an ordinary one: the reporter's has no thread-local storage, and may run none of the
 * program's code. Blocks are noticed where they are made: sizes that are watched for are kept out of the site caches
 * (site.c), so that nobody else pays for it. */
#ifndef TM_WATCH_H
#define TM_WATCH_H

#include "alarm.h"
#include "lib/account/block.h"
#include "lib/sys/base.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"

struct tm_alarm_event;

struct watch_spec {
    struct alarm_spec alarm;
    unsigned number; /* of the tag or site; a tag that has a name only: TAG_UNTAGGED */
    bool at_once;
    void (*call)(const struct tm_alarm_event *event, void *data);
    void *data;
};

void watch_start(void);  /* once: those of the option */
void watch_forked(void); /* in a forked child: nobody calls functions until one more is set */

/* The alarm's number, above 0, or 0: there is no space, or no thread to call it. Any thread of the program. */
int watch_set(const struct watch_spec *spec);
bool watch_cancel(int number);

/* Features were switched (feature.h): alarms of which none is looked at any more begin anew when they are. Under the
 * accounting lock. */
void watch_features(void);

/* Looks at all alarms without a function of the program's, once; each that rings is `report`ed. Costs nothing while
 * there are none. */
typedef bool watch_reporter(const struct snapshot_alarm *alarm, struct lock_owner self);
void watch_report(watch_reporter *report, struct lock_owner self);

/* A block of the least watched size (state_watched_least) or more was made, and counted. Keeps errno. */
COLD void watch_block(const struct block *block);

#endif
