/* 5,000 call sites: functions that differ in nothing but the return address of their call to malloc. */
#ifndef TM_BENCH_SITES_H
#define TM_BENCH_SITES_H

#include <stddef.h>

enum { SITES = 5000 };

/* Each allocates `size` bytes at a call instruction of its own. */
extern void *(*const bench_site[SITES])(size_t size);

#endif
