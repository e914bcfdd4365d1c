#ifndef TM_TEST_EARLY_H
#define TM_TEST_EARLY_H

#include <stddef.h>

/* What early.so allocated inside dlsym, every byte of it set to `fill`. */
struct early {
    void *block;
    size_t size;
    unsigned char fill;
};
unsigned early_blocks(const struct early **blocks);

#endif
