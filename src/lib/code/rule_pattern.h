/* What a rule's text says: the kind of place, and its parts, which are globs. Pure. */
#ifndef TM_RULE_PATTERN_H
#define TM_RULE_PATTERN_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

enum { RULE_PATTERN = 128 };

enum rule_kind { RULE_MODULE, RULE_FUNCTION, RULE_THREAD };

/* A glob, as a part of a rule's text. */
struct rule_part {
    uint8_t at, length; /* length 0: any */
};

struct rule {
    enum rule_kind kind;
    struct rule_part module, name; /* the name of a function or a thread */
    char pattern[RULE_PATTERN];
    char tag[SNAPSHOT_NAME];
};

_Static_assert(RULE_PATTERN <= UINT8_MAX, "a part fits");

/* A tag, or a pattern, is one line that can be printed. */
bool rule_text_is_readable(const char *text, size_t length);

/* MODULE!FUNCTION, thread/NAME, or a bare name, which is of the kind that is given. false: none of these. */
bool rule_parse_pattern(struct rule *rule, const char *text, size_t length, enum rule_kind bare);

#endif
