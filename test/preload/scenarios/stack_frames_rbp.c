/* The same, compiled with frame pointers. */
#include "stack_frames.c"
