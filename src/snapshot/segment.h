/* The segment: a process's snapshots, in a file that others can read while it runs and after it died.
 *
 * One page that the process writes, one page that readers write, two buffers for snapshots in turn. Named PID-START, or
 * PID-START-NAMESPACE in a pid namespace that is not the first; START as in snapshot.started_ticks.
 *
 * The process writes snapshot n into buffer n % 2: first `writing` becomes n, then the bytes change, then `written`
 * becomes n. Who reads takes n = written, copies that buffer, and has a whole one if `writing` is n or n + 1 by then.
 * (The seqlock of Linux, with a second buffer so that readers need not wait.) */
#ifndef TM_SEGMENT_H
#define TM_SEGMENT_H

#include <stdint.h>

#define SEGMENT_MAGIC "trackm\r\n" /* eight bytes; a transfer that changes line ends is noticed */

enum {
    SEGMENT_VERSION = 1,
    SEGMENT_PAGE = 4096,
    SEGMENT_BUFFERS = 2,
    SEGMENT_CONTROL_AT = SEGMENT_PAGE,
    SEGMENT_BUFFERS_AT = 2 * SEGMENT_PAGE,
    SEGMENT_BUFFER_MOST = 4 * 1024 * 1024, /* a reader may refuse larger buffers */
    SEGMENT_NAME = 64,                     /* of an option, the closing zero included */
    SEGMENT_VALUE = 512,                   /* of its value, or of an answer */
    SEGMENT_WATCH_MS_LEAST = 250
};

#define SEGMENT_FIRST_NAMESPACE 4026531836u /* the inode of the first pid namespace, as the kernel fixes it */

enum segment_state { SEGMENT_LIVING, SEGMENT_ENDED /* by its own exit */ };

/* Written by the process only. */
struct segment {
    char magic[8];
    uint32_t version;
    uint32_t buffer_bytes; /* of each */
    uint32_t pid;
    uint32_t uid;
    uint64_t started_ticks; /* snapshot.started_ticks */
    uint32_t state;         /* enum segment_state */
    uint32_t mapped;        /* 1: as long as the process is this program, the file is among its mappings */
    uint64_t writing;       /* snapshots from 1 */
    uint64_t written;       /* 0: none yet */
    uint32_t answered;
    int32_t result;             /* of the request with that number: 0, or -1 */
    char answer[SEGMENT_VALUE]; /* why it failed, or the result as text */
};

enum segment_command {
    SEGMENT_NOTHING,
    SEGMENT_REPORT, /* where the process's reports go */
    SEGMENT_BASELINE,
    SEGMENT_PAUSE,
    SEGMENT_RESUME,
    SEGMENT_SET,    /* an option */
    SEGMENT_PUBLISH /* a snapshot, now */
};

/* Written by readers, who hold flock on the file: the words of a request first, then its number, one more than
 * `answered`. The process looks four times a second. */
struct segment_control {
    uint32_t request;
    uint32_t command; /* enum segment_command */
    char name[SEGMENT_NAME];
    char value[SEGMENT_VALUE];
    /* Without a lock: as long as CLOCK_MONOTONIC is below this, a snapshot is wanted every so many ms. */
    uint64_t watched_until_ns;
    uint32_t watch_ms;
    uint32_t reserved;
};

_Static_assert(sizeof(struct segment) == 64 + SEGMENT_VALUE && sizeof(struct segment) <= SEGMENT_PAGE, "its page");
_Static_assert(sizeof(struct segment_control) == 24 + SEGMENT_NAME + SEGMENT_VALUE, "no hidden padding");

#endif
