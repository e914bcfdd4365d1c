/* One process's heap at one moment: fixed width, versioned, without pointers.
 *
 * The library fills it (src/lib/collect/collect.c), every face reads it: the text report (text.c), and from the segment
 * file (segment.h) the command. Counts are blocks, sizes are bytes that the program asked for. */
#ifndef TM_SNAPSHOT_H
#define TM_SNAPSHOT_H

#include <stdint.h>

enum {
    SNAPSHOT_VERSION = 6,
    SNAPSHOT_NAME = 64,         /* bytes of a name, the closing zero included */
    SNAPSHOT_SITE_NAME = 112,   /* of a call site's */
    SNAPSHOT_PATH = 256,        /* of an object's path */
    SNAPSHOT_BUILD_ID = 20,     /* bytes of a GNU build-id by SHA-1, the longest in use */
    SNAPSHOT_CODES = 4,         /* executable segments of an object at most */
    SNAPSHOT_SIZE_CLASSES = 32, /* powers of two: class 0 is [0,4), class n is [2^(n+1), 2^(n+2)), the last is open */
    SNAPSHOT_AGE_ROWS = 5,      /* < 1 s, < 10 s, < 100 s, < 1000 s, older */
    SNAPSHOT_WINDOWS = 4,       /* 1 min, 10 min, 1 hour, 1 day ago */
    SNAPSHOT_FRAMES = 64,       /* of one stack at most */
    /* Rows of the tables at most. */
    SNAPSHOT_TAGS = 4096,
    SNAPSHOT_THREADS = 1024, /* and one for those that have ended */
    SNAPSHOT_SITES = 1024,   /* and one for all others */
    SNAPSHOT_SUSPECTS = 16,
    SNAPSHOT_STACKS = 512, /* one of them for all others */
    SNAPSHOT_ALL_FRAMES = SNAPSHOT_STACKS * SNAPSHOT_FRAMES,
    SNAPSHOT_OBJECTS = 1024,
    SNAPSHOT_NOTES = 64,
    SNAPSHOT_POINTS = 512,       /* of the time series */
    SNAPSHOT_NAMES = 128 * 1024, /* bytes of the frames' names */
    SNAPSHOT_COMMAND = 4096      /* bytes of the command line */
};

#define SNAPSHOT_NONE    UINT32_MAX /* as a row: there is none */
#define SNAPSHOT_UNKNOWN UINT64_MAX /* as a time: not known */

/* What a report may leave out, numbered as in enum tm_feature. */
enum snapshot_part {
    SNAPSHOT_PART_DATE = 1,
    SNAPSHOT_PART_THREADS = 2,
    SNAPSHOT_PART_COUNTS = 4, /* tag tree, lifetimes, call sites, growth, suspects */
    SNAPSHOT_PART_VM = 256
};

enum snapshot_kind { SNAPSHOT_PERIODIC, SNAPSHOT_EXIT, SNAPSHOT_REQUEST, SNAPSHOT_ALARM };

struct snapshot_amount {
    uint64_t blocks;
    uint64_t bytes;
};

/* What one tag, or the whole process, did with the heap. live = allocated - freed, always. */
struct snapshot_counts {
    struct snapshot_amount live;
    struct snapshot_amount allocated; /* since start; a resized block counts at the size that it has now */
    struct snapshot_amount freed;
    uint64_t peak_bytes;
    uint64_t resizes;                              /* reallocs of a live block */
    uint64_t failures;                             /* requests that the allocator refused */
    struct snapshot_amount age[SNAPSHOT_AGE_ROWS]; /* the live blocks, by age */
    uint64_t lifetime[SNAPSHOT_AGE_ROWS];          /* the freed blocks, by the age they reached */
};

/* What a tag, a site or the process held some time ago, and which of that is known: the process may be too young, its
 * reports too far apart (lib/growth.h says how near to that moment the figures are). */
struct snapshot_past {
    uint64_t live_bytes[SNAPSHOT_WINDOWS];
    uint32_t known; /* a bit for each window */
    uint32_t reserved;
};

struct snapshot_tag {
    char name[SNAPSHOT_NAME];
    struct snapshot_counts counts;
    struct snapshot_past past;
};

