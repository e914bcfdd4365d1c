#include "feature.h"

#include <string.h>

#include "snapshot/snapshot.h"

#define TM_LIBRARY
#include "trackmalloc.h"

_Static_assert((int)SNAPSHOT_PART_DATE == (int)TM_FEATURE_DATE && (int)SNAPSHOT_PART_VM == (int)TM_FEATURE_VM,
               "left out by their numbers");
_Static_assert((int)SNAPSHOT_PART_THREADS == (int)TM_FEATURE_THREADS &&
                   (int)SNAPSHOT_PART_COUNTS == (int)TM_FEATURE_COUNTS,
               "left out by their numbers");

enum {
    STANDARD = TM_FEATURE_DATE | TM_FEATURE_THREADS | TM_FEATURE_COUNTS | TM_FEATURE_CHANGES | TM_FEATURE_BLOCKS |
               TM_FEATURE_VM
};

static const struct {
    const char *name;
    unsigned bits;
} names[] = {
    {"date", TM_FEATURE_DATE},
    {"threads", TM_FEATURE_THREADS},
    {"counts", TM_FEATURE_COUNTS},
    {"changes", TM_FEATURE_CHANGES},
    {"blocks", TM_FEATURE_BLOCKS},
    {"malloc_info", TM_FEATURE_MALLOC_INFO},
    {"malloc_stats", TM_FEATURE_MALLOC_STATS},
    {"mallinfo", TM_FEATURE_MALLINFO},
    {"vm", TM_FEATURE_VM},
    {"all", FEATURES},
};

static unsigned features = STANDARD;

unsigned feature_on(void)
{
    return __atomic_load_n(&features, __ATOMIC_ACQUIRE); /* what a feature needs was found before it was on */
}

unsigned feature_off(void)
{
    return FEATURES & ~feature_on();
}

bool feature_is_on(unsigned feature)
{
    return (feature_on() & feature) != 0;
}

unsigned feature_switch(unsigned on, unsigned off)
{
    unsigned now = (feature_on() | on) & ~off;
    __atomic_store_n(&features, now, __ATOMIC_RELEASE);
    return now;
}

void feature_clear(void)
{
    feature_switch(STANDARD, FEATURES & ~STANDARD);
}

bool feature_option(const char *text, size_t length)
{
    bool off = length > 0 && *text == '-';
    text += off;
    length -= off;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (strlen(names[i].name) != length || memcmp(names[i].name, text, length) != 0)
            continue;
        feature_switch(off ? 0 : names[i].bits, off ? names[i].bits : 0);
        return true;
    }
    return false;
}
