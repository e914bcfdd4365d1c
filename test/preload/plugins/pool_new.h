/* A library with an operator new and delete of its own, bound to itself. */
#ifndef TM_TEST_POOL_NEW_H
#define TM_TEST_POOL_NEW_H

struct pooled {
    virtual ~pooled() = default;
    char room[100];
};

pooled *pool_make();
int *pool_make_number();
char *pool_make_array(unsigned length);
void pool_take(pooled *object);
unsigned pool_news(), pool_deletes(), pool_strangers();

#endif
