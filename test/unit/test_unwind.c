/* Stacks of the calling thread, compared with what the compiler's own unwinder finds: frames of every shape, stacks of
 * every kind. Each allocation is also compared with a walk that knows nothing yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "lib/stack/stack.h"
#include "lib/sys/sys.h"
#include "random.h"
#include "shapes.h"
#include "truth.h"

enum { PAGE = 4096, NODES = 1 << 22, STACK_BYTES = 256 * 1024 };

#define KEEP_FRAME() __asm__ volatile("" : : : "memory")

static struct stack_trace trace;

static int start(void **state)
{
    (void)state;
    return stack_start(NODES) ? 0 : -1;
}

static int nothing_was_wrong(void **state)
{
    (void)state;
    struct truth_result result = truth_result;
    truth_result = (struct truth_result){.wrong = 0};
    return result.wrong == 0 && stack_refused() == 0 ? 0 : -1;
}

static void allocate(void *ignored)
{
    (void)ignored;
    truth_allocate(&trace);
    KEEP_FRAME();
}

/* ---- shapes of frames ---- */

static void one_of_each_shape(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 400; number++)
        for (unsigned i = 0; i < SHAPES; i++) {
            shapes[i](allocate, NULL, number);
            shapes_rbp[i](allocate, NULL, number);
        }
}

/* Frames whose numbers are the path's: a tree in which the same frames stand at the same places again and again, and
 * others in between. */
struct path {
    uint64_t seed;
    unsigned depth;
    unsigned most;
    long budget;
    unsigned truths; /* every so many allocations are compared with libgcc's */
};

static void wander(void *of_path)
{
    struct path *path = of_path;
    path->depth++;
    for (unsigned children = 1 + (unsigned)random_below(&path->seed, 3); children > 0 && path->budget > 0; children--) {
        path->budget--;
        if (random_one_in(&path->seed, path->truths))
            truth_allocate(&trace);
        else
            truth_allocate_quick(&trace);
        shape *const *table = random_one_in(&path->seed, 2) ? shapes : shapes_rbp;
        if (path->depth < path->most)
            table[random_below(&path->seed, SHAPES)](wander, path, (unsigned)random_below(&path->seed, 4));
    }
    path->depth--;
}

/* A forest of so few trees that the walks go the same ways again, in another order. */
static void random_trees(uint64_t seed, unsigned most, unsigned trees, unsigned truths)
{
    enum { FOREST = 40, ALLOCATIONS = 500 };
    for (unsigned i = 0; i < trees; i++) {
        struct path path = {random_below(&seed, FOREST), 0, most, ALLOCATIONS, truths};
        while (path.budget > 0)
            wander(&path);
    }
}

static void shallow_trees(void **state)
{
    (void)state;
    random_trees(1, 4, 100, 10);
}

static void trees_of_common_depth(void **state)
{
    (void)state;
    random_trees(2, 12, 2000, 100);
}

static void deep_trees(void **state)
{
    (void)state;
    random_trees(3, 60, 40, 10);
}

/* A frame that is found by rbp, and one that leaves rbp alone: from one and the same call in that, others keep rbp,
 * each in another place, or leave it where it is. */
static __attribute__((noinline)) void leaves_rbp_alone(void *random)
{
    shapes[*(volatile unsigned *)random % SHAPES](allocate, NULL, 0);
    KEEP_FRAME();
}

static void rbp_comes_from_elsewhere(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned random = (unsigned)random_below(&seed, SHAPES * 3 * 2);
        for (unsigned again = random_below(&seed, 2); again < 2; again++)
            shapes[3 + random / SHAPES % 3](leaves_rbp_alone, &random, random / SHAPES / 3);
    }
}

static __attribute__((noinline)) void makes_room(size_t bytes)
{
    char *room = __builtin_alloca(bytes);
    __asm__ volatile("" : : "r"(room) : "memory");
    truth_allocate(&trace);
    __asm__ volatile("" : : "r"(room) : "memory");
}

/* The innermost return address stands where it stood, the one beyond still stands there too, in room that nobody has
 * written to; but it is no longer the frame's. */
