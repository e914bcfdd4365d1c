/* One value of a row of a snapshot, as other programs read it: seconds, hexadecimal words, names instead of row
 * numbers. */
#ifndef TM_VALUE_H
#define TM_VALUE_H

#include <stdint.h>

#include "snapshot/snapshot.h"

enum value_kind {
    VALUE_NONE, /* not known, or there is none */
    VALUE_COUNT,
    VALUE_CHANGE,
    VALUE_SECONDS, /* `count` is in microseconds */
    VALUE_TEXT,
    VALUE_TRUTH,
    VALUE_STACK,    /* the row is a stack: its frames */
    VALUE_CALL,     /* the row is a call site: the frames of its call */
    VALUE_ARGUMENTS /* of the command line; `text` has all of them */
};

struct value {
    enum value_kind kind;
    uint64_t count; /* of a change: its two's complement */
    char *text;     /* clean; the caller frees it */
};

struct field;
typedef struct value value_get(const struct snapshot *snapshot, const void *row, const struct field *field);

struct field {
    const char *name;
    value_get *get;
    uint16_t at;    /* offset of the value in a row */
    uint16_t known; /* offset of a uint32_t whose `bit` says whether the value is known */
    uint16_t bit;
};

/* The member at `at`, by its type in snapshot.h: char[] (text), uint64_t (count, hex), uint32_t (narrow). */
value_get value_text;
value_get value_text_or_none; /* none where it is empty */
value_get value_count;
value_get value_hex;
value_get value_narrow;
value_get value_nonzero; /* none where it is 0 */
value_get value_narrow_nonzero;
value_get value_truth;  /* uint32_t */
value_get value_change; /* int64_t */
value_get value_ms;
value_get value_us;
value_get value_past; /* none unless it is known */
value_get value_time; /* seconds since 1970 */

/* uint32_t: the number of a row of another table; as that number, or as that row's name. */
value_get value_row_number;
value_get value_tag;
value_get value_site;

/* uint32_t: an enumerator, as a word. */
value_get value_report_kind;
value_get value_subject;
value_get value_alarm;
value_get value_note_kind;

/* Computed from the whole row: of a site, a suspect, a size class, an object, a stack, the process. */
value_get value_site_name;
value_get value_suspect_name;
value_get value_size_from;
value_get value_size_below;
value_get value_build_id;
value_get value_stack;
value_get value_call;
value_get value_arguments;

#endif
