/* The reader of unwinding notes: on real ones, and on damaged copies of them that end at a page which nobody may
 * touch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>

#include "lib/stack/cfi.h"
#include "random.h"

enum { PAGE = 4096 };

/* An object's notes, a copy of them, and its code. */
struct object {
    struct cfi_info notes;
    struct cfi_info copy;
    uintptr_t code;
    size_t code_bytes;
    uint8_t *guarded;
    size_t guarded_bytes;
};

/* From .eh_frame_hdr to the segment's end; .eh_frame follows it. */
static void find_notes(const void *inside, struct object *object)
{
    struct dl_find_object found;
    assert_int_equal(_dl_find_object((void *)(uintptr_t)inside, &found), 0);
    const Elf64_Ehdr *elf = found.dlfo_map_start;
    const Elf64_Phdr *header = (const Elf64_Phdr *)((const char *)elf + elf->e_phoff);
    const uint8_t *notes = found.dlfo_eh_frame;
    for (unsigned i = 0; i < elf->e_phnum; i++) {
        uint8_t *begin = (uint8_t *)found.dlfo_map_start + header[i].p_vaddr;
        if (header[i].p_type == PT_LOAD && notes >= begin && notes < begin + header[i].p_filesz)
            object->notes = (struct cfi_info){notes, notes, begin + header[i].p_filesz};
        if (header[i].p_type == PT_LOAD && (header[i].p_flags & PF_X) != 0) {
            object->code = (uintptr_t)begin;
            object->code_bytes = header[i].p_memsz;
        }
    }
    assert_non_null(object->notes.header);
    assert_int_not_equal(object->code_bytes, 0);
}

/* The copy ends where a page ends that no other follows, or begins where one begins; or is in its lines as the
 * notes do. */
enum place { AT_END, AT_BEGIN, AS_ALIGNED };

static void copy_notes(struct object *object, enum place place)
{
    size_t bytes = (size_t)(object->notes.end - object->notes.begin);
    size_t pages = (bytes + (place == AS_ALIGNED ? 16 : 0) + PAGE - 1) / PAGE * PAGE;
    object->guarded_bytes = pages + 2 * PAGE;
    object->guarded = mmap(NULL, object->guarded_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(object->guarded, MAP_FAILED);
    assert_int_equal(mprotect(object->guarded + PAGE, pages, PROT_READ | PROT_WRITE), 0);
    size_t before = place == AT_END ? pages - bytes : place == AT_BEGIN ? 0 : (uintptr_t)object->notes.begin % 16;
    uint8_t *to = object->guarded + PAGE + before;
    memcpy(to, object->notes.begin, bytes);
    object->copy = (struct cfi_info){to, to, to + bytes};
}

static void free_copy(struct object *object)
{
    munmap(object->guarded, object->guarded_bytes);
}

static uintptr_t random_pc(uint64_t *seed, const struct object *object)
{
    return object->code + random_below(seed, object->code_bytes);
}

/* Addresses are relative to the notes: code that is as far from the copy has the same rules. */
static uintptr_t pc_of_copy(const struct object *object, uintptr_t pc)
{
    return pc + ((uintptr_t)object->copy.header - (uintptr_t)object->notes.header);
}

static const void *const places[] = {&qsort, &dlopen, &find_notes, &_cmocka_run_group_tests};

#define FOR_EACH_OBJECT(object) \
    for (size_t n = 0; n < sizeof places / sizeof *places && (find_notes(places[n], object), true); n++)

static void real_notes_are_understood(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct object object;
    FOR_EACH_OBJECT(&object)
    {
        unsigned known = 0;
        for (unsigned i = 0; i < 20000; i++) {
            struct cfi_rule rule;
            if (!cfi_find(&object.notes, random_pc(&seed, &object), &rule))
                continue;
            known++;
            assert_true(rule.cfa.base == CFI_RSP || rule.cfa.base == CFI_RBP);
        }
        assert_in_range(known, 10000, 20000); /* most code has notes: padding between functions has none */
    }
}

static void a_copy_says_the_same(void **state)
{
    (void)state;
    uint64_t seed = 2;
    struct object object;
    FOR_EACH_OBJECT(&object)
    {
        copy_notes(&object, AS_ALIGNED);
        for (unsigned i = 0; i < 20000; i++) {
            struct cfi_rule rule, again;
            uintptr_t pc = random_pc(&seed, &object);
            memset(&rule, 0, sizeof rule);
            memset(&again, 0, sizeof again);
            assert_int_equal(cfi_find(&object.notes, pc, &rule),
                             cfi_find(&object.copy, pc_of_copy(&object, pc), &again));
            assert_memory_equal(&rule.cfa.offset, &again.cfa.offset, sizeof rule.cfa.offset);
            assert_int_equal(rule.cfa.base, again.cfa.base);
            assert_int_equal(rule.rbp.kept, again.rbp.kept);
            assert_int_equal(rule.rbp.at.offset, again.rbp.at.offset);
        }
        free_copy(&object);
    }
}

static void code_beyond_an_object_has_no_rule(void **state)
{
    (void)state;
    struct object object;
    FOR_EACH_OBJECT(&object)
    {
        struct cfi_rule rule;
        assert_false(cfi_find(&object.notes, 0, &rule));
        assert_false(cfi_find(&object.notes, object.code + ((uintptr_t)1 << 32), &rule));
        assert_false(cfi_find(&object.notes, UINTPTR_MAX, &rule));
    }
}

/* ---- damage ---- */

static uint8_t damaged_byte(uint64_t *seed, uint8_t byte)
{
    static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff, 0x0f, 0x16, 0x10, 0x40, 0xc6};
    switch (random_below(seed, 3)) {
    case 0:
        return byte ^ (uint8_t)(1u << random_below(seed, 8));
    case 1:
        return edges[random_below(seed, sizeof edges)];
    default:
        return (uint8_t)random_next(seed);
    }
}

