/* operator new by its code: as compilers make it, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/code/operator_new.h"

enum { CALL_AT = 0x40, BYTES = 0x400, CALLED = 0x300, FAR_AWAY = 0x200 };

static uint8_t code[BYTES];

/* call CALLED, which returns to what is given; the loop begins with mov %rbx,%rdi before it. */
static uint64_t after_call(const uint8_t *bytes, size_t length)
{
    static const uint8_t before[] = {0x48, 0x89, 0xdf, 0xe8};
    const int32_t distance = CALLED - (CALL_AT + 5);
    memset(code, 0x90, sizeof code);
    memcpy(code + CALL_AT - 3, before, sizeof before);
    memcpy(code + CALL_AT + 1, &distance, sizeof distance);
    memcpy(code + CALL_AT + 5, bytes, length);
    return CALL_AT + 5;
}

static bool is_new(uint64_t address)
{
    const struct image image = image_of_buffer(code, sizeof code);
    return operator_new_is_code(&image, address);
}

#define AFTER_CALL(...) after_call((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* test rax; je 1f; pop; ret; 1: call get_new_handler; test rax; je throw; call *rax; jmp back */
static void as_gcc_makes_it(void **state)
{
    (void)state;
    assert_true(is_new(AFTER_CALL(0x48, 0x85, 0xc0, 0x74, 0x02, 0x5b, 0xc3, 0xe8, 0xc8, 0xff, 0xff, 0xff, 0x48, 0x85,
                                  0xc0, 0x0f, 0x84, 0x41, 0x01, 0x00, 0x00, 0xff, 0xd0, 0xeb, 0xdf)));
}

/* test rax; jne ret; call get_new_handler; test rax; je throw; call *rax; jmp back (long) */
static void as_clang_makes_it(void **state)
{
    (void)state;
    assert_true(is_new(AFTER_CALL(0x48, 0x85, 0xc0, 0x75, 0x12, 0xe8, 0xc8, 0xff, 0xff, 0xff, 0x48, 0x85, 0xc0, 0x74,
                                  0x09, 0xff, 0xd0, 0xe9, 0xe1, 0xff, 0xff, 0xff, 0x5b, 0xc3)));
}

/* The loop turned around: call *rax; mov; call CALLED again. */
static void with_a_second_call(void **state)
{
    (void)state;
    uint64_t address = AFTER_CALL(0x48, 0x85, 0xc0, 0x75, 0x20, 0xe8, 0xc8, 0xff, 0xff, 0xff, 0x48, 0x85, 0xc0, 0x74,
                                  0x20, 0xff, 0xd0, 0x48, 0x89, 0xdf, 0xe8);
    const int32_t distance = (int32_t)(CALLED - (address + 21 + 4));
    memcpy(code + address + 21, &distance, sizeof distance);
    assert_true(is_new(address));
    code[address + 21]++;
    assert_false(is_new(address)); /* to another function */
}

static void with_the_unlikely_part_far_away(void **state)
{
    (void)state;
    static const uint8_t far_part[] = {0xe8, 0, 0, 0, 0, 0x48, 0x85, 0xc0, 0x74, 0x09, 0xff, 0xd0, 0xe9};
    uint64_t address = AFTER_CALL(0x48, 0x85, 0xc0, 0x0f, 0x84);
    const int32_t there = (int32_t)(FAR_AWAY - (address + 9));
    const int32_t back = CALL_AT - 3 - (FAR_AWAY + (int32_t)sizeof far_part + 4);
    memcpy(code + address + 5, &there, sizeof there);
    memcpy(code + FAR_AWAY, far_part, sizeof far_part);
    memcpy(code + FAR_AWAY + sizeof far_part, &back, sizeof back);
    assert_true(is_new(address));
}

static void what_only_looks_like_it(void **state)
{
    (void)state;
    /* test rax; je out; call *rax; ret: no second try */
    assert_false(is_new(AFTER_CALL(0x48, 0x85, 0xc0, 0x74, 0x10, 0xff, 0xd0, 0xc3)));
    /* a loop without a function to call */
    assert_false(is_new(AFTER_CALL(0x48, 0x85, 0xc0, 0x75, 0x02, 0xeb, 0xf3, 0xc3)));
    /* call *rax, then back, but further than the call's own loop */
    assert_false(is_new(AFTER_CALL(0x48, 0x85, 0xc0, 0x74, 0x10, 0xff, 0xd0, 0xeb, 0x80)));
}

static void at_the_edges_of_an_object(void **state)
{
    (void)state;
    memset(code, 0xff, sizeof code);
    for (uint64_t at = 0; at < 8; at++) {
        assert_false(is_new(at));
        assert_false(is_new(BYTES - at));
        assert_false(is_new(BYTES + at));
    }
}

static void by_name(void **state)
{
    (void)state;
    static const char *const yes[] = {"_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZnamSt11align_val_t", "_Znwm.cold"};
    static const char *const no[] = {"_ZN3FoonwEm", "malloc", "", "_Znw"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(operator_new_is_name(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(operator_new_is_name(no[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_gcc_makes_it),
        cmocka_unit_test(as_clang_makes_it),
        cmocka_unit_test(with_a_second_call),
        cmocka_unit_test(with_the_unlikely_part_far_away),
        cmocka_unit_test(what_only_looks_like_it),
        cmocka_unit_test(at_the_edges_of_an_object),
        cmocka_unit_test(by_name),
    };
    return cmocka_run_group_tests_name("operator_new", tests, NULL, NULL);
}
