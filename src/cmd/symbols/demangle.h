/* Demangles names of functions by GNU libiberty: C++ (Itanium ABI), Rust (both schemes) and D. */
#ifndef TM_DEMANGLE_H
#define TM_DEMANGLE_H

/* NULL: it is not mangled, or the result would be too long (a few hundred bytes can stand for gigabytes). The caller
 * frees it. One thread at a time. */
char *demangle(const char *name);

/* The same for MODULE!FUNCTION+0x12. */
char *demangle_place(const char *place);

#endif
