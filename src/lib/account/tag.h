/* Tags: the names that blocks are counted under, with what each held at its peak. */
#ifndef TM_TAG_H
#define TM_TAG_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

enum {
    TAG_UNTAGGED = 0,
    TAG_OTHER = 1, /* what comes after the table is full */
    TAGS_MAX = 4096,
    TAG_BITS = 12
};

/* What the slabs have pushed so far; a thread pushes when its own net change passes its limit (slab.h). */
struct tag_level {
    uint64_t live;
    uint64_t peak;
};

void tag_start(void); /* once, before the first tag is asked for */

/* The tag of that name, made if it is new; a name too long is cut. TAG_OTHER once the table is full. Under the
 * accounting lock. */
unsigned tag_intern(const char *name, size_t length);
/* The same of a name that there may be: TAG_UNTAGGED when there is none. Any thread, no lock. */
unsigned tag_find(const char *name, size_t length);
/* Whether a program may register it: UTF-8, of which a report shows all but the blanks. */
bool tag_name_is_good(const char *name, size_t length);

SHARED uint32_t tags_last; /* the last one's number */

const char *tag_name(unsigned tag);

/* Tags run from 0 to count - 1. */
HOT unsigned tag_count(void)
{
    return __atomic_load_n(&tags_last, __ATOMIC_ACQUIRE) + 1; /* pairs with tag_intern */
}

unsigned tags_left_out(void); /* how often a new name found the table full */

/* Moves a net change of bytes into the tag's and the process's level, and raises their peaks. Any thread. */
void tag_push(unsigned tag, uint64_t net);
/* Raises a peak to a level that was counted exactly. */
void tag_raise(unsigned tag, uint64_t live);
void total_raise(uint64_t live);
uint64_t tag_peak(unsigned tag);
uint64_t total_peak(void);
/* What was pushed so far: off as peaks are. */
uint64_t tag_level(unsigned tag);
uint64_t total_level(void);
/* All peaks begin anew, from what is held now. */
void tags_forget_peaks(void);

#endif
