/* Functions of every shape a frame can have. Each calls `next` once, and not as its last act. */
#ifndef TM_TEST_SHAPES_H
#define TM_TEST_SHAPES_H

#include <stddef.h>

typedef void shape_next(void *argument);
typedef void flags(shape_next *next, void *argument, unsigned number);

enum { SHAPES = 9 };

/* Compiled with and without frame pointers. */
extern flags *const shapes[SHAPES];
extern flags *const shapes_rbp[SHAPES];

#endif
