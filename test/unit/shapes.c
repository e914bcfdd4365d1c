/* Compiled twice: SHAPES_NAME is the table's name, and the flags differ. */
#include "shapes.h"

#include <alloca.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef SHAPES_NAME
#define SHAPES_NAME shapes
#endif

#define KEEP(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

static __attribute__((noinline)) void plain(shape_next *next, void *argument, unsigned number)
{
    if (number % 2 != 0)
        next(argument);
    else
        next(argument);
    KEEP(argument);
}

static __attribute__((noinline)) void with_array(shape_next *next, void *argument, unsigned number)
{
    char array[100];
    memset(array, (int)number, sizeof array);
    next(argument);
    KEEP(array);
}

/* Larger than a page, so the page between is read by nobody. */
static __attribute__((noinline)) void with_pages(shape_next *next, void *argument, unsigned number)
{
    char array[10000];
    array[number % sizeof array] = 1;
    KEEP(array);
    next(argument);
    KEEP(array);
}

/* The stack pointer's place is known at run time only. */
static __attribute__((noinline)) void with_alloca(shape_next *next, void *argument, unsigned number)
{
    char *space = alloca(16 + number % 300);
    space[0] = 1;
    KEEP(space);
    next(argument);
    KEEP(space);
}

static __attribute__((noinline)) void realigned(shape_next *next, void *argument, unsigned number)
{
    _Alignas(128) char array[128];
    array[number % sizeof array] = 1;
    KEEP(array);
    next(argument);
    KEEP(array);
}

/* gcc keeps the caller's stack pointer in a slot of the frame. */
static __attribute__((noinline)) void realigned_alloca(shape_next *next, void *argument, unsigned number)
{
    _Alignas(64) char array[64];
    char *space = alloca(16 + number % 100);
    array[number % sizeof array] = 1;
    KEEP(array);
    KEEP(space);
    next(argument);
    KEEP(space);
}

/* rbp and its like are used for numbers. */
static __attribute__((noinline)) void busy_registers(shape_next *next, void *argument, unsigned number)
{
    uint64_t a = number * 3u, b = number ^ 77, c = a * b, d = a + b, e = number << 7, f = ~number;
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
    next(argument);
    __asm__ volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
}

/* Arguments on the stack are pushed before the call. */
static __attribute__((noinline)) void many(shape_next *next, void *argument, long a, long b, long c, long d, long e,
                                           long f, long g)
{
    next(argument);
    __asm__ volatile("" : : "r"(a + b + c + d + e + f + g));
}

static __attribute__((noinline)) void pushes(shape_next *next, void *argument, unsigned number)
{
    many(next, argument, number, 2, 3, 4, 5, 6, 7);
    KEEP(argument);
}

static _Thread_local struct call {
    shape_next *next;
    void *argument;
} pending;

static int compare(const void *a, const void *b)
{
    struct call call = pending;
    pending.next = NULL;
    if (call.next != NULL)
        call.next(call.argument);
    return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void through_libc(shape_next *next, void *argument, unsigned number)
{
    int numbers[3] = {(int)(number % 5), 2, 1};
    pending = (struct call){next, argument};
    qsort(numbers, 3, sizeof *numbers, compare);
    KEEP(numbers);
}

flags *const SHAPES_NAME[SHAPES] = {plain,          with_array, with_pages,  with_alloca, realigned, realigned_alloca,
                                    busy_registers, pushes,     through_libc};