static void read_damaged(uint64_t *seed, struct object *object, unsigned header_bytes, unsigned bytes)
{
    size_t size = (size_t)(object->copy.end - object->copy.begin);
    uint8_t *at = (uint8_t *)(uintptr_t)object->copy.begin;
    for (unsigned i = 0; i < bytes; i++) {
        size_t place = random_below(seed, i < header_bytes ? 16 : size);
        at[place] = damaged_byte(seed, at[place]);
    }
    for (unsigned i = 0; i < 500; i++) {
        struct cfi_rule rule;
        cfi_find(&object->copy, pc_of_copy(object, random_pc(seed, object)), &rule);
    }
}

/* Never a byte outside, never without end. The notes are damaged more and more. */
static void damaged_notes(enum place place, uint64_t seed)
{
    struct object object;
    FOR_EACH_OBJECT(&object)
    for (unsigned round = 0; round < 20; round++) {
        copy_notes(&object, place);
        for (unsigned damage = 0; damage < 40; damage++)
            read_damaged(&seed, &object, damage % 8 == 7, 1 + (unsigned)(object.guarded_bytes / 200));
        free_copy(&object);
    }
}

static void damaged_notes_before_a_hole(void **state)
{
    (void)state;
    damaged_notes(AT_END, 3);
}

static void damaged_notes_behind_a_hole(void **state)
{
    (void)state;
    damaged_notes(AT_BEGIN, 4);
}

/* Cut off anywhere. */
static void truncated_notes(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct object object;
    FOR_EACH_OBJECT(&object)
    for (unsigned round = 0; round < 100; round++) {
        size_t size = (size_t)(object.notes.end - object.notes.begin);
        struct object part = object;
        part.notes.end = part.notes.begin + (round < 20 ? round : random_below(&seed, size));
        copy_notes(&part, AT_END);
        for (unsigned i = 0; i < 300; i++) {
            struct cfi_rule rule;
            cfi_find(&part.copy, pc_of_copy(&part, random_pc(&seed, &object)), &rule);
        }
        free_copy(&part);
    }
}

/* ---- one entry, written by hand ---- */

enum { HAND_BYTES = 512, HAND_CODE = 1000, HAND_CODE_BYTES = 100 };

static uint8_t hand[HAND_CODE + HAND_CODE_BYTES]; /* the notes, and the code's place */

static uint8_t *put4(uint8_t *at, int64_t value)
{
    int32_t number = (int32_t)value;
    memcpy(at, &number, sizeof number);
    return at + sizeof number;
}

/* Notes of one function, HAND_CODE bytes behind the notes: rsp+8 at its entry, and then what the program says. */
static struct cfi_info notes_of(const char *letters, const char *program, size_t bytes)
{
    static const uint8_t initial[] = {0x0c, 7, 8, 0x90, 1}; /* def_cfa rsp+8; ra at CFA-8 */
    uint8_t *cie = hand + 20;
    memset(hand, 0, sizeof hand);
    memcpy(hand, "\1\x1b\3\x3b", 4);
    uint8_t *at = put4(cie + 4, 0);
    *at++ = 1;
    at = (uint8_t *)stpcpy((char *)at, letters) + 1;
    memcpy(at, "\1\x78\x10\1\x1b", 5); /* code 1, data -8, ra 16; the encoding: pcrel, 4 bytes */
    memcpy(at + 5, initial, sizeof initial);
    uint8_t *fde = at + 5 + sizeof initial;
    put4(cie, fde - cie - 4);
    put4(fde + 4, fde + 4 - cie);
    put4(fde + 8, hand + HAND_CODE - (fde + 8));
    put4(fde + 12, HAND_CODE_BYTES);
    memcpy(fde + 17, program, bytes);
    put4(fde, 13 + (int64_t)bytes);
    put4(hand + 8, 1);
    put4(hand + 12, HAND_CODE);
    put4(hand + 16, fde - hand);
    return (struct cfi_info){hand, hand, hand + HAND_BYTES};
}

#define NOTES(letters, program) notes_of(letters, program, sizeof program - 1)

static struct cfi_rule rule_at(struct cfi_info notes, unsigned offset)
{
    struct cfi_rule rule;
    assert_true(cfi_find(&notes, (uintptr_t)hand + HAND_CODE + offset, &rule));
    return rule;
}

