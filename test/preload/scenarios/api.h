/* What the programs of the tagging API share. They are run with and without the library: `present` says which. */
#ifndef TM_TEST_API_H
#define TM_TEST_API_H

#include "../../../include/trackmalloc.h"
#include "blocks.h"

/* A claim about the API. Unlike MUST, which is about the scene, its failure is the test's. */
#define CLAIM(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static bool present;

static inline tm_tag tag_named(const char *name)
{
    int error = 1;
    tm_tag tag = tm_tag_register(name, &error);
    CLAIM(error == (present ? TM_OK : TM_ABSENT));
    CLAIM((tag != TM_UNTAGGED) == present);
    return tag;
}

static inline struct tm_tag_info tag_info(tm_tag tag, unsigned flags)
{
    struct tm_tag_info info;
    info.struct_size = sizeof info;
    CLAIM(tm_tag_stats(tag, flags, &info) == TM_OK);
    return info;
}

/* Exactly so many blocks and bytes live under the tag, of so many ever made. */
static inline bool tag_holds(tm_tag tag, uint64_t blocks, uint64_t bytes, uint64_t ever)
{
    struct tm_tag_info info = tag_info(tag, 0);
    uint64_t aged = 0;
    for (unsigned row = 0; row < TM_AGE_ROWS; row++)
        aged += info.age_blocks[row];
    if (info.counts.live_blocks == blocks && info.counts.live_bytes == bytes && info.counts.allocated_blocks == ever &&
        aged == blocks && info.counts.allocated_blocks - info.counts.freed_blocks == blocks)
        return true;
    dprintf(2, "%s: %lu blocks, %lu bytes, %lu ever, %lu with an age\n", tm_tag_name(tag), info.counts.live_blocks,
            info.counts.live_bytes, info.counts.allocated_blocks, aged);
    return false;
}

static inline struct tm_block_info block_info(const void *block)
{
    struct tm_block_info info;
    info.struct_size = sizeof info;
    CLAIM(tm_ask(block, &info) == TM_OK);
    return info;
}

static inline bool is_tagged(const void *block, tm_tag tag)
{
    return block_info(block).tag == tag;
}

#endif
