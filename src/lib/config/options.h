/* TRACKMALLOC_OPTIONS="name=value,name=value": one table tells what there is (options.c); parsing, the line that
 * tells of a bad value, help=on and doc/options.md all come from it. */
#ifndef TM_OPTIONS_H
#define TM_OPTIONS_H

#include "lib/sys/base.h"

enum { OPTION_TEXT = 1024 };

enum option_tags { TAGS_BY_MODULE, TAGS_BY_THREAD, TAGS_NONE };

/* SEGMENT_AUTO: where no seccomp filter was there before us. */
enum option_segment { SEGMENT_OFF, SEGMENT_AUTO, SEGMENT_ON };

/* FILTER_AUTO: trusted in a container, and where a segment was asked for; else careful. */
enum option_filter { FILTER_CAREFUL, FILTER_TRUSTED, FILTER_AUTO };

/* options.stacks: one of these, or the mean distance of samples in bytes. */
enum { STACKS_OFF = 0, STACKS_ALL = 1 };

struct options {
    uint64_t interval_ms;     /* 0: no periodic reports */
    char output[OPTION_TEXT]; /* "stderr", "none", or a path as given */
    char only[OPTION_TEXT];   /* globs, separated by ':'; empty: every program */
    uint64_t top;
    uint64_t final;   /* 0 or 1 */
    uint64_t tags;    /* enum option_tags */
    uint64_t callers; /* 0 or 1 */
    uint64_t stacks;
    uint64_t leaks;        /* 0 or 1 */
    uint64_t segment;      /* enum option_segment */
    uint64_t filter;       /* enum option_filter */
    char dir[OPTION_TEXT]; /* empty: the standard place */
    uint64_t keep;         /* 0 or 1 */
    uint64_t help;
};

SHARED struct options options;

/* An option with several values belongs to the room that they mean something to, which takes them one by one: false
 * where one is not allowed. `clear` forgets all, or is NULL where another list's does. Before options_read. */
struct options_list {
    bool (*add)(const char *value, size_t length);
    void (*clear)(void);
};
void options_register(const char *name, struct options_list list);

/* Reads them; every bad one is told by `complain` in one line without a line end, and leaves its default. */
void options_read(const char *text, void (*complain)(const char *line, size_t length));

/* Changes one while the program runs; only some may. */
enum options_change { OPTIONS_CHANGED, OPTIONS_UNKNOWN, OPTIONS_FIXED, OPTIONS_NOT_ALLOWED };
enum options_change options_change(const char *name, const char *value);

/* What help=on says and doc/options.md holds: writes it like snprintf. */
size_t options_help(char *out, size_t capacity);

/* Bytes, in units of 1024 where one is named: "65536", "64K", "0.5MiB". */
bool options_bytes(const char *value, size_t length, uint64_t *bytes);

/* Whether a name matches one of the globs (`*` and `?`) of a list separated by ':'. */
bool options_glob(const char *globs, const char *name);

#endif
