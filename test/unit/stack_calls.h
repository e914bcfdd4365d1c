/* What the suites about stacks call: allocations that are compared with the compiler's own unwinder (truth.h), from
 * frames of a known form, and memory for stacks elsewhere. */
#ifndef TM_TEST_STACK_CALLS_H
#define TM_TEST_STACK_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/stack/stack.h"

enum { PAGE = 4096, STACK_BYTES = 256 * 1024 };

#define KEEP_FRAME() __asm__ volatile("" : : : "memory")

extern struct stack_trace trace;

/* For cmocka. */
int stack_suite_begins(void **state);
int stack_test_ends(void **state);
#define STACK_TEST(name) cmocka_unit_test_teardown(name, stack_test_ends)

void allocate(void *ignored);

/* Frames whose numbers are the path's: a tree in which the same frames are at the same places again and again, and
 * others in between. */
struct path {
    uint64_t seed;
    unsigned depth;
    unsigned most;
    long budget;
    unsigned truths; /* every so many allocations are compared with libgcc's */
};

void wander(void *of_path);

void recurse(unsigned depth);

/* Only one word of the whole stack differs: the call in the outermost of these functions. */
uint32_t two_calls(bool second);
uint32_t leaf(void); /* the innermost of them */

/* The stack of an allocation that is compared with nothing. */
extern uint32_t found_unjudged;
void allocate_unjudged(void);

/* Memory for a stack with pages on both sides that nobody may touch. */
char *new_stack(size_t bytes);
void free_stack(char *stack, size_t bytes);

#endif
