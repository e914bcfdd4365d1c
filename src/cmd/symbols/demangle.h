/* Names of functions as they were written: C++ (the Itanium ABI), Rust (both manglings) and D, by GNU libiberty. */
#ifndef TM_DEMANGLE_H
#define TM_DEMANGLE_H

/* NULL: it is no such name, or one that would become longer than anybody reads (a few hundred bytes can stand for
 * gigabytes). The caller frees it. One thread at a time. */
char *demangle(const char *name);

/* The same for MODULE!FUNCTION+0x12. */
char *demangle_place(const char *place);

#endif
