/* Names of functions as they were written: C++ (the Itanium ABI) and Rust (both manglings), by GNU libiberty. */
#ifndef TM_DEMANGLE_H
#define TM_DEMANGLE_H

/* NULL: it is no such name, or one that would become longer than anybody reads (a few hundred bytes can stand for
 * gigabytes). The caller frees it. One thread at a time. */
char *demangle(const char *name);

#endif
