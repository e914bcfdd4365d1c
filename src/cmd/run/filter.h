/* The seccomp filter that a program inherits from us, as in a container. */
#ifndef TM_FILTER_H
#define TM_FILTER_H

#include <stdbool.h>

struct filter {
    bool there;
    bool allows_all;      /* it kills for none of the calls that the library makes */
    bool allows_segments; /* nor for those by which it makes a segment file */
    char *kills;          /* for these, "statx, ioctl"; empty: for none, or nobody can tell */
    char *refuses;        /* these, with an error, which does no harm */
};

/* Tries each call in a child, which may be killed for it. Where there is no filter, nothing is tried. (A filter that
 * kills for fork kills us as well: whoever has one says `filter=` himself, and need not ask.) */
struct filter filter_look(void);
void filter_free(struct filter *filter);

#endif
