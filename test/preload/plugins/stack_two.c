/* At the same place as its twin, once that is gone. */
#define IN_PLUGIN in_two
#include "stack_one.c"
