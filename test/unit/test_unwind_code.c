/* Code that is no object's, or no longer; rules that are another function's; memory that is garbage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <sys/mman.h>

#include "lib/stack/stack.h"
#include "lib/sys/sys.h"
#include "random.h"
#include "shapes.h"
#include "stack_calls.h"
#include "truth.h"

/* ---- code that is not an object's, or no more ---- */

static void call_generated(const unsigned char *code, size_t bytes)
{
    unsigned char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    memcpy(at, code, bytes);
    void (*call)(void (*)(void), unsigned) = (void (*)(void (*)(void), unsigned))(uintptr_t)at;
    for (volatile unsigned i = 0; i < 6; i++) {
        call(allocate_unjudged, i % 3);
        uint32_t outer = stack_node(found_unjudged).parent;
        assert_in_range(stack_node(outer).address, (uintptr_t)at, (uintptr_t)at + bytes);
        assert_int_equal(stack_node(outer).parent, STACK_LOST);
        if (i == 3)
            recurse(i);
    }
    munmap(at, PAGE);
}

static void generated_code(void **state)
{
    (void)state;
    /* push rbp; mov rbp, rsp; call rdi; pop rbp; ret */
    static const unsigned char framed[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
    /* push rbp; mov rbp, 16; call rdi; pop rbp; ret */
    static const unsigned char garbage[] = {0x55, 0x48, 0xc7, 0xc5, 0x10, 0, 0, 0, 0xff, 0xd7, 0x5d, 0xc3};
    /* push rbp; test esi, esi; jz 9; call rdi; pop rbp; ret; 9: call rdi; pop rbp; ret */
    static const unsigned char two_calls[] = {0x55, 0x85, 0xf6, 0x74, 4,    0xff, 0xd7,
                                              0x5d, 0xc3, 0xff, 0xd7, 0x5d, 0xc3};
    call_generated(framed, sizeof framed);
    call_generated(two_calls, sizeof two_calls);
    call_generated(garbage, sizeof garbage);
}

static void allocate_in_plugin(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW);
    assert_non_null(plugin);
    void (*call)(shape_next *, void *) = (void (*)(shape_next *, void *))(uintptr_t)dlsym(plugin, "plugin_call");
    assert_non_null(call);
    for (unsigned i = 0; i < 3; i++)
        call(allocate, NULL);
    dlclose(plugin);
    unwind_forget();
}

static void another_library_at_the_same_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        allocate_in_plugin(UNIT_PLUGINS "/plugin_small.so");
        allocate_in_plugin(UNIT_PLUGINS "/plugin_large.so");
    }
}

/* ---- a rule is another's; memory is garbage ---- */

/* Every frame is 8 bytes larger than it is. */
static void falsify_rules(void)
{
    for (size_t i = 0; i < UNWIND_CACHE; i++)
        if (unwind_cache[i] != 0)
            unwind_cache[i] += 1u << RULE_OFFSET_SHIFT;
    stack_reset(&trace);
}

static void do_nothing(void)
{
}

static void rules_are_forgotten(void **state)
{
    (void)state;
    static void (*const before[])(void) = {do_nothing, falsify_rules, unwind_forget};
    uint32_t id[3];
    for (volatile unsigned i = 0; i < 3; i++) {
        before[i]();
        truth_result.silent = i == 1;
        id[i] = two_calls(true);
        assert_int_equal(truth_result.wrong, i == 1);
        truth_result.wrong = 0;
    }
    assert_int_not_equal(id[1], id[0]);
    assert_int_equal(id[2], id[0]);
}

/* Any frame, on a stack of which every word is an address of code, of the stack, or nothing good. */
static uintptr_t garbage(uint64_t *seed, uintptr_t stack, size_t bytes)
{
    switch (random_below(seed, 4)) {
    case 0:
        return stack + random_below(seed, bytes);
    case 1:
        return (uintptr_t)&qsort + random_below(seed, 100000);
    case 2:
        return (uintptr_t)&generated_code + random_below(seed, 10000);
    default:
        return random_scaled(seed, 63);
    }
}

static void nothing_is_read_beyond_a_stack(void **state)
{
    (void)state;
    enum { BYTES = 4 * PAGE, WORDS = BYTES / sizeof(uintptr_t) };
    uintptr_t *stack = (uintptr_t *)new_stack(BYTES);
    uint64_t seed = 20;
    unsigned steps = 0;
    for (unsigned i = 0; i < 300000; i++) {
        uintptr_t *slot = stack + random_below(&seed, WORDS);
        for (unsigned n = 0; n < 30; n++)
            stack[random_below(&seed, WORDS)] = garbage(&seed, (uintptr_t)stack, BYTES);
        struct unwind_frame frame = {.address = garbage(&seed, (uintptr_t)stack, BYTES),
                                     .slot = (uintptr_t)slot,
                                     .rbp = garbage(&seed, (uintptr_t)stack, BYTES)};
        struct unwind_range range;
        unwind_begin(&range, (uintptr_t)slot);
        while (unwind_step(&range, &frame) == UNWIND_STEPPED)
            steps++;
    }
    assert_in_range(steps, 1000, UINT32_MAX);
    free_stack((char *)stack, BYTES);
}

/* Once the program is in a sandbox, no question is asked: what is known is followed, and no further. */
static void without_system_calls(void **state)
{
    (void)state;
    uint32_t id = leaf();
    sys_calls = SYS_NONE;
    truth_result.silent = true; /* a walk that knows nothing may end at its page's end */
    for (unsigned i = 0; i < 3; i++)
        found_unjudged = stack_node(leaf()).parent;
    sys_calls = SYS_ANY;
    truth_result.wrong = 0;
    assert_int_equal(stack_node(found_unjudged).parent, stack_node(stack_node(id).parent).parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STACK_TEST(generated_code),       STACK_TEST(another_library_at_the_same_place),
        STACK_TEST(rules_are_forgotten),  STACK_TEST(nothing_is_read_beyond_a_stack),
        STACK_TEST(without_system_calls),
    };
    return cmocka_run_group_tests_name("unwind_code", tests, stack_suite_begins, NULL);
}
