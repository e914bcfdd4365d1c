/* One process's heap at one moment: fixed width, versioned, without pointers.
 *
 * The library fills it (src/lib/collect.c), every face reads it: the text report (text.c), later the segment
 * file and the command. Counts are blocks, sizes are bytes that the program asked for. */
#ifndef TM_SNAPSHOT_H
#define TM_SNAPSHOT_H

#include <stdint.h>

enum {
    SNAPSHOT_VERSION = 1,
    SNAPSHOT_NAME = 64,         /* bytes of a name, the closing zero included */
    SNAPSHOT_SIZE_CLASSES = 32, /* powers of two: class 0 is [0,4), class n is [2^(n+1), 2^(n+2)), the last is open */
    SNAPSHOT_AGE_ROWS = 5       /* < 1 s, < 10 s, < 100 s, < 1000 s, older */
};

enum snapshot_kind { SNAPSHOT_PERIODIC, SNAPSHOT_EXIT, SNAPSHOT_REQUEST, SNAPSHOT_ALARM };

struct snapshot_amount {
    uint64_t blocks;
    uint64_t bytes;
};

/* What one tag, or the whole process, did with the heap. live = allocated - freed, always. */
struct snapshot_books {
    struct snapshot_amount live;
    struct snapshot_amount allocated; /* since start; a resized block counts at the size that it has now */
    struct snapshot_amount freed;
    uint64_t peak_bytes;
    uint64_t resizes;                              /* reallocs of a live block */
    uint64_t failures;                             /* requests that the allocator refused */
    struct snapshot_amount age[SNAPSHOT_AGE_ROWS]; /* the live blocks, by age */
    uint64_t lifetime[SNAPSHOT_AGE_ROWS];          /* the freed blocks, by the age they reached */
};

struct snapshot_tag {
    char name[SNAPSHOT_NAME];
    struct snapshot_books books;
};

/* What one thread did; a block that another thread freed stays in this one's `allocated`. */
struct snapshot_thread {
    char name[SNAPSHOT_NAME];
    uint32_t tid;     /* 0: all threads that have ended, together */
    uint32_t threads; /* how many threads this row stands for */
    struct snapshot_amount allocated;
    struct snapshot_amount freed;
};

/* The head; the rows follow at their offsets (bytes from the head's start). */
struct snapshot {
    uint32_t version;
    uint32_t bytes; /* of the whole snapshot, rows included */
    uint32_t pid;
    uint32_t kind;             /* enum snapshot_kind */
    uint32_t number;           /* of this report, from 1 */
    uint32_t peak_error_bytes; /* a peak may be off by so much for each live thread */
    int64_t wall_seconds;      /* since 1970, UTC */
    uint64_t uptime_ms;
    char program[SNAPSHOT_NAME];
    struct snapshot_books total;
    struct snapshot_amount sizes[SNAPSHOT_SIZE_CLASSES]; /* the live blocks, by size */
    uint64_t foreign_frees;                              /* pointers passed on that were not ours */
    uint64_t wild_frees;                                 /* double frees and frees of a middle pointer, told */
    uint64_t mismatches;                                 /* freed in another way than made */
    uint64_t call_sites;                                 /* contexts seen */
    uint64_t own_resident_bytes; /* the library's own bookkeeping memory (an upper bound: pages once touched) */
    uint64_t own_cpu_us;         /* of the reporter thread */
    uint32_t tags;
    uint32_t tags_at;
    uint32_t tags_left_out; /* tags wanted beyond the table's end, counted under (other) */
    uint32_t threads;
    uint32_t threads_at;
    uint32_t live_threads; /* with books of their own */
};

/* Rows of a snapshot made by this process (a foreign one must be checked before). Not sorted. */
static inline const struct snapshot_tag *snapshot_tags(const struct snapshot *snapshot)
{
    return (const struct snapshot_tag *)((const char *)snapshot + snapshot->tags_at);
}

static inline const struct snapshot_thread *snapshot_threads(const struct snapshot *snapshot)
{
    return (const struct snapshot_thread *)((const char *)snapshot + snapshot->threads_at);
}

#endif