static __attribute__((noinline)) void room_moves(bool outside, size_t bytes)
{
    if (outside) {
        char *room = __builtin_alloca(64);
        __asm__ volatile("" : : "r"(room) : "memory");
        makes_room(64);
    } else
        makes_room(bytes);
    KEEP_FRAME();
}

static void a_stale_return_address(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 400; bytes += 8) {
        room_moves(true, 0);
        room_moves(false, bytes);
    }
}

static __attribute__((noinline)) void recurse(unsigned depth)
{
    if (depth == 0)
        truth_allocate(&trace);
    else
        recurse(depth - 1);
    KEEP_FRAME();
}

static __attribute__((noinline)) void recurse_on_the_way(unsigned depth)
{
    truth_allocate(&trace);
    if (depth > 0)
        recurse_on_the_way(depth - 1);
    truth_allocate(&trace);
}

static void recursion_deeper_than_is_kept(void **state)
{
    (void)state;
    for (unsigned depth = 0; depth < 150; depth++)
        recurse(depth);
    for (unsigned depth = 150; depth-- > 40;)
        recurse(depth % 2 != 0 ? depth : 150 - depth);
    recurse_on_the_way(150);
}

static __attribute__((noinline)) void tail_called(void)
{
    truth_allocate(&trace);
    KEEP_FRAME();
}

static __attribute__((noinline)) void calls_by_a_jump(void)
{
    KEEP_FRAME();
    tail_called();
}

static void tail_calls(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        calls_by_a_jump();
        tail_called();
    }
}

/* Only one word of the whole stack differs: the call in the outermost of these functions. */
static __attribute__((noinline)) uint32_t leaf(void)
{
    uint32_t id = truth_allocate(&trace);
    KEEP_FRAME();
    return id;
}

static __attribute__((noinline)) uint32_t middle(void)
{
    uint32_t id = leaf();
    KEEP_FRAME();
    return id;
}

static __attribute__((noinline)) uint32_t two_calls(bool second)
{
    uint32_t id = second ? middle() : 0;
    KEEP_FRAME();
    if (!second)
        id = middle();
    KEEP_FRAME();
    return id;
}

static void a_caller_far_out_changes(void **state)
{
    (void)state;
    uint32_t id[6];
    for (volatile unsigned i = 0; i < 6; i++) /* one call, not six */
        id[i] = two_calls(i % 2 != 0);
    for (unsigned i = 2; i < 6; i++)
        assert_int_equal(id[i], id[i % 2]);
    assert_int_not_equal(id[0], id[1]);
}

/* ---- the caller's caller ---- */

static __attribute__((noinline)) uintptr_t caller_of(unsigned levels)
{
    uintptr_t address = stack_caller(&trace, (uintptr_t)__builtin_dwarf_cfa() - sizeof(uintptr_t), levels);
    KEEP_FRAME();
    return address;
}

static void callers_are_those_of_the_stack(void *wrong)
{
    uint32_t id = truth_allocate(&trace);
    KEEP_FRAME();
    uint32_t node = stack_node(id).parent; /* without the call in this function */
    for (unsigned level = 1; level < STACK_DEPTH && node >= STACK_FIRST; level++, node = stack_node(node).parent)
        *(unsigned *)wrong += caller_of(level) != stack_node(node).address;
    *(unsigned *)wrong += caller_of(400) != 0;
}

static void callers_through_every_shape(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (unsigned number = 0; number < 3; number++)
        for (unsigned i = 0; i < SHAPES; i++) {
            shapes[i](callers_are_those_of_the_stack, &wrong, number);
            shapes_rbp[i](callers_are_those_of_the_stack, &wrong, number);
        }
    assert_int_equal(wrong, 0);
}

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
    static char room[STACK_BYTES];
    stack_t before;
    assert_int_equal(sigaltstack(&(stack_t){.ss_sp = room, .ss_size = sizeof room}, &before), 0);
    handlers_allocate(SA_ONSTACK);
    before.ss_flags |= SS_DISABLE;
    before.ss_size = sizeof room;
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

