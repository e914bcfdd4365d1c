/* The header, byte by byte; and that whatever is written there is read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/account/block.h"
#include "lib/account/context.h"
#include "lib/account/tag.h"
#include "random.h"

enum { ALIGNMENT_LOG_LEAST = 4, ALIGNMENT_LOG_MOST = 21, ROUNDS = 100000, SEED = 2026 };

/* What a header is made from. */
struct made_block {
    uint32_t birth;
    size_t size;
    unsigned tag, context;
    enum family made;
    unsigned alignment_log;
    bool huge;
};

static unsigned shape_of(const struct made_block *made)
{
    unsigned log = made->alignment_log;
    unsigned aligned = log > ALIGNMENT_LOG_LEAST ? FLAG_ALIGNED | log << FLAGS_SPACE_SHIFT : 0;
    return (unsigned)made->made | (made->huge ? FLAG_HUGE : 0u) | aligned;
}

/* Writes the header into a real block that starts at `base`. */
static struct block *write_block(char *base, const struct made_block *made)
{
    unsigned flags = shape_of(made);
    struct block *block = (struct block *)(base + block_offset(flags) - BLOCK_HEADER);
    block->birth = made->birth;
    block->size_low = (uint32_t)made->size;
    block->template = block_template(made->tag, made->context) | (uint64_t)flags << 32;
    if (made->huge)
        memcpy(base, &made->size, sizeof made->size);
    return block;
}

static void assert_reads_back(char *base, const struct made_block *made)
{
    struct block *block = write_block(base, made);
    char *user = block_user(block);
    assert_ptr_equal(block_of(user), block);
    assert_ptr_equal(block_base(block), base);
    assert_int_equal((uintptr_t)user % ((uintptr_t)1 << made->alignment_log), 0);
    assert_int_equal(user - base, block_offset(block->flags));
    assert_true(block_is_ours(block));
    assert_int_equal(block->birth, made->birth);
    assert_int_equal(block->tag, made->tag);
    assert_int_equal(block->context, made->context);
    assert_int_equal(block->flags_check, BLOCK_LIVE(shape_of(made)));
    assert_int_equal(block_family(block), made->made);
    assert_int_equal(block_size(block), made->size);
}

/* Room for one block of any alignment, header included; only its first pages are touched. */
static char *space;

static int make_room(void **state)
{
    (void)state;
    return posix_memalign((void **)&space, (size_t)1 << ALIGNMENT_LOG_MOST, (size_t)2 << ALIGNMENT_LOG_MOST);
}

static int drop_room(void **state)
{
    (void)state;
    free(space);
    return 0;
}

/* ---- the layout ---- */

static void every_field_has_its_bytes(void **state)
{
    (void)state;
    static const unsigned char expected[BLOCK_HEADER] = {
        0x04, 0x03, 0x02, 0x01, /* birth */
        0x14, 0x13, 0x12, 0x11, /* size */
        0x22, 0x21,             /* tag */
        0x32, 0x31,             /* context */
        0x00, 0x00,             /* shape: plain */
        0x0C, 0xA7,             /* check */
    };
    struct block *block = write_block(space, &(struct made_block){.birth = 0x01020304,
                                                                  .size = 0x11121314,
                                                                  .tag = 0x2122,
                                                                  .context = 0x3132,
                                                                  .alignment_log = ALIGNMENT_LOG_LEAST});
    assert_memory_equal(block, expected, sizeof expected);
    assert_memory_equal((char *)block_user(block) - BLOCK_HEADER, expected, sizeof expected);
}

/* The fast path compares shape and check as one word, and adds the way of making to a ready-made one. */
static void the_word_of_a_plain_block(void **state)
{
    (void)state;
    assert_int_equal(block_template(0, 0), (uint64_t)BLOCK_CHECK << 48);
    assert_int_equal(block_template(TAGS_MAX - 1, CONTEXTS_MAX - 1), (uint64_t)BLOCK_CHECK << 48 | 0xFFFF0FFF);
    struct block block = {.template = block_template(7, 9) | (uint64_t)FAMILY_NEW_ARRAY << 32};
    assert_int_equal(block.flags_check, BLOCK_LIVE(FAMILY_NEW_ARRAY));
    assert_int_equal(block.tag, 7);
    assert_int_equal(block.context, 9);
}

/* ---- what is written is read back ---- */

static void every_alignment_and_way_of_making(void **state)
{
    (void)state;
    for (unsigned log = ALIGNMENT_LOG_LEAST; log <= ALIGNMENT_LOG_MOST; log++)
        for (enum family made = FAMILY_MALLOC; made <= FAMILY_NEW_ARRAY; made++) {
            struct made_block block = {.birth = 1, .size = 100, .tag = 2, .context = 3, .made = made};
            block.alignment_log = log;
            assert_reads_back(space, &block);
            assert_int_equal(block_offset(shape_of(&block)), (size_t)1 << log);
        }
}

