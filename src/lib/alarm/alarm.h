/* Alarms: what is to be reported, and whether a value that was just read is such a thing.
 *
 *     alarm=TAG>SIZE           the tag holds so much; and "no more" when it is below again
 *     alarm=TAG>SIZE<SIZE      the same, with another limit for "no more"
 *     alarm=TAG+SIZE/TIME      the tag rose or fell by so much within the time (seconds; or 5m, 2h)
 *     alarm=TAG+SIZE           the same, however long it took, since it was last reported
 *     alarm=block>SIZE         a single allocation of so much
 *
 * `process` in the place of a tag is the whole process. Idea: ASMalloc's triplet of block size, delta size and delta
 * time (Aerospike), with an end to each alarm, and with time looked at through a sliding window.
 *
 * Pure: what the values are is watch.h's business. */
#ifndef TM_ALARM_H
#define TM_ALARM_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

enum { ALARMS_MAX = 64, ALARM_SLOTS = 16 };

enum alarm_what { ALARM_LEVEL, ALARM_CHANGE, ALARM_BLOCK };
enum alarm_of { ALARM_OF_PROCESS, ALARM_OF_TAG, ALARM_OF_SITE };

/* What somebody wants to be reported. */
struct alarm_spec {
    enum alarm_what what;
    enum alarm_of of;
    uint64_t bytes;
    uint64_t until;           /* of a level: the alarm is over below it */
    uint64_t within_ms;       /* of a change; 0: however long it takes */
    char name[SNAPSHOT_NAME]; /* of the tag, which there need not be yet */
};

/* The least and the most that was seen in a sixteenth of the window. */
struct alarm_slot {
    uint64_t number; /* of the sixteenth, since the clock's start */
    uint64_t least;
    uint64_t most;
};

/* What is remembered of it. All zero: nothing was seen yet. */
struct alarm_state {
    bool seen;
    bool firing;          /* of a level */
    uint64_t reported;    /* the value when it was last reported */
    uint64_t reported_ms; /* and that moment */
    struct alarm_slot slot[ALARM_SLOTS];
};

struct alarm_event {
    uint64_t value;
    int64_t change;    /* since it was last reported; of a change within a time, in that time */
    uint64_t since_ms; /* since it was last reported, or since the alarm was set */
    bool over;         /* of a level: it is below again */
};

/* Whether a wish makes sense: sizes above 0, an end that is not above its begin. */
bool alarm_is_good(const struct alarm_spec *spec);

/* As written above. */
bool alarm_parse(const char *text, size_t length, struct alarm_spec *spec);

/* ---- those of the option ---- */

enum { ALARM_OPTIONS = 16 };

void alarm_clear(void);
bool alarm_add(const char *text, size_t length); /* false: not as written above, or there are so many already */
unsigned alarm_count(void);
const struct alarm_spec *alarm_option(unsigned index);

/* ---- values ---- */

/* What a change is counted from: the value when the alarm is set. Else it is the first one that is looked at. */
void alarm_begin(const struct alarm_spec *spec, struct alarm_state *state, uint64_t value, uint64_t now_ms);

/* Looks at a value; true: it is to be reported, as *event says. Times never go back. */
bool alarm_look(const struct alarm_spec *spec, struct alarm_state *state, uint64_t value, uint64_t now_ms,
                struct alarm_event *event);

#endif
