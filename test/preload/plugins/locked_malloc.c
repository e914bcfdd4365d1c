/* The allocator of locked_malloc.h in a library, as libjemalloc.so is preloaded. */
#include "locked_malloc.h"
