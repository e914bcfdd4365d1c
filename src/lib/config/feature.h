/* Which features are on: what reports contain, and which alarms are looked at (include/trackmalloc.h, enum tm_feature).
 * Idea: ASMalloc's bit set (Aerospike).
 *
 * Any thread may ask; they are switched under the accounting lock, or at start. */
#ifndef TM_FEATURE_H
#define TM_FEATURE_H

#include "lib/sys/base.h"

enum { FEATURES = 511 /* all bits that are known */ };

void feature_clear(void);                             /* as at start */
bool feature_option(const char *text, size_t length); /* NAME, -NAME, all or -all; false: none of these */

/* Switches on, then off. Returns what is on. */
unsigned feature_switch(unsigned on, unsigned off);

unsigned feature_on(void);
unsigned feature_off(void);
bool feature_is_on(unsigned feature);

#endif
