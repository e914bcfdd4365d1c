/* What the library's resolver made, before the loader had finished. */
#ifndef TM_TEST_IFUNC_ALLOCATES_H
#define TM_TEST_IFUNC_ALLOCATES_H

enum { IFUNC_MALLOC, IFUNC_CALLOC, IFUNC_GROWN, IFUNC_TEXT, IFUNC_LARGE, IFUNC_BLOCKS };

/* Each is of 100 bytes, of which all but the text's have the value 100 + its index; the large one is of 300,000. */
void *ifunc_block(unsigned index);
int ifunc_failures(void);

int ifunc_chosen(int number);

#endif
