/* The program's environment, also before the C library knows it. */
#ifndef TM_ENVIRONMENT_H
#define TM_ENVIRONMENT_H

/* The value of a variable, or NULL: it is not set, or the program has more rights than who started it (as
 * secure_getenv). A preinit function, or a library's constructor that runs before the C library's own, brings us up
 * while `environ` is still empty: then it is read where the kernel has put it, above the first stack. */
const char *environment_get(const char *name);

#endif
