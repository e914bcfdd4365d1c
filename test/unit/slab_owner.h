/* Owners of slabs: each does what a thread of the program does with its own; and a reader who adds all slabs up, as a
 * report does, and compares that with the blocks that live. One clock for all of them. */
#ifndef TM_TEST_SLAB_OWNER_H
#define TM_TEST_SLAB_OWNER_H

#include <stdint.h>

#include "lib/account/block.h"
#include "lib/account/slab.h"

enum { TAGS = 12, CONTEXTS = 300, MAIN_SELF = 4096 };

extern uint32_t tick_now;

/* For cmocka: once for a suite, and before each test, for which no slab has an owner, even if the test before has
 * failed. */
int owners_start(void **state);
int owners_begin(void **state);

/* Tags and contexts of a test's own. */
struct fixture {
    unsigned tag[TAGS];
    uint64_t key[CONTEXTS];
    unsigned context[CONTEXTS];
};

unsigned fixture_new_tag(void);
struct fixture fixture_new(void);

struct owner {
    struct slab *slab;
    uintptr_t self;
    uint64_t seed;
    struct slab_cell did;
};

void owner_lock(const struct owner *owner);
void owner_take(struct owner *owner);
void owner_leave(struct owner *owner);
void owner_advance_tick(const struct owner *owner);

struct block owner_allocate(struct owner *owner, const struct fixture *fixture, unsigned i, uint32_t size);
void owner_resize(const struct owner *owner, struct block *block, uint32_t size);
void owner_release(struct owner *owner, const struct block *block);

void amount_add_up(struct amount *to, uint64_t blocks, uint64_t bytes);
unsigned slabs_count(void);
void slabs_read(void);

/* The blocks of a fixture that live, and no others, are in the slabs, at their ages. */
void assert_slabs_hold(const struct fixture *fixture, const struct block *blocks, unsigned count);

#endif
