/* A set of texts, numbered from 0. */
#ifndef TM_TEXTS_H
#define TM_TEXTS_H

#include <stddef.h>
#include <stdint.h>

/* All zero: empty. A text keeps its address until texts_free. */
struct texts {
    char **text;
    uint32_t count;
    uint32_t capacity;
    uint32_t *place; /* by hash: number + 1, or 0; `places` is a power of two */
    uint32_t places;
};

/* The number of a text, which is added if it is new. */
uint32_t texts_number(struct texts *texts, const char *text);
const char *texts_keep(struct texts *texts, const char *text); /* the copy in the set */
void texts_free(struct texts *texts);

#endif
