#ifndef TM_TEST_CONSTRUCTOR_H
#define TM_TEST_CONSTRUCTOR_H

/* Block i has 200 + i bytes, all of them 'c'. One more was allocated and freed. */
enum { CONSTRUCTOR_BLOCKS = 30 };
extern void *constructor_block[CONSTRUCTOR_BLOCKS];

#endif
