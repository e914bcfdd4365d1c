/* Stacks of coroutines: mapped with a page directly above and below that nobody may touch, and unmapped afterwards.
 *
 *   stack_coroutines many      1,000 of them, of many sizes, six at a time
 *   stack_coroutines again     a smaller one where a larger one was: its end lies within the old one
 *   stack_coroutines garbage   what stands above the first frame looks like more frames */
#include "frames.h"

#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096, AT_ONCE = 6 };

struct coroutine {
    char *memory;
    size_t bytes; /* of the stack; a page more on both sides */
    ucontext_t context;
};

static ucontext_t home;
static struct coroutine coroutines[AT_ONCE];

static uintptr_t digs_at, digs_spacing;

FRAME void digs(unsigned levels)
{
    char room[200];
    hide(room);
    digs_spacing = digs_at - (uintptr_t)room;
    digs_at = (uintptr_t)room;
    if (levels > 0)
        digs(levels - 1);
    else
        keeps(10);
    hide(room);
}

FRAME void runs_coroutine(int number, int levels)
{
    for (unsigned i = 0; i < 3; i++) {
        digs((unsigned)levels);
        swapcontext(&coroutines[number].context, &home);
    }
}

static void map(struct coroutine *coroutine, void *at, size_t bytes)
{
    int fixed = at != NULL ? MAP_FIXED_NOREPLACE : 0;
    coroutine->bytes = bytes;
    coroutine->memory = (char *)mmap(at, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
    MUST(coroutine->memory != MAP_FAILED);
    MUST(mprotect(coroutine->memory + PAGE, bytes, PROT_READ | PROT_WRITE) == 0);
}

static void unmap(struct coroutine *coroutine)
{
    MUST(munmap(coroutine->memory, coroutine->bytes + 2 * PAGE) == 0);
}

static void prepare(int number, int levels)
{
    struct coroutine *coroutine = &coroutines[number];
    MUST(getcontext(&coroutine->context) == 0);
    coroutine->context.uc_stack.ss_sp = coroutine->memory + PAGE;
    coroutine->context.uc_stack.ss_size = coroutine->bytes;
    coroutine->context.uc_link = &home;
    makecontext(&coroutine->context, (void (*)(void))runs_coroutine, 2, number, levels);
}

FRAME void resumes(int number)
{
    swapcontext(&home, &coroutines[number].context);
    STAY;
}

/* What main allocates in between makes the library look at two stacks in turn. */
static void many(void)
{
    for (unsigned round = 0; round < 1000 / AT_ONCE + 1; round++) {
        for (int i = 0; i < AT_ONCE; i++) {
            map(&coroutines[i], NULL, PAGE * (3 + (round * 7 + (unsigned)i * 5) % 30));
            prepare(i, (int)(round + (unsigned)i) % 40 * (int)coroutines[i].bytes / (40 * 512));
        }
        for (unsigned turn = 0; turn < 3; turn++)
            for (int i = 0; i < AT_ONCE; i++) {
                resumes(i);
                if (round % 2 == 0)
                    free(hide(malloc(100)));
            }
        for (int i = 0; i < AT_ONCE; i++)
            unmap(&coroutines[i]);
    }
}

/* So many pages are a whole number of frames: frames of both stacks stand in the same places. */
static size_t pages_of_frames(void)
{
    size_t pages = 1;
    digs(1);
    while (pages * PAGE % digs_spacing != 0)
        pages++;
    return pages;
}

static uintptr_t in_wide;

FRAME void notes_caller(void)
{
    in_wide = (uintptr_t)__builtin_return_address(0);
}

FRAME void has_a_wide_frame(void)
{
    char room[3 * PAGE / 2];
    hide(room);
    notes_caller();
    hide(room);
}

/* As a library of coroutines would that writes its own switch: the first frame has a caller, which is none. */
static void put_caller(int number, uintptr_t caller)
{
    *(uintptr_t *)coroutines[number].context.uc_mcontext.gregs[REG_RSP] = caller;
}

/* Nothing is allocated on another stack in between. The first frame's caller seems to be one beyond the stack's end. */
static void again(void)
{
    size_t larger = pages_of_frames() * PAGE, small = 8 * PAGE;
    int beyond = (int)(larger / digs_spacing);
    map(&coroutines[0], NULL, small + larger);
    char *place = coroutines[0].memory;
    has_a_wide_frame();
    for (int levels = 10; levels < 60; levels += 7) {
        prepare(0, beyond + levels);
        resumes(0);
        unmap(&coroutines[0]);
        map(&coroutines[0], place, small);
        prepare(0, levels - 5);
        put_caller(0, in_wide);
        resumes(0);
        unmap(&coroutines[0]);
        map(&coroutines[0], place, small + larger);
    }
    unmap(&coroutines[0]);
}

/* Return addresses, addresses that nobody may read, and odd numbers, up to the stack's end. */
static void garbage(void)
{
    const uintptr_t words[] = {(uintptr_t)resumes + 9, 0x10, (uintptr_t)-1, (uintptr_t)digs + 9, 0x7fff00000001, 3};
    for (int n = 0; n < 6; n++) {
        map(&coroutines[0], NULL, 8 * PAGE);
        uintptr_t *word = (uintptr_t *)(coroutines[0].memory + PAGE);
        for (size_t i = 0; i < coroutines[0].bytes / sizeof *word; i++)
            word[i] = words[(i + (unsigned)n) % 6];
        prepare(0, 5);
        put_caller(0, words[n]);
        resumes(0);
        unmap(&coroutines[0]);
    }
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    keeps(5000);
    if (strcmp(argv[1], "many") == 0)
        many();
    if (strcmp(argv[1], "again") == 0)
        again();
    if (strcmp(argv[1], "garbage") == 0)
        garbage();
    return 0;
}