/* Every room that a shape can tell without an alignment, by its header's own bytes. */
static void every_room(void **state)
{
    (void)state;
    for (size_t offset = BLOCK_HEADER; offset <= BLOCK_SPACE_MOST; offset += BLOCK_HEADER) {
        unsigned flags = FAMILY_NEW | block_space(offset);
        assert_int_equal(block_offset(flags), offset);
        struct block *block = (struct block *)(space + offset - BLOCK_HEADER);
        block->template = block_template(5, 6) | (uint64_t)flags << 32;
        assert_ptr_equal(block_base(block), space);
        assert_int_equal(block_family(block), FAMILY_NEW);
        assert_int_equal(block->tag, 5);
        assert_int_equal(block->context, 6);
    }
}

static void huge_blocks(void **state)
{
    (void)state;
    static const size_t sizes[] = {0x7fff0000,      0xffffffff, (size_t)1 << 32, ((size_t)1 << 32) + 5,
                                   (size_t)1 << 47, PTRDIFF_MAX};
    for (unsigned log = ALIGNMENT_LOG_LEAST + 1; log <= ALIGNMENT_LOG_MOST; log++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct made_block block = {.birth = 8, .size = sizes[i], .tag = 4, .context = 5, .made = FAMILY_NEW};
            block.huge = true;
            block.alignment_log = log;
            assert_reads_back(space, &block);
        }
}

/* The size at the base of a huge block and its header are different bytes, also at the least alignment it has. */
static void a_huge_size_and_the_header_stand_apart(void **state)
{
    (void)state;
    struct made_block huge = {.size = SIZE_MAX / 2, .huge = true, .alignment_log = ALIGNMENT_LOG_LEAST + 1};
    struct block *block = write_block(space, &huge);
    assert_true((char *)block >= space + sizeof(size_t));
}

static struct made_block random_block(uint64_t *seed)
{
    struct made_block block = {
        .birth = (uint32_t)random_scaled(seed, 32),
        .tag = (unsigned)random_below(seed, TAGS_MAX),
        .context = (unsigned)random_below(seed, CONTEXTS_MAX),
        .made = (enum family)random_below(seed, 3),
        .alignment_log = ALIGNMENT_LOG_LEAST + (unsigned)random_below(seed, 9),
    };
    block.huge = block.alignment_log > ALIGNMENT_LOG_LEAST && random_one_in(seed, 2);
    block.size = random_scaled(seed, block.huge ? 48 : 32);
    return block;
}

static void any_header_reads_back(void **state)
{
    (void)state;
    uint64_t seed = SEED;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct made_block block = random_block(&seed);
        assert_reads_back(space, &block);
    }
}

/* ---- what is not ours ---- */

static void a_wiped_header_is_ours_no_more(void **state)
{
    (void)state;
    uint64_t seed = SEED;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct made_block made = random_block(&seed);
        struct block *block = write_block(space, &made);
        block_wipe(block);
        assert_false(block_is_ours(block));
        block_wipe(block); /* a second free that slips through brings nothing back */
        assert_false(block_is_ours(block));
    }
}

static void assert_foreign(uint64_t chunk_size)
{
    struct block block = {.birth = 0, .template = chunk_size};
    assert_false(block_is_ours(&block));
    for (enum family made = FAMILY_MALLOC; made <= FAMILY_NEW_ARRAY; made++)
        assert_int_not_equal(block.flags_check, BLOCK_LIVE(made));
}

/* The eight bytes before a glibc block: its chunk's size with three flags, of which 48 bits can be set. */
static void a_chunk_of_glibc_is_never_ours(void **state)
{
    (void)state;
    uint64_t seed = SEED;
    for (unsigned i = 0; i < ROUNDS; i++)
        assert_foreign(random_scaled(&seed, 48));
    for (unsigned bit = 0; bit < 48; bit++)
        assert_foreign((uint64_t)1 << bit);
    assert_foreign(0);
    assert_foreign(((uint64_t)1 << 48) - 1);
}

#ifdef __SANITIZE_ADDRESS__
enum { GLIBC_SERVES = false };
#else
enum { GLIBC_SERVES = true };
#endif

static void blocks_that_glibc_made_are_not_ours(void **state)
{
    (void)state;
    if (!GLIBC_SERVES)
        skip();
    for (size_t size = 0; size < (size_t)1 << 24; size = size * 2 + 1)
        for (size_t alignment = BLOCK_ALIGNMENT; alignment <= PAGE_BYTES; alignment *= 4) {
            void *volatile user = NULL; /* volatile: gcc knows that nothing of ours stands before it */
            assert_int_equal(posix_memalign((void **)&user, alignment, size), 0);
            assert_false(block_is_ours(block_of(user)));
            free(user);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_bytes),
        cmocka_unit_test(the_word_of_a_plain_block),
        cmocka_unit_test(every_alignment_and_way_of_making),
        cmocka_unit_test(every_room),
        cmocka_unit_test(huge_blocks),
        cmocka_unit_test(a_huge_size_and_the_header_stand_apart),
        cmocka_unit_test(any_header_reads_back),
        cmocka_unit_test(a_wiped_header_is_ours_no_more),
        cmocka_unit_test(a_chunk_of_glibc_is_never_ours),
        cmocka_unit_test(blocks_that_glibc_made_are_not_ours),
    };
    return cmocka_run_group_tests_name("block", tests, make_room, drop_room);
}
