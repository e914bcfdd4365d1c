/* What only glibc has. Where another C library's loader takes us along (musl, with LD_PRELOAD in the environment of a
 * shell's children), these are 0 instead of an error that ends the program; nothing is tracked then (lifecycle.c), and
 * nobody asks for them. */
#ifndef TM_GLIBC_H
#define TM_GLIBC_H

#include <dlfcn.h>
#include <link.h>
#include <sys/single_threaded.h>

#pragma weak _dl_find_object
#pragma weak _r_debug
#pragma weak __libc_single_threaded

extern char **__libc_stack_end; /* the loader's: what the first stack began with */
#pragma weak __libc_stack_end

extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object);
extern int __cxa_at_quick_exit(void (*handler)(void *), void *object);
#pragma weak __register_atfork
#pragma weak __cxa_at_quick_exit

#endif