/* What one call site did, whatever the tags of its blocks. */
struct snapshot_site {
    char name[SNAPSHOT_SITE_NAME]; /* module!function+0x12; empty where no name is known */
    uint64_t address;              /* that the call returns to; 0: all sites without a row of their own, together */
    uint32_t object;               /* the row of the object that the address is in, or SNAPSHOT_NONE */
    uint32_t tag;                  /* the row of its blocks' tag; SNAPSHOT_NONE: they have several */
    struct snapshot_amount live;
    struct snapshot_amount allocated;
    struct snapshot_amount freed;
    uint64_t peak_bytes; /* the most that a report saw */
    uint64_t age_ms;     /* of its live blocks, on average; or SNAPSHOT_UNKNOWN */
    uint64_t leak_score; /* leak.h */
    struct snapshot_past past;
};

/* Who looks like a leak, and by what evidence (lib/growth.h). Sites before tags, the strongest first. */
enum snapshot_subject { SNAPSHOT_TOTAL, SNAPSHOT_TAG, SNAPSHOT_SITE };

struct snapshot_suspect {
    uint32_t subject;        /* enum snapshot_subject: a tag or a site */
    uint32_t row;            /* of it in its own table */
    uint64_t span_ms;        /* the time over which it rose */
    uint64_t risen_bytes;    /* by how much: from low-water mark to low-water mark */
    uint64_t made_blocks;    /* in that time */
    uint64_t freed_blocks;   /* in that time */
    uint64_t bytes_per_hour; /* what the list is ranked by */
};

/* Where blocks were allocated, call by call. The numbers are estimated from samples when stack_period is not 0. */
struct snapshot_stack {
    uint64_t id;
    uint32_t site;      /* the row of the call site, or SNAPSHOT_NONE */
    uint32_t frames;    /* SNAPSHOT_FRAMES at most */
    uint32_t frame;     /* the first: its row among all frames; the allocation's own call first, main last */
    uint32_t truncated; /* 1: there were more frames */
    struct snapshot_amount live;
    struct snapshot_amount allocated;
    uint64_t samples; /* that the numbers come from */
};

struct snapshot_frame {
    uint64_t address; /* that the call returns to */
    uint32_t object;  /* the row of the object that it is in, or SNAPSHOT_NONE */
    uint32_t name_at; /* of its name among all names, a zero behind it; 0: not known */
};

/* An executable segment as it was loaded: what is at an address was in the file at address - begin + offset. */
struct snapshot_code {
    uint64_t begin;
    uint64_t end;
    uint64_t offset;
};

/* A shared object or executable that was loaded at some time: what is needed to find symbols and lines later. */
struct snapshot_object {
    char path[SNAPSHOT_PATH];
    uint8_t build_id[SNAPSHOT_BUILD_ID];
    uint32_t build_id_bytes; /* 0: it has none */
    uint64_t base;           /* what was added to the addresses of its file */
    uint64_t begin;          /* of its mapping */
    uint64_t end;            /* behind it */
    uint64_t first_seen_ms;  /* uptime */
    uint64_t gone_ms;        /* uptime; SNAPSHOT_UNKNOWN while it is there */
    uint32_t codes;          /* 0: not known */
    uint32_t reserved;
    struct snapshot_code code[SNAPSHOT_CODES];
};

/* What one thread did; a block that another thread freed stays in this one's `allocated`. */
struct snapshot_thread {
    char name[SNAPSHOT_NAME];
    uint32_t tid;     /* 0: all threads that have ended, together */
    uint32_t threads; /* how many threads are in this row */
    struct snapshot_amount allocated;
    struct snapshot_amount freed;
};

/* Why an alarm report was written: its evidence. */
enum snapshot_alarm_what { SNAPSHOT_ALARM_NONE, SNAPSHOT_ALARM_LEVEL, SNAPSHOT_ALARM_CHANGE, SNAPSHOT_ALARM_BLOCK };