static void rows_follow_the_pc(void **state)
{
    (void)state;
    /* +1: CFA rsp+16, rbp at CFA-16; +4: CFA rbp+16; remember; +2: CFA rsp+8, rbp restored; +1: recall */
    struct cfi_info notes = NOTES("zR", "\x41\x0e\x10\x86\2\x44\x0d\6\x0a\x42\x0c\7\x08\xc6\x41\x0b");
    for (unsigned at = 0; at < HAND_CODE_BYTES; at++) {
        struct cfi_rule rule = rule_at(notes, at);
        bool entry = at == 0 || at == 7;
        assert_int_equal(rule.cfa.base, entry || at < 5 ? CFI_RSP : CFI_RBP);
        assert_int_equal(rule.cfa.offset, entry ? 8 : 16);
        assert_int_equal(rule.rbp.kept, entry ? CFI_SAME : CFI_AT);
        assert_int_equal(rule.ra.at.offset, -8);
        assert_false(rule.signal);
    }
    struct cfi_rule rule;
    assert_false(cfi_find(&notes, (uintptr_t)hand + HAND_CODE - 1, &rule));
    assert_false(cfi_find(&notes, (uintptr_t)hand + HAND_CODE + HAND_CODE_BYTES, &rule));
}

static void expressions(void **state)
{
    (void)state;
    /* def_cfa_expression {rsp+160; deref}, expression r16 {rsp+168}, expression r6 {rsp+120}; a signal frame */
    struct cfi_rule rule = rule_at(NOTES("zRS", "\x0f\4\x77\xa0\1\6\x10\x10\3\x77\xa8\1\x10\6\3\x77\xf8\0"), 0);
    assert_true(rule.signal && rule.cfa.loaded && rule.cfa.base == CFI_RSP);
    assert_int_equal(rule.cfa.offset, 160);
    assert_int_equal(rule.ra.at.offset, 168);
    assert_int_equal(rule.rbp.at.offset, 120);
    /* {rbp-8; deref}: a realigned frame */
    rule = rule_at(NOTES("zR", "\x0f\3\x76\x78\6\x10\6\2\x76\0"), 5);
    assert_true(rule.cfa.loaded && rule.cfa.base == CFI_RBP && rule.rbp.at.base == CFI_RBP);
    assert_int_equal(rule.cfa.offset, -8);
    /* {rsp+40; deref; plus 8}: hand-written code that keeps the stack pointer on the stack */
    rule = rule_at(NOTES("zR", "\x0f\5\x77\x28\6\x23\x08"), 5);
    assert_int_equal(rule.cfa.offset, 40);
    assert_int_equal(rule.cfa.add, 8);
}

/* {rsp+8; rip+0; 15; and; 11; ge; 3; shl; plus}: the PLT, whose entries push one word in the middle. */
static void the_plt(void **state)
{
    (void)state;
    struct cfi_info notes = NOTES("zR", "\x0f\x0b\x77\x08\x80\0\x3f\x1a\x3b\x2a\x33\x24\x22");
    for (unsigned at = 0; at < 64; at++) {
        unsigned within = (unsigned)((uintptr_t)hand + HAND_CODE + at) % 16;
        assert_int_equal(rule_at(notes, at).cfa.offset, within >= 11 ? 16 : 8);
    }
}

static void what_is_not_known_is_no_rule(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        size_t bytes;
    } cases[] = {
#define CASE(program) {program, sizeof program - 1}
        CASE("\x0c\x0a\0"),       /* CFA r10+0 */
        CASE("\x3f"),             /* no such instruction */
        CASE("\x0b"),             /* recall of nothing */
        CASE("\x0f\2\x35\6"),     /* {5; deref} */
        CASE("\x0f\1\x06"),       /* {deref} of nothing */
        CASE("\x0f\1\x35"),       /* {5} */
        CASE("\x0f\x7f\x77\0"),   /* longer than the entry */
        CASE("\x0f\4\x77\0\6\6"), /* {rsp; deref; deref} */
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cfi_rule rule;
        struct cfi_info notes = notes_of("zR", cases[i].program, cases[i].bytes);
        assert_false(cfi_find(&notes, (uintptr_t)hand + HAND_CODE, &rule));
    }
    struct cfi_rule rule;
    struct cfi_info notes = NOTES("zX", "");
    assert_false(cfi_find(&notes, (uintptr_t)hand + HAND_CODE, &rule));
    assert_int_equal(rule_at(NOTES("zR", "\7\x10"), 3).ra.kept, CFI_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_notes_are_understood),
        cmocka_unit_test(a_copy_says_the_same),
        cmocka_unit_test(code_beyond_an_object_has_no_rule),
        cmocka_unit_test(damaged_notes_before_a_hole),
        cmocka_unit_test(damaged_notes_behind_a_hole),
        cmocka_unit_test(truncated_notes),
        cmocka_unit_test(rows_follow_the_pc),
        cmocka_unit_test(expressions),
        cmocka_unit_test(the_plt),
        cmocka_unit_test(what_is_not_known_is_no_rule),
    };
    return cmocka_run_group_tests_name("cfi", tests, NULL, NULL);
}
