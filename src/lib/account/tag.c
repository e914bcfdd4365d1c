#include "tag.h"

#include <string.h>

#include "lib/sys/glibc.h"
#include "snapshot/format.h"

uint32_t tags_last = (uint32_t)-1; /* there is none; written under the accounting lock, read by anybody */

static struct {
    unsigned left_out;
    char name[TAGS_MAX][SNAPSHOT_NAME];
    struct tag_level total;
    struct tag_level level[TAGS_MAX];
} tags SPARSE;

_Static_assert(1 << TAG_BITS == TAGS_MAX, "a tag fits the bits that keys have for it");

void tag_start(void)
{
    tag_intern("(untagged)", 10);
    tag_intern("(other)", 7);
}

static size_t name_length(size_t length)
{
    return length < SNAPSHOT_NAME ? length : SNAPSHOT_NAME - 1;
}

/* Where a name is among those known, or their count. */
static unsigned tag_slot(const char *name, size_t length)
{
    unsigned count = tag_count();
    for (unsigned tag = 0; tag < count; tag++)
        if (memcmp(tags.name[tag], name, length) == 0 && tags.name[tag][length] == '\0')
            return tag;
    return count;
}

unsigned tag_intern(const char *name, size_t length)
{
    length = name_length(length);
    unsigned tag = tag_slot(name, length);
    if (tag < tag_count())
        return tag;
    if (tag == TAGS_MAX) {
        tags.left_out++;
        return TAG_OTHER;
    }
    memcpy(tags.name[tag], name, length);
    __atomic_store_n(&tags_last, tag, __ATOMIC_RELEASE); /* pairs with tag_count */
    return tag;
}

unsigned tag_find(const char *name, size_t length)
{
    unsigned count = tag_count(); /* before: it may grow meanwhile */
    unsigned tag = length < SNAPSHOT_NAME ? tag_slot(name, length) : count;
    return tag < count ? tag : TAG_UNTAGGED;
}

const char *tag_name(unsigned tag)
{
    return tags.name[tag];
}

unsigned tags_left_out(void)
{
    return tags.left_out;
}

static void raise_to(uint64_t *peak, uint64_t live)
{
    uint64_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);
    while ((int64_t)live > (int64_t)seen &&
           !__atomic_compare_exchange_n(peak, &seen, live, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* glibc tells that the process has one thread before it starts the second: until then no lock prefix is paid. */
static void level_push(struct tag_level *level, uint64_t net)
{
    if (__libc_single_threaded) {
        cell_add(&level->live, net);
        if ((int64_t)level->live > (int64_t)level->peak)
            level->peak = level->live;
        return;
    }
    raise_to(&level->peak, __atomic_add_fetch(&level->live, net, __ATOMIC_RELAXED));
}

void tag_push(unsigned tag, uint64_t net)
{
    level_push(&tags.level[tag], net);
    level_push(&tags.total, net);
}

void tag_raise(unsigned tag, uint64_t live)
{
    raise_to(&tags.level[tag].peak, live);
}

void total_raise(uint64_t live)
{
    raise_to(&tags.total.peak, live);
}

uint64_t tag_peak(unsigned tag)
{
    return __atomic_load_n(&tags.level[tag].peak, __ATOMIC_RELAXED);
}

uint64_t total_peak(void)
{
    return __atomic_load_n(&tags.total.peak, __ATOMIC_RELAXED);
}

uint64_t tag_level(unsigned tag)
{
    return __atomic_load_n(&tags.level[tag].live, __ATOMIC_RELAXED);
}

uint64_t total_level(void)
{
    return __atomic_load_n(&tags.total.live, __ATOMIC_RELAXED);
}

static void forget_peak(struct tag_level *level)
{
    __atomic_store_n(&level->peak, __atomic_load_n(&level->live, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

void tags_forget_peaks(void)
{
    for (unsigned tag = 0; tag < tag_count(); tag++)
        forget_peak(&tags.level[tag]);
    forget_peak(&tags.total);
}

bool tag_name_is_good(const char *name, size_t length)
{
    return length != 0 && length < SNAPSHOT_NAME && format_shows(name, length);
}