struct snapshot_alarm {
    uint32_t what;                 /* enum snapshot_alarm_what */
    uint32_t over;                 /* 1: a level, and the value is below its end */
    uint32_t of;                   /* enum snapshot_subject */
    uint32_t blocks;               /* of a block alarm: so many since it was last reported */
    uint64_t limit;                /* bytes; where it is over, below which */
    uint64_t value;                /* bytes; of blocks the largest one's */
    int64_t change;                /* bytes */
    uint64_t since_ms;             /* the time of that change */
    char name[SNAPSHOT_SITE_NAME]; /* of the tag or site; of a block, the site's */
    char tag[SNAPSHOT_NAME];       /* of a block */
};

/* What the library did to the program on purpose, or could not do for it. */
enum snapshot_note_kind {
    SNAPSHOT_NOTE_OTHERS,   /* so many notes found no row */
    SNAPSHOT_NOTE_DEEPBIND, /* a library (its path as it was opened) is opened without RTLD_DEEPBIND */
    SNAPSHOT_NOTE_DROPPED,  /* a report could not be written to a file (its path) */
    SNAPSHOT_NOTE_KINDS
};

struct snapshot_note {
    char name[SNAPSHOT_PATH]; /* what it is about; empty: nothing that has a name */
    uint32_t kind;            /* enum snapshot_note_kind */
    uint32_t reserved;
    uint64_t count; /* how often */
};

/* The kernel's figures of the process's memory, in bytes. */
struct snapshot_memory {
    uint32_t known; /* 0: it could not be asked, all is 0 */
    uint32_t threads;
    uint64_t virtual_size;
    uint64_t resident;
    uint64_t resident_peak;
    uint64_t anonymous; /* of the resident: private, of files, shared */
    uint64_t file;
    uint64_t shared;
    uint64_t swapped;
    uint64_t data; /* private writable memory, resident or not */
    uint64_t minor_faults;
    uint64_t major_faults;
};

/* A moment of the past. The oldest first; the older, the farther apart. */
struct snapshot_point {
    uint64_t uptime_ms;
    uint64_t live_bytes;
    uint64_t live_blocks;
    uint64_t resident; /* bytes; 0: not known */
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
    struct snapshot_counts total;
    struct snapshot_past total_past;
    struct snapshot_amount sizes[SNAPSHOT_SIZE_CLASSES]; /* the live blocks, by size */
    uint64_t foreign_frees;                              /* pointers passed on that were not ours */
    uint64_t wild_frees;                                 /* double frees and frees within a block, reported */
    uint64_t mismatches;                                 /* freed in another way than made */
    uint64_t call_sites;                                 /* seen so far, with a row or without */
    uint64_t own_resident_bytes; /* the library's memory for accounting (an upper bound: pages once touched) */
    uint64_t own_cpu_us;         /* of the reporter thread */
    uint32_t tags;
    uint32_t tags_at;
    uint32_t tags_left_out; /* tags wanted beyond the table's end, counted under (other) */
    uint32_t threads;
    uint32_t threads_at;
    uint32_t live_threads; /* with counters of their own */
    uint32_t leaks_wanted; /* 1: the exit report lists what is still allocated */
    uint32_t sites;
    uint32_t sites_at;
    uint32_t suspects;
    uint32_t suspects_at;
    uint32_t stacks;
    uint32_t stacks_at;
    uint32_t frames;
    uint32_t frames_at;
    uint32_t names_bytes; /* of the frames, each with a closing zero; the first byte is a zero */
    uint32_t names_at;
    uint32_t objects;
    uint32_t objects_at;
    uint32_t points;
    struct snapshot_alarm alarm; /* of an alarm report */
    uint64_t stack_period; /* bytes allocated from one stack sample to the next, on average; 0: all have theirs, or none
                              has */
    uint32_t points_at;
    uint32_t command_bytes; /* the arguments, each with a closing zero; cut at SNAPSHOT_COMMAND */
    uint32_t command_at;
    uint32_t parent;        /* process id; 0: not known */
    uint64_t started_ticks; /* since boot, by its own clock, as in its /proc/PID/stat; 0: not known */
    struct snapshot_memory memory;
    uint32_t left_out; /* of the report: enum snapshot_part; 0: nothing */
    uint32_t notes;
    uint32_t notes_at;
    uint32_t reserved;
};

