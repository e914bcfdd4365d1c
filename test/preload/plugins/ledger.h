#ifndef TM_TEST_LEDGER_H
#define TM_TEST_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

/* All allocations of the accuracy scenarios are made by ledger.so, so that its tag holds these and no others.
 * The ledger keeps the books that the report must agree with. */
enum { LEDGER_ROWS = 12 };

struct ledger {
    size_t allocations;
    size_t live_blocks, live_bytes;
    size_t sizes[LEDGER_ROWS]; /* the live blocks, as the report's rows */
};

/* Random work by `threads` threads at once, in two waves, `operations` by each; blocks go from hand to hand and
 * are resized and freed elsewhere. What lives in the end stays, or is freed by the caller's thread. */
struct ledger ledger_random(unsigned threads, unsigned operations, bool keep);

/* Blocks at both ends of each row of sizes, some of them brought there by realloc. */
struct ledger ledger_size_rows(bool keep);

/* n blocks of that size in a list; n taken off its end and freed (from any thread, one at a time); all of them
 * resized. */
struct ledger_list;
struct ledger_list *ledger_list(void);
void ledger_add(struct ledger_list *list, unsigned n, size_t size);
void ledger_drop(struct ledger_list *list, unsigned n);
void ledger_resize(struct ledger_list *list, size_t size);

/* Prints it as key=value. */
void ledger_print(const struct ledger *truth);

#endif
