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

/* What a call returns: TM_OK, and without the library `result`. */
#define WITHOUT(result) (present ? TM_OK : (result))

struct api_part {
    const char *name;
    void (*run)(void);
};

/* Runs the part that the command line names; the exit status of the program. */
static inline int run_api_part(const struct api_part *parts, size_t count, int argc, char **argv)
{
    present = tm_tag_count() != 0;
    for (size_t i = 0; argc > 1 && i < count; i++)
        if (strcmp(argv[1], parts[i].name) == 0) {
            parts[i].run();
            printf("%s done\n", argv[1]);
            return 0;
        }
    return 99;
}

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
