/* The same functions, with frame pointers (the flags say so). */
#define SHAPES_NAME shapes_rbp
#include "shapes.c"
