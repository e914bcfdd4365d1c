#ifndef TM_TEST_PAGE_START_H
#define TM_TEST_PAGE_START_H

#include <stddef.h>

enum { ODD_SIZE = 123456 };
void *odd_block(size_t size);
unsigned odd_freed(void); /* how many of them came back */

#endif