/* A change of one of these is a new SNAPSHOT_VERSION. */
_Static_assert(sizeof(struct snapshot_counts) == 192 && sizeof(struct snapshot_past) == 40, "no hidden padding");
_Static_assert(sizeof(struct snapshot_tag) == 296 && sizeof(struct snapshot_thread) == 104, "no hidden padding");
_Static_assert(sizeof(struct snapshot_site) == 240 && sizeof(struct snapshot_suspect) == 48, "no hidden padding");
_Static_assert(sizeof(struct snapshot_stack) == 64 && sizeof(struct snapshot_frame) == 16, "no hidden padding");
_Static_assert(sizeof(struct snapshot_alarm) == 224, "no hidden padding");
_Static_assert(sizeof(struct snapshot_object) == 424, "no hidden padding");
_Static_assert(sizeof(struct snapshot_memory) == 88 && sizeof(struct snapshot_point) == 32, "no hidden padding");
_Static_assert(sizeof(struct snapshot_note) == 272, "no hidden padding");
_Static_assert(sizeof(struct snapshot) == 1024 + sizeof(struct snapshot_alarm) + sizeof(struct snapshot_memory),
               "no hidden padding");

/* The tables: name, a row, the field of the head that says how many rows there are, the most that a process makes. The
 * head's field NAME_at says where the first one is. From this list come the accessors below, the check of foreign
 * snapshots (check.c), the arrays that the library collects into (lib/collect.c), and what a compact snapshot is, as
 * segments have it (lib/segment.c): all tables in this order, each directly behind the one before. Those of characters
 * are last, since the others' rows are aligned.
 *
 * One more table: its row and its two fields above, a line here, its check_NAME in check.c, and who fills it. */
#define SNAPSHOT_TABLES(X)                                            \
    X(tags, struct snapshot_tag, tags, SNAPSHOT_TAGS)                 \
    X(threads, struct snapshot_thread, threads, SNAPSHOT_THREADS + 1) \
    X(sites, struct snapshot_site, sites, SNAPSHOT_SITES + 1)         \
    X(suspects, struct snapshot_suspect, suspects, SNAPSHOT_SUSPECTS) \
    X(stacks, struct snapshot_stack, stacks, SNAPSHOT_STACKS)         \
    X(frames, struct snapshot_frame, frames, SNAPSHOT_ALL_FRAMES)     \
    X(objects, struct snapshot_object, objects, SNAPSHOT_OBJECTS)     \
    X(notes, struct snapshot_note, notes, SNAPSHOT_NOTES)             \
    X(points, struct snapshot_point, points, SNAPSHOT_POINTS)         \
    X(names, char, names_bytes, SNAPSHOT_NAMES)                       \
    X(command, char, command_bytes, SNAPSHOT_COMMAND)

#define SNAPSHOT_ONE(table, row, rows, most)   +1
#define SNAPSHOT_BYTES(table, row, rows, most) +(most) * sizeof(row)
enum { SNAPSHOT_TABLE_COUNT = 0 SNAPSHOT_TABLES(SNAPSHOT_ONE) };
enum { SNAPSHOT_BYTES_MOST = sizeof(struct snapshot) SNAPSHOT_TABLES(SNAPSHOT_BYTES) };
#undef SNAPSHOT_ONE
#undef SNAPSHOT_BYTES

/* snapshot_tags(snapshot) and so on: the first row, of a snapshot made by this process (a foreign one must be checked
 * before). Not sorted. snapshot_writable_tags(snapshot): the same, to be changed. */
#define SNAPSHOT_ACCESSORS(table, row, rows, most)                             \
    static inline const row *snapshot_##table(const struct snapshot *snapshot) \
    {                                                                          \
        return (const row *)((const char *)snapshot + snapshot->table##_at);   \
    }                                                                          \
    static inline row *snapshot_writable_##table(struct snapshot *snapshot)    \
    {                                                                          \
        return (row *)((char *)snapshot + snapshot->table##_at);               \
    }
SNAPSHOT_TABLES(SNAPSHOT_ACCESSORS)
#undef SNAPSHOT_ACCESSORS

#endif
