/* The same at a fixed address, where a weak function of a library that comes later is NULL for good. */
#include "api.c"
