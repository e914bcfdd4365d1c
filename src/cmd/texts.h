/* Texts numbered from 0, each kept once. */
#ifndef TM_TEXTS_H
#define TM_TEXTS_H

#include <stddef.h>
#include <stdint.h>

/* All zero: none yet. The texts stay where they are as long as it lives. */
struct texts {
    char **text;
    uint32_t count;
    uint32_t capacity;
    uint32_t *place; /* by hash: number + 1, or 0; `places` is a power of two */
    uint32_t places;
};

/* The number of that text; where it is new, the next one. */
uint32_t texts_number(struct texts *texts, const char *text);
const char *texts_keep(struct texts *texts, const char *text); /* the text itself, as it is kept */
void texts_free(struct texts *texts);

#endif
