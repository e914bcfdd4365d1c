/* One value of a row of a snapshot, as machines are told it: seconds, hexadecimal words, names instead of rows. */
#ifndef TM_VALUE_H
#define TM_VALUE_H

#include <stdint.h>

#include "snapshot/snapshot.h"

enum value_kind {
    VALUE_NONE, /* not known, or there is none */
    VALUE_COUNT,
    VALUE_CHANGE,
    VALUE_SECONDS, /* in microseconds here */
    VALUE_TEXT,
    VALUE_TRUTH,
    VALUE_STACK,    /* the calls of a stack, which is the row */
    VALUE_CALL,     /* those at a site, which is the row */
    VALUE_ARGUMENTS /* of the command line; the text is all of them */
};

struct value {
    enum value_kind kind;
    uint64_t count; /* of a change its two's complement */
    char *text;     /* clean; the caller frees it */
};

struct field;
typedef struct value value_get(const struct snapshot *snapshot, const void *row, const struct field *field);

struct field {
    const char *name;
    value_get *get;
    uint16_t at;    /* where its value stands in a row */
    uint16_t known; /* where a uint32_t stands, for those that look at a bit of it */
    uint16_t bit;
};

/* What stands in the row, by its type in snapshot.h: char[], uint64_t (in hexadecimal too), uint32_t. */
value_get value_text;
value_get value_text_or_none; /* where it is empty */
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

/* uint32_t: another table's row, itself or by its name. */
value_get value_row_number;
value_get value_tag;
value_get value_site;

/* uint32_t: a word for it. */
value_get value_report_kind;
value_get value_subject;
value_get value_alarm;
value_get value_note_kind;

/* What follows from the row as a whole: of a site, a suspect, a size class, an object, a stack, the process. */
value_get value_site_name;
value_get value_suspect_name;
value_get value_size_from;
value_get value_size_below;
value_get value_build_id;
value_get value_stack;
value_get value_call;
value_get value_arguments;

#endif
