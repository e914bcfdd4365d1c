/* Frames of all kinds, each with an allocation inside whose stack is known by heart.
 *
 *   stack_frames deep | callbacks | alloca | longjmp | vfork | many */
#include "frames.h"

#include <setjmp.h>
#include <sys/wait.h>

/* ---- deep ---- */

FRAME void recurses(unsigned levels)
{
    if (levels > 0)
        recurses(levels - 1);
    else
        keeps(10);
    STAY;
}

FRAME void comes_from_deep(void)
{
    recurses(100);
    STAY;
}

/* keeps, 61 x recurses, this, main's caller and so on: the last frame that fits is this one's caller. */
FRAME void comes_from_less(void)
{
    recurses(9);
    STAY;
}

static void deep(void)
{
    for (unsigned i = 0; i < 3; i++) {
        comes_from_deep();
        comes_from_less();
    }
    keeps(10);
}

/* ---- callbacks ---- */

FRAME int compares(const void *a, const void *b)
{
    const int *x = (const int *)a, *y = (const int *)b;
    keeps(20);
    return *x - *y;
}

FRAME void sorts(int *numbers, size_t n)
{
    qsort(numbers, n, sizeof *numbers, compares);
    STAY;
}

FRAME void searches(int *numbers, size_t n)
{
    int wanted = 3;
    MUST(bsearch(&wanted, numbers, n, sizeof *numbers, compares) != NULL);
    STAY;
}

static void callbacks(void)
{
    int numbers[] = {5, 3, 4, 1, 2};
    sorts(numbers, 5);
    searches(numbers, 5);
}

/* ---- alloca ---- */

FRAME void takes_room(size_t bytes)
{
    char *room = (char *)__builtin_alloca(bytes);
    hide(room);
    keeps(30);
    hide(room);
}

FRAME void takes_array(size_t n)
{
    char room[n];
    hide(room);
    takes_room(n * 2);
    hide(room);
}

FRAME void takes_aligned(void)
{
    _Alignas(256) char room[256];
    hide(room);
    takes_array(1000);
    hide(room);
}

static void with_alloca(void)
{
    for (size_t n = 1; n < 100000; n *= 3)
        takes_array(n);
    takes_aligned();
}

/* ---- longjmp ---- */

static jmp_buf back;

FRAME void jumps_out(unsigned levels)
{
    if (levels > 0)
        jumps_out(levels - 1);
    keeps(40);
    if (hide_size(1))
        longjmp(back, 1);
}

FRAME void goes_on(unsigned levels)
{
    if (levels > 0)
        goes_on(levels - 1);
    else
        keeps(40);
    STAY;
}

/* What is remembered of the last stack stands below the stack pointer now, and is written over. */
static void longjmps(void)
{
    for (volatile unsigned i = 0; i < 40; i++) {
        if (setjmp(back) == 0)
            jumps_out(i);
        goes_on(40 - i);
    }
}

/* ---- vfork ---- */

FRAME void child_allocates(void)
{
    keeps(50);
    STAY;
}

FRAME void parent_goes_on(void)
{
    keeps(50);
    STAY;
}

static void vforks(void)
{
    for (unsigned i = 0; i < 20; i++) {
        pid_t child = vfork();
        if (child == 0) {
            child_allocates();
            _exit(0);
        }
        MUST(finish(child) == 0);
        parent_goes_on();
    }
}

/* ---- many ways from here to there ---- */

FRAME void left(unsigned levels, unsigned way);

FRAME void right(unsigned levels, unsigned way)
{
    if (levels == 0)
        keeps(1);
    else if (way >> (levels - 1) & 1)
        right(levels - 1, way);
    else
        left(levels - 1, way);
    STAY;
}

void left(unsigned levels, unsigned way)
{
    if (levels == 0)
        keeps(1);
    else if (way >> (levels - 1) & 1)
        right(levels - 1, way);
    else
        left(levels - 1, way);
    STAY;
}

/* More stacks than there is room for: two million nodes. */
static void many(void)
{
    keeps(1);
    for (unsigned way = 0; way < 1 << 20; way++)
        left(20, way);
    left(5, 5);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"deep", deep},        {"callbacks", callbacks}, {"alloca", with_alloca},
                 {"longjmp", longjmps}, {"vfork", vforks},        {"many", many}};
    MUST(argc == 2);
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0) {
            modes[i].run();
            return 0;
        }
    return 99;
}
