/* operator new, wherever it stands: in a program that brings its own, or the C++ library's within itself
 * (-static-libstdc++). What it allocates is its caller's. */
#ifndef TM_OPERATOR_NEW_H
#define TM_OPERATOR_NEW_H

#include "lib/objects/image.h"
#include "lib/sys/base.h"

/* By a function's name in a symbol table: one of its forms, or a part of one (_Znwm.cold). */
bool operator_new_is_name(const char *name);

/* By its code, as it has no name where an object is stripped: what is behind the call that returns to `address`
 * calls a function it has in a register, and goes back to try again. (The standard says so of operator new: while there
 * is no memory, it calls the new-handler.) The same of gcc's libstdc++ and clang's libc++; a wrapper in C that retries
 * like that is as good. */
bool operator_new_is_code(const struct image *image, uint64_t address);

#endif
