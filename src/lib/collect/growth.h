/* What everybody held some time ago, and who looks like a leak.
 *
 * Subjects - the process, its tags, its largest call sites - are reported once a report. Each has a history in
 * levels: a level keeps the last 16 units of time, and a unit is 6 s long in the first level and four times longer in
 * each further one (the last spans two weeks). Of a unit it keeps the first reading and the low-water mark. Pages are
 * touched as time passes and subjects come; nothing is ever given back.
 *
 * Pure but for its state: no libc but memset, no clock of its own. All of it under lock_report. */
#ifndef TM_GROWTH_H
#define TM_GROWTH_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

enum {
    GROWTH_SUBJECTS = 1280, /* in all; those reported last keep their places */
    GROWTH_LEVELS = 8,
    GROWTH_UNITS = 16,
    GROWTH_UNIT_MS = 6000, /* of the first level */
    GROWTH_STEP_LOG = 2,   /* a unit of the next level is four units long */
    /* Less is not worth a line, and a site that never held so much has no history: what it held before it did is told
     * as nothing. */
    GROWTH_WORTH = 4096
};

/* What is known of a subject right now. */
struct growth_reading {
    uint32_t subject; /* enum snapshot_subject */
    uint32_t row;     /* in its table of this snapshot: suspects say it again */
    uint32_t tag;     /* of a site: the row of its tag, or SNAPSHOT_NONE */
    uint64_t number;  /* that the subject always has, different from all others of its kind */
    uint64_t live_bytes;
    uint64_t made_blocks; /* since start */
    uint64_t freed_blocks;
};

/* Begins a round of readings at `now_ms`, counted from any fixed moment. Rounds may come at any distance. A time before
 * the last one counts as the last. */
void growth_begin(uint64_t now_ms);

/* Takes one subject's reading into the round, and tells what it held before. A window is known when some round was
 * within a tenth of the window of the moment wanted; with rounds every 5 s that is so from the first minute on. A
 * subject that was not there yet held nothing. A subject that finds no place (the table is full of subjects of this
 * round and the last) knows nothing. */
void growth_take(const struct growth_reading *reading, struct snapshot_past *past);

/* Writes the suspects among this round's subjects, the strongest first; returns how many.
 *
 * The history of a level makes a suspect when
 *   - it spans a minute and has nine low-water marks or more, which rise one after the other as those of no chance
 *     would: Mann and Kendall's test for a trend (1945, 1975) at z >= 3.6, once in 6,000 histories of noise;
 *   - from its first quarter to its last the low-water mark rose by a third and by GROWTH_WORTH, and stands a third
 *     above all that coarser levels remember from before. Where these remember nothing, it rose by a half: what moves
 *     within 10 % of a level never does, and what was flushed once is expected to be flushed again;
 *   - it still rises: an eighth of that came in the last quarter. What fills up and then stays is cleared after at most
 *     as long as it took to fill, and two minutes;
 *   - more blocks were made than freed, or none were freed.
 * A suspect stays one for two units after that, at least a minute, while it holds more than when the history began.
 * The longest history that does so is the evidence. Sites are before tags, those that rose by more bytes per hour
 * first; a tag is left out when the sites reported account for half of its rise. */
unsigned growth_suspects(struct snapshot_suspect out[SNAPSHOT_SUSPECTS]);

/* In a forked child: all history is the parent's. */
void growth_reset(void);

/* Memory that the histories occupy: an upper bound. */
uint64_t growth_resident(void);

#endif
