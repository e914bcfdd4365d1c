/* The header: the sixteen bytes before every block that we hand out. Decoded here and nowhere else.
 *
 *   p-16  birth   ticks since start                  (age.h)
 *   p-12  size    as asked for; of a huge block the low half
 *   p-8   tag     who holds it                       (tag.h)
 *   p-6   context call site x tag x size class       (context.h)
 *   p-4   flags   how the block was made, where its base is, and whether it is huge
 *   p-2   check   CHECK while the block lives
 *
 * glibc keeps the chunk size in the eight bytes before a pointer, and its top sixteen bits are zero: a foreign
 * glibc pointer is never taken for ours. Shape and check are compared as one word, so that the fast path's one
 * test also says "plain, 16-aligned, made by malloc". */
#ifndef TM_BLOCK_H
#define TM_BLOCK_H

#include "lib/sys/base.h"

/* How a block was made; freed in another family's way is reported as a mismatch, never fatal. */
enum family { FAMILY_MALLOC = 0, FAMILY_NEW = 1, FAMILY_NEW_ARRAY = 2 };

enum {
    BLOCK_HEADER = 16,
    BLOCK_PREFIXED = 2 * BLOCK_HEADER, /* a header, and space for a prefix */
    BLOCK_ALIGNMENT = 16,              /* what malloc promises */
    /* Up to here calloc is malloc and memset: glibc's calloc (2.36) passes its thread cache by. */
    BLOCK_CALLOC_SMALL = 1024,
    BLOCK_CHECK = 0xA70C,
    BLOCK_FREED = 0xFFFF, /* left where the check stood */

    FLAGS_FAMILY = 0x3,    /* mask: enum made */
    FLAG_HUGE = 0x4,       /* 4 GiB and more: the whole size is at the block's base */
    FLAG_BOOT = 0x8,       /* of the bootstrap arena: never returned to an allocator */
    FLAG_ALIGNED = 0x10,   /* the space before the user pointer is one whole alignment: its log2 */
    FLAG_STACK = 0x20,     /* its stack is noted at its base */
    FLAG_ZEROED = 0x40,    /* never in a header: by calloc, should the block have to be made anew */
    FLAG_UNCOUNTED = 0x80, /* made while counting was paused: in no accounting, ever */
    FLAGS_SPACE_SHIFT = 8, /* else that room in units of 16 bytes, beyond the header */
    BLOCK_SPACE_MOST = 256 * BLOCK_HEADER,
    BLOCK_SPACE = 0xff << FLAGS_SPACE_SHIFT, /* mask */

    BLOCK_HUGE = FLAG_HUGE | (BLOCK_PREFIXED / BLOCK_HEADER - 1) << FLAGS_SPACE_SHIFT
};

struct block {
    uint32_t birth;
    uint32_t size_low;
    union {
        struct {
            uint16_t tag;
            uint16_t context;
            union {
                struct {
                    uint16_t flags;
                    uint16_t check;
                };
                uint32_t flags_check;
            };
        };
        uint64_t template; /* what a site's cache entry holds ready-made */
    };
};

/* What is at the base of a block that is huge, or whose stack is known. */
struct block_prefix {
    uint64_t size_or_weight; /* the whole size where it is huge, else how many blocks it stands for (sample.h) */
    uint32_t stack;
    uint32_t unused;
};

_Static_assert(sizeof(struct block_prefix) == BLOCK_HEADER, "fits between the base and the header");
_Static_assert(sizeof(struct block) == BLOCK_HEADER, "sixteen bytes a block and not more");
_Static_assert(offsetof(struct block, template) == 8 && offsetof(struct block, flags_check) == 12, "layout is fixed");
_Static_assert(offsetof(struct block, check) == 14, "the check stands where glibc's size has zeros");

#define BLOCK_LIVE(flags) ((uint32_t)BLOCK_CHECK << 16 | (uint32_t)(flags))

/* The header of a user pointer. */
HOT struct block *block_of(const void *user)
{
    return (struct block *)((char *)user - BLOCK_HEADER);
}

HOT void *block_user(struct block *block)
{
    return (char *)block + BLOCK_HEADER;
}

/* The word of a plain block that malloc made. */
HOT uint64_t block_template(unsigned tag, unsigned context)
{
    return (uint64_t)BLOCK_LIVE(0) << 32 | (uint64_t)context << 16 | tag;
}

HOT bool block_is_ours(const struct block *block)
{
    return block->check == BLOCK_CHECK;
}

/* Marks a block as no longer live. One store of a sign-extended immediate over the whole word: glibc's free loads
 * these eight bytes next, and a load that spans two stores waits for both. */
HOT void block_wipe(struct block *block)
{
    block->template = (uint64_t)-1;
}

/* From the real block's start to the user pointer. */
HOT size_t block_offset(unsigned flags)
{
    unsigned space = flags >> FLAGS_SPACE_SHIFT;
    return flags & FLAG_ALIGNED ? (size_t)1 << space : (space + 1ul) * BLOCK_HEADER;
}

/* The header of a block whose real block begins at `base`. */
HOT struct block *block_at(char *base, unsigned flags)
{
    return (struct block *)(base + block_offset(flags) - BLOCK_HEADER);
}

/* The flags for an alignment above malloc's: it is kept in a header only where the room is the whole alignment. */
HOT unsigned block_aligned_flags(size_t alignment, unsigned flags)
{
    return alignment > BLOCK_ALIGNMENT ? flags | FLAG_ALIGNED | log2_floor(alignment) << FLAGS_SPACE_SHIFT : flags;
}

/* The part of flags that says so, for an offset of up to BLOCK_SPACE_MOST. */
HOT unsigned block_space(size_t offset)
{
    return (unsigned)(offset / BLOCK_HEADER - 1) << FLAGS_SPACE_SHIFT;
}

/* What the real allocator gave, and wants back. */
HOT char *block_base(const struct block *block)
{
    return (char *)block + BLOCK_HEADER - block_offset(block->flags);
}

/* Only where the flags say that there is one. */
HOT struct block_prefix *block_prefix(const struct block *block)
{
    return (struct block_prefix *)block_base(block);
}

/* The size that was asked for. A huge block's base has space for it before the header. */
HOT size_t block_size(const struct block *block)
{
    if (UNLIKELY(block->flags & FLAG_HUGE))
        return block_prefix(block)->size_or_weight;
    return block->size_low;
}

HOT void block_fill(struct block *block, uint64_t template, size_t size, uint32_t birth, unsigned flags)
{
    block->birth = birth; /* NOLINT(clang-analyzer-core.NullDereference): no base is so low */
    block->size_low = (uint32_t)size;
    block->template = template | (uint64_t)flags << 32;
    if (UNLIKELY(block->flags & FLAG_HUGE))
        block_prefix(block)->size_or_weight = size;
}

HOT enum family block_family(const struct block *block)
{
    return (enum family)(block->flags & FLAGS_FAMILY);
}

#endif
