/* Stacks of every kind: signal handlers', coroutines', one that was unmapped, and the top of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "lib/stack/stack.h"
#include "shapes.h"
#include "stack_calls.h"
#include "truth.h"

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void on_signal(int signal)
{
    (void)signal;
    recurse(2);
    handled++;
}

static void install(int signal, int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(signal, &action, NULL), 0);
}

static void raise_in(void *ignored)
{
    (void)ignored;
    truth_allocate(&trace);
    raise(SIGUSR1);
    truth_allocate(&trace);
    KEEP_FRAME();
}

static void handlers_allocate(int flags)
{
    install(SIGUSR1, flags);
    for (unsigned number = 0; number < 3; number++)
        for (unsigned i = 0; i < SHAPES; i++) {
            shapes[i](raise_in, NULL, number);
            shapes_rbp[i](raise_in, NULL, number);
        }
}

static void inside_a_handler(void **state)
{
    (void)state;
    handlers_allocate(0);
}

static void inside_a_handler_on_a_stack_of_its_own(void **state)
{
    (void)state;
    static char space[STACK_BYTES];
    stack_t before;
    assert_int_equal(sigaltstack(&(stack_t){.ss_sp = space, .ss_size = sizeof space}, &before), 0);
    handlers_allocate(SA_ONSTACK);
    before.ss_flags |= SS_DISABLE;
    before.ss_size = sizeof space;
    assert_int_equal(sigaltstack(&before, NULL), 0);
}

/* Wherever the signal comes: in a prologue, in libc, in the middle of our own walk. */
static void whenever_a_signal_comes(void **state)
{
    (void)state;
    struct itimerval often = {{0, 300}, {0, 300}};
    static const struct itimerval never;
    struct path path = {.most = 9, .truths = 50};
    install(SIGPROF, 0);
    handled = 0;
    truth_result.may_be_shorter = true;
    assert_int_equal(setitimer(ITIMER_PROF, &often, NULL), 0);
    while (handled < 200) {
        path.seed = (uint64_t)handled % 20;
        path.budget = 1000;
        wander(&path);
    }
    setitimer(ITIMER_PROF, &never, NULL);
    assert_int_equal(truth_result.wrong, 0);
    assert_in_range(truth_result.shorter, 0, 20); /* in the first instructions of a realigned function */
}

/* ---- stacks elsewhere ---- */

struct coroutine {
    ucontext_t back;
    ucontext_t here;
    unsigned rounds;
    unsigned depth;
};

static struct coroutine *started;

static void run_coroutine(void)
{
    struct coroutine *coroutine = started;
    for (unsigned i = 0; i < coroutine->rounds; i++) {
        recurse(coroutine->depth);
        shapes[i % SHAPES](allocate, NULL, i);
        swapcontext(&coroutine->here, &coroutine->back);
    }
}

static void begin_coroutine(struct coroutine *coroutine, char *stack, size_t bytes)
{
    getcontext(&coroutine->here);
    coroutine->here.uc_stack = (stack_t){.ss_sp = stack, .ss_size = bytes};
    coroutine->here.uc_link = &coroutine->back;
    makecontext(&coroutine->here, run_coroutine, 0);
}

static void resume(struct coroutine *coroutine)
{
    started = coroutine;
    swapcontext(&coroutine->back, &coroutine->here);
}

static void coroutines_take_turns(void **state)
{
    (void)state;
    struct coroutine coroutine[3] = {{.rounds = 40, .depth = 3}, {.rounds = 40, .depth = 3}, {.rounds = 40}};
    char *stack[3];
    truth_result.may_end_lost = true;
    for (unsigned i = 0; i < 3; i++)
        begin_coroutine(&coroutine[i], stack[i] = new_stack(STACK_BYTES), STACK_BYTES);
    for (unsigned round = 0; round <= 40; round++)
        for (unsigned i = 0; i < 3; i++) {
            resume(&coroutine[i]);
            recurse(round % 4);
        }
    for (unsigned i = 0; i < 3; i++)
        free_stack(stack[i], STACK_BYTES);
}

/* Nothing is allocated between one coroutine's end and the next one's first allocation, at the same addresses; where
 * the first stack was, the second one ends earlier. */
static void a_stack_is_unmapped_and_another_begins(void **state)
{
    (void)state;
    size_t bytes = 16 * PAGE;
    truth_result.may_end_lost = true;
    for (unsigned pages = 1; pages < 4; pages++) {
        struct coroutine first = {.rounds = 1, .depth = 20};
        struct coroutine second = first;
        char *stack = new_stack(bytes);
        begin_coroutine(&first, stack, bytes);
        resume(&first);
        resume(&first);
        assert_int_equal(mprotect(stack + bytes - pages * PAGE, pages * PAGE, PROT_NONE), 0);
        unwind_forget();
        begin_coroutine(&second, stack, bytes - pages * PAGE);
        resume(&second);
        resume(&second);
        free_stack(stack, bytes);
    }
}

/* Code without notes: puts the stack pointer elsewhere, and calls. */
void call_on(char *top, void (*function)(void));
__asm__(".pushsection .text\n"
        ".type call_on,@function\n"
        ".globl call_on\n"
        "call_on:\n"
        "\tpush %rbx\n"
        "\tmov %rsp, %rbx\n"
        "\tmov %rdi, %rsp\n"
        "\tcall *%rsi\n"
        "\tmov %rbx, %rsp\n"
        "\tpop %rbx\n"
        "\tret\n"
        ".size call_on,.-call_on\n"
        ".popsection\n");

/* The topmost word of the stack is the return address; above stands nothing. */
static void the_top_of_a_stack(void **state)
{
    (void)state;
    char *stack = new_stack(STACK_BYTES);
    for (unsigned i = 0; i < 3; i++) {
        call_on(stack + STACK_BYTES, allocate_unjudged);
        uint32_t outer = stack_node(found_unjudged).parent;
        assert_int_equal(stack_node(outer).address - (uintptr_t)call_on < 30, 1);
        assert_int_equal(stack_node(outer).parent, STACK_LOST);
        recurse(3);
    }
    free_stack(stack, STACK_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STACK_TEST(inside_a_handler),
        STACK_TEST(inside_a_handler_on_a_stack_of_its_own),
        STACK_TEST(whenever_a_signal_comes),
        STACK_TEST(coroutines_take_turns),
        STACK_TEST(a_stack_is_unmapped_and_another_begins),
        STACK_TEST(the_top_of_a_stack),
    };
    return cmocka_run_group_tests_name("unwind_stacks", tests, stack_suite_begins, NULL);
}