/* Memory for a stack with pages on both sides that nobody may touch. */
static char *new_stack(size_t bytes)
{
    char *at = mmap(NULL, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    assert_int_equal(mprotect(at + PAGE, bytes, PROT_READ | PROT_WRITE), 0);
    return at + PAGE;
}

static void free_stack(char *stack, size_t bytes)
{
    assert_int_equal(munmap(stack - PAGE, bytes + 2 * PAGE), 0);
}

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

static uint32_t found;

static void allocate_unjudged(void)
{
    found = truth_allocate_quick(&trace);
    KEEP_FRAME();
}

/* The topmost word of the stack is the return address; above stands nothing. */
static void the_top_of_a_stack(void **state)
{
    (void)state;
    char *stack = new_stack(STACK_BYTES);
    for (unsigned i = 0; i < 3; i++) {
        call_on(stack + STACK_BYTES, allocate_unjudged);
        uint32_t outer = stack_node(found).parent;
        assert_int_equal(stack_node(outer).address - (uintptr_t)call_on < 30, 1);
        assert_int_equal(stack_node(outer).parent, STACK_LOST);
        recurse(3);
    }
    free_stack(stack, STACK_BYTES);
}

/* ---- code that is not an object's, or no more ---- */

static void call_generated(const unsigned char *code, size_t bytes)
{
    unsigned char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    memcpy(at, code, bytes);
    void (*call)(void (*)(void), unsigned) = (void (*)(void (*)(void), unsigned))(uintptr_t)at;
    for (volatile unsigned i = 0; i < 6; i++) {
        call(allocate_unjudged, i % 3);
        uint32_t outer = stack_node(found).parent;
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
        return (uintptr_t)&one_of_each_shape + random_below(seed, 10000);
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
        found = stack_node(leaf()).parent;
    sys_calls = SYS_ANY;
    truth_result.wrong = 0;
    assert_int_equal(stack_node(found).parent, stack_node(stack_node(id).parent).parent);
}

/* ---- threads ---- */

enum { THREADS = 8, EACH = 4000 };

static struct thread {
    struct stack_trace trace;
    uint32_t id[EACH];
    unsigned count;
    uint64_t seed;
} threads[THREADS];

static void wander_apart(void *of_thread)
{
    struct thread *thread = of_thread;
    uint64_t random = random_next(&thread->seed);
    if (thread->count < EACH)
        thread->id[thread->count++] = truth_allocate_quick(&thread->trace);
    if (random % 8 != 0)
        shapes[random / 8 % SHAPES](wander_apart, thread, random / 1024 % 4);
    KEEP_FRAME();
}

static void *run_thread(void *of_thread)
{
    struct thread *thread = of_thread;
    while (thread->count < EACH)
        wander_apart(thread);
    return NULL;
}

static void threads_agree_on_every_number(void **state)
{
    (void)state;
    pthread_t id[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].seed = 30;
        assert_int_equal(pthread_create(&id[i], NULL, run_thread, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(id[i], NULL);
    for (unsigned i = 1; i < THREADS; i++)
        assert_memory_equal(threads[i].id, threads[0].id, sizeof threads[0].id);
}

#define TEST(name) cmocka_unit_test_teardown(name, nothing_was_wrong)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_of_each_shape),
        TEST(shallow_trees),
        TEST(trees_of_common_depth),
        TEST(deep_trees),
        TEST(recursion_deeper_than_is_kept),
        TEST(rbp_comes_from_elsewhere),
        TEST(a_stale_return_address),
        TEST(tail_calls),
        TEST(a_caller_far_out_changes),
        TEST(callers_through_every_shape),
        TEST(inside_a_handler),
        TEST(inside_a_handler_on_a_stack_of_its_own),
        TEST(whenever_a_signal_comes),
        TEST(coroutines_take_turns),
        TEST(a_stack_is_unmapped_and_another_begins),
        TEST(the_top_of_a_stack),
        TEST(generated_code),
        TEST(another_library_at_the_same_place),
        TEST(rules_are_forgotten),
        TEST(nothing_is_read_beyond_a_stack),
        TEST(without_system_calls),
        TEST(threads_agree_on_every_number),
    };
    return cmocka_run_group_tests_name("unwind", tests, start, NULL);
}
