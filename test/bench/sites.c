#include "sites.h"

#include <stdlib.h>

/* clang-format off */
#define TEN(_, n) \
    _(n##0) _(n##1) _(n##2) _(n##3) _(n##4) _(n##5) _(n##6) _(n##7) _(n##8) _(n##9)
#define HUNDRED(_, n) \
    TEN(_, n##0) TEN(_, n##1) TEN(_, n##2) TEN(_, n##3) TEN(_, n##4) \
    TEN(_, n##5) TEN(_, n##6) TEN(_, n##7) TEN(_, n##8) TEN(_, n##9)
#define THOUSAND(_, n) \
    HUNDRED(_, n##0) HUNDRED(_, n##1) HUNDRED(_, n##2) HUNDRED(_, n##3) HUNDRED(_, n##4) \
    HUNDRED(_, n##5) HUNDRED(_, n##6) HUNDRED(_, n##7) HUNDRED(_, n##8) HUNDRED(_, n##9)
#define ALL(_) THOUSAND(_, 1) THOUSAND(_, 2) THOUSAND(_, 3) THOUSAND(_, 4) THOUSAND(_, 5)
/* clang-format on */

/* The asm behind the call keeps it from becoming a jump, whose return address would be the caller's; its number keeps
 * the compiler from folding equal functions into one. */
#define SITE(n)                                                  \
    static __attribute__((noinline)) void *site_##n(size_t size) \
    {                                                            \
        void *p = malloc(size);                                  \
        __asm__ volatile("" : "+r"(p) : "i"(n));                 \
        return p;                                                \
    }
ALL(SITE)

#define NAME(n) site_##n,
void *(*const bench_site[SITES])(size_t size) = {ALL(NAME)};
