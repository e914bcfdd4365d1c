/* For programs whose stacks are looked at: functions that stay frames of their own, under their own names. They are
 * linked with -rdynamic. */
#ifndef TM_TEST_FRAMES_H
#define TM_TEST_FRAMES_H

#include "blocks.h"

/* Neither put into its caller, nor copied for one, nor known to it. */
#if defined(__GNUC__) && !defined(__clang__)
#define FRAME __attribute__((noipa))
#else
#define FRAME __attribute__((noinline))
#endif

/* Ends a function, so that its last call is none that it jumps to. */
#define STAY __asm__ volatile("" : : : "memory")

#ifdef __cplusplus
extern "C" {
#endif
/* Some frames that only allocate, and never free: `keeps` on top. */
FRAME void keeps(size_t size);
#ifdef __cplusplus
}
#endif

void keeps(size_t size)
{
    hide(malloc(size));
    STAY;
}

#endif
