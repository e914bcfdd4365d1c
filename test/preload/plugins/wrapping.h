#ifndef TM_TEST_WRAPPING_H
#define TM_TEST_WRAPPING_H

#include <stddef.h>

/* Wrappers that stand in a library. lib_xquiet goes by one that the library does not export. */
void *lib_xmalloc(size_t size);
void *lib_xquiet(size_t size);

#endif
