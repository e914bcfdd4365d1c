/* What the suites begin with that have a scenario report often: the report it leaves, and two ways to run it. */
#ifndef TM_TEST_FAST_H
#define TM_TEST_FAST_H

#include "suite.h"

static struct report report;
static const struct run_spec fast = {.options = "interval=0.1"};

static inline struct run transparent(const char *const *argv)
{
    return expect_transparent(&fast, argv, &report);
}

static inline void unharmed(const char *const *argv)
{
    struct run run = transparent(argv);
    run_free(&run);
}

#endif
